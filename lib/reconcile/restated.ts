import type { Failure } from '../errors.ts';
import { describeObject, type ObjectId } from '../manifests/object.ts';

/** An error of the whole cluster, and the object at which it was met. */
export interface MetFailure {
  readonly failure: Failure;
  readonly id: ObjectId;
}

/** It, as another object says it. */
export function restated({ failure, id: met }: MetFailure, id: ObjectId): Failure {
  const subject = `${describeObject(met)}:`;
  if (!failure.message.startsWith(subject)) return failure;
  return { ...failure, message: `${describeObject(id)}:${failure.message.slice(subject.length)}` };
}
