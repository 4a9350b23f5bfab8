import type { KubernetesClient } from '../../kubernetes/client.ts';
import { isJsonObject, type JsonObject } from '../../manifests/json.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../../manifests/object.ts';
import type { Difference } from '../diff.ts';
import { appliedFields, isApplyOf } from '../managed-fields.ts';
import type { Target } from '../target.ts';
import { divideFields, uniteFields } from './field-sets.ts';
import { classOfEntry, isMain, type Owned, sparesOf, unitedFields } from './others.ts';
import { preconditions } from './removal.ts';

/** The managed fields of an object after what was others' is ours, so that the next apply removes what it does not state. */
export type Takeover = readonly JsonObject[];

/** A takeover, and what goes with the apply after it: as desired what the server said would be there instead. */
export interface PlannedTakeover {
  readonly managedFields: Takeover;
  readonly removes: readonly Difference[];
}

/** Undefined where there is nothing to take. What is spared stays with whoever has it. */
export function takeoverOf(owned: Owned): Takeover | undefined {
  const { target, live, dryRun, fieldManager, classify } = owned;
  const { apiVersion } = target.object;
  const entries = live.metadata.managedFields ?? [];
  const theirs = entries.filter(
    (entry) => isMain(entry) && !isApplyOf(entry, fieldManager) && classOfEntry(entry, apiVersion, classify) === 'person',
  );
  const ours = appliedFields(dryRun, fieldManager);
  const divide = ({ fieldsV1 = {} }: ManagedFieldsEntry) => divideFields(fieldsV1, ours, sparesOf(owned));
  const taken = unitedFields(theirs.map((entry) => ({ ...entry, fieldsV1: divide(entry).taken ?? {} })));
  if (Object.keys(taken).length === 0) return undefined;
  const united = uniteFields(appliedFields(live, fieldManager) ?? {}, taken);
  const own = { manager: fieldManager, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1: united };
  const left = entries
    .filter((entry) => !isApplyOf(entry, fieldManager))
    .flatMap((entry) => {
      if (!theirs.includes(entry)) return [entry];
      const { spared } = divide(entry);
      return spared === undefined ? [] : [{ ...entry, fieldsV1: spared }];
    });
  return [own, ...left].map((entry) => ({ ...entry })).filter(isJsonObject);
}

/**
 * Makes what others own ours, and returns the object's new resourceVersion. Throws `ApiError` (`Conflict`) when the object has another uid or
 * resourceVersion than it was decided on.
 */
export async function takeOver(
  takeover: Takeover,
  { target, uid, resourceVersion }: { readonly target: Target; readonly uid: string; readonly resourceVersion: string },
  { client, fieldManager, signal }: { readonly client: KubernetesClient; readonly fieldManager: string; readonly signal: AbortSignal },
): Promise<string> {
  const operations = [
    ...preconditions({ metadata: { name: target.id.name, uid, resourceVersion } }),
    { op: 'replace' as const, path: '/metadata/managedFields', value: takeover },
  ];
  const answer: KubernetesObject = await client.patch(target.resource, target.id, operations, { fieldManager, dryRun: false }, signal);
  return answer.metadata.resourceVersion ?? resourceVersion;
}
