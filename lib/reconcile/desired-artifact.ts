import { PlumblineError } from '../errors.ts';
import type { ClusterState } from '../fleet/cluster.ts';
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
 * followed, or because it was not followed yet. A Git that fails later does not get in the way.
 */
export async function readDesiredArtifact(
  cluster: string,
  state: ClusterState | undefined,
  artifacts: Pick<ArtifactStore, 'get'>,
  signal: AbortSignal,
): Promise<DesiredArtifact | StoppedRun> {
  const digest = state?.desiredArtifact;
  if (digest !== undefined) return readPublished(digest, artifacts, signal);
  const stopped = { state: 'stopped', revision: '', backsOff: false } as const;
  if (state?.sourceFailure !== undefined) return { ...stopped, outcome: 'failed', failure: state.sourceFailure };
  return {
    ...stopped,
    outcome: 'blocked',
    failure: {
      reason: 'WaitingForSource',
      message: `cluster ${cluster}: its repository has not been rendered yet. The next poll does it, within a minute.`,
    },
  };
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
