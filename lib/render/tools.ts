import { join } from 'node:path';

/** The programs that rendering starts. */
export interface Tools {
  readonly kubectl: string;
  readonly helm: string;
}

/** A folder laid out as the kubectl layer is under `/opt`. */
export function toolsIn(toolsDirectory: string): Tools {
  return { kubectl: join(toolsDirectory, 'kubectl', 'kubectl'), helm: join(toolsDirectory, 'helm', 'helm') };
}
