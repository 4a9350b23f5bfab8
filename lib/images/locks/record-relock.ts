import type { Fact } from '../../records/fact.ts';
import { imageUsesOf } from '../image-uses.ts';
import { printableReference } from '../reference.ts';
import { artifactsInUse, type InUseDependencies, type RunAuditDependencies } from '../run-audit.ts';
import type { Relocked } from './relock.ts';

/** In the class of a record: nothing that was found, but what somebody did. */
const CLASS = 'lock.relocked';

/** Who relocked what, where, and why. */
export interface RelockedBy {
  readonly repository: string;
  readonly relocked: Relocked;
  readonly reason: string;
  /** The IAM principal; absent where AWS did not tell. */
  readonly user?: string;
}

/**
 * Records that a reference was relocked, with both digests, for each cluster of the repository that uses it. Each record is closed as it is opened.
 * Resolves to the clusters.
 */
export async function recordRelock(
  { repository, relocked: { before, after }, reason, user }: RelockedBy,
  deps: InUseDependencies & Pick<RunAuditDependencies, 'recorder' | 'clock' | 'newRunId'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { inUse } = await artifactsInUse(deps, undefined, signal);
  const now = deps.clock.now().toISOString();
  const shown = printableReference(before.reference);
  const recorded: string[] = [];
  for (const { cluster, row, artifact } of inUse) {
    if (row.repository !== repository) continue;
    const uses = imageUsesOf(artifact.objects, artifact.digests, artifact.settings?.images?.paths);
    const object = uses.find(({ text }) => text === before.reference)?.objects[0];
    if (object === undefined) continue;
    const fact: Fact = {
      kind: 'image',
      object,
      class: CLASS,
      changes: [
        { path: shown, desired: after.digest, live: before.digest },
        { path: `${shown} reason`, desired: reason },
      ],
      actor: { manager: 'plumbline images relock', at: now, ...(user === undefined ? {} : { user }) },
      decision: 'applied',
      verifiedAt: now,
    };
    const run = { cluster, runId: deps.newRunId(), revision: artifact.revision, startedAt: now };
    await deps.recorder.record({ ...run, facts: [fact], closes: () => false }, signal);
    recorded.push(cluster);
  }
  return recorded;
}
