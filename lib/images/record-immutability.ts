import type { ChangedRepository } from './ecr-event.ts';
import { usesRepository } from './ecr-event.ts';
import type { ImmutabilityChange } from './enforce-immutability.ts';
import { describeTagSettings } from './mutability.ts';
import { artifactsInUse, type InUseDependencies, type RunAuditDependencies } from './run-audit.ts';

/** In the class of a record: nothing that was found, but what somebody did about it. */
const CLASS = 'repo.immutability-enforced';

/**
 * Records that the tag settings of a repository were changed, before and after, for each cluster that uses it. Each record is closed as it is opened.
 * Resolves to the clusters.
 */
export async function recordImmutability(
  repository: ChangedRepository,
  change: ImmutabilityChange,
  deps: InUseDependencies & Pick<RunAuditDependencies, 'recorder' | 'clock' | 'newRunId'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { inUse } = await artifactsInUse(deps, undefined, signal);
  const using = inUse.filter(({ artifact }) => usesRepository(artifact, repository));
  const now = deps.clock.now().toISOString();
  const { account, region, name } = repository;
  for (const { cluster, artifact } of using) {
    const fact = {
      kind: 'image',
      object: { apiVersion: 'ecr.amazonaws.com', kind: 'Repository', namespace: '', name },
      class: CLASS,
      changes: [
        {
          path: `Repository ${account}/${region}/${name} imageTagMutability`,
          desired: describeTagSettings(change.after),
          live: describeTagSettings(change.before),
        },
      ],
      decision: 'applied',
      verifiedAt: now,
    } as const;
    const run = { cluster, runId: deps.newRunId(), revision: artifact.revision, startedAt: now };
    await deps.recorder.record({ ...run, facts: [fact], closes: () => false }, signal);
  }
  return using.map(({ cluster }) => cluster);
}
