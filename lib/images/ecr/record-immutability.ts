import { artifactsInUse, type InUseDependencies, type RunAuditDependencies } from '../run-audit.ts';
import type { ImmutabilityChange } from './enforce-immutability.ts';
import type { ChangedRepository } from './event.ts';
import { usesRepository } from './event.ts';
import { describeTagSettings } from './mutability.ts';

/** In the class of a record: nothing that was found, but what somebody did about it. */
const CLASS = 'repo.immutability-enforced';

/**
 * Records the tag settings of a repository, before and after, for each cluster that uses it, or for its registry (`ACCOUNT/REGION`) where none
 * does: before the change, as what is about to be done, and closed when it is applied. Resolves to the clusters.
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
  const nowhere = [{ cluster: `${account}/${region}`, revision: '' }];
  const places = using.length === 0 ? nowhere : using.map(({ cluster, artifact }) => ({ cluster, revision: artifact.revision }));
  for (const { cluster, revision } of places) {
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
      ...(change.applied ? ({ decision: 'applied', verifiedAt: now } as const) : ({ decision: 'reported' } as const)),
    } as const;
    const run = { cluster, runId: deps.newRunId(), revision, startedAt: now };
    await deps.recorder.record({ ...run, facts: [fact], closes: () => false }, signal);
  }
  return using.map(({ cluster }) => cluster);
}
