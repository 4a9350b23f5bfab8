import { createHash } from 'node:crypto';

/** Who writes: the name under which a row owns fields, and the label by which its objects are known. */
export interface WriterIdentity {
  /** `plumbline-<deployment>-<row>`: unique to the row, since a write under our own name is the one that ownership cannot show. */
  readonly fieldManager: string;
  /** The value of `plumbline.dev/owner`: `<deployment>.<row>`. */
  readonly owner: string;
}

export const OWNER_LABEL = 'plumbline.dev/owner';

/** Of every row's field manager, in every deployment. */
export const MANAGER_PREFIX = 'plumbline-';

const MAXIMUM_LABEL_LENGTH = 63;
const MAXIMUM_MANAGER_LENGTH = 128;
const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** Derived from nothing but the two names, so that a restored or moved deployment still knows its objects. */
export function writerIdentity(deployment: string, cluster: string): WriterIdentity {
  return {
    fieldManager: shortened(`${MANAGER_PREFIX}${deployment}-${cluster}`, MAXIMUM_MANAGER_LENGTH),
    owner: shortened(`${deployment}.${cluster}`, MAXIMUM_LABEL_LENGTH),
  };
}

/** A name that is too long or has other characters keeps its beginning, and a hash of the whole tells it from others. */
function shortened(name: string, maximum: number): string {
  if (name.length <= maximum && LABEL_VALUE.test(name)) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 10);
  const start = name.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, maximum - hash.length - 1);
  return `${start}-${hash}`;
}
