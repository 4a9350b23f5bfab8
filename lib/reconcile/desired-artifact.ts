import { PlumblineError } from '../errors.ts';
import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import type { Artifact } from '../source/artifact.ts';
import type { ArtifactStore } from '../storage/stores.ts';
import type { StoppedRun } from './ending.ts';

export interface DesiredArtifact {
  readonly state: 'desired';
  readonly digest: string;
  readonly artifact: Artifact;
}

/**
 * The artifact that the cluster is to be brought to. Without one there is nothing to compare with, so the run ends: because Git could not be
 * followed, or because it was not followed yet. A Git that fails later does not get in the way. What was rendered for another repository,
 * branch or path than the row names now is not what it desires.
 */
export async function readDesiredArtifact(
  row: RowSource & Pick<ClusterRow, 'cluster'>,
  state: ClusterState | undefined,
  artifacts: Pick<ArtifactStore, 'get'>,
  signal: AbortSignal,
): Promise<DesiredArtifact | StoppedRun> {
  const digest = state?.desiredArtifact;
  const published = digest === undefined ? undefined : await readPublished(digest, artifacts, signal);
  if (published?.state === 'stopped' || (published !== undefined && isRenderedFor(row, published.artifact))) return published;
  const stopped = { state: 'stopped', revision: '', backsOff: false } as const;
  if (state?.sourceFailure !== undefined) return { ...stopped, outcome: 'failed', failure: state.sourceFailure };
  return {
    ...stopped,
    outcome: 'blocked',
    failure: {
      reason: 'WaitingForSource',
      message: `cluster ${row.cluster}: the path in Git that it names has not been rendered yet. The next poll does it, within a minute.`,
    },
  };
}

type RowSource = Pick<ClusterRow, 'repository' | 'branch' | 'path'>;

export function isRenderedFor(row: RowSource, artifact: Pick<Artifact, 'repository' | 'reference' | 'path'>): boolean {
  return artifact.repository === row.repository && artifact.reference === row.branch && artifact.path === row.path;
}

async function readPublished(
  digest: string,
  artifacts: Pick<ArtifactStore, 'get'>,
  signal: AbortSignal,
): Promise<DesiredArtifact | StoppedRun> {
  try {
    return { state: 'desired', digest, artifact: await artifacts.get(digest, signal) };
  } catch (error) {
    if (!(error instanceof PlumblineError) || error.reason !== 'ArtifactMissing') throw error;
    const failure = { reason: error.reason, message: error.message };
    return { state: 'stopped', revision: '', outcome: 'failed', failure, backsOff: false, artifactMissing: true };
  }
}
