import type { Clock } from '../clock.ts';
import { type Failure, failureOf } from '../errors.ts';
import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import type { ClusterMessage } from '../fleet/messages.ts';
import type { Recorder } from '../records/fact.ts';
import { redactFailure } from '../records/redact.ts';
import { RenderError } from '../render/render-error.ts';
import type { StateStore } from '../storage/stores.ts';
import type { KnownServer, Published } from './publish.ts';
import { failedFrom, isFailed, isUntold, knownServer, renderedFrom, untoldFrom, waitingFrom, withoutFailed } from './rendered-from.ts';
import { SourceError } from './source-error.ts';

export interface RowDependencies {
  readonly state: Pick<StateStore, 'get' | 'update'>;
  readonly enqueue: (message: ClusterMessage) => Promise<void>;
  readonly recorder: Pick<Recorder, 'recordFailure'>;
  readonly clock: Clock;
  /** A ULID for each record of a row that cannot be followed. */
  readonly newRunId: () => string;
}

/** After it, registries are asked again about what stops a rollout. */
const STOPPED_MS = 600_000;

/** What became of one row. */
export interface SourceOutcome {
  readonly cluster: string;
  /**
   * `waiting`: its chart is rendered once its cluster was asked what it serves; `not kept`: what became of it could not be stored or sent
   * on, so that it has to be tried again.
   */
  readonly outcome: 'unchanged' | 'published' | 'failed' | 'waiting' | 'not kept';
  readonly revision?: string;
  readonly artifact?: string;
  readonly failure?: Failure;
}

/** A row with what is known of it, and later with the commit that it asks for. */
export interface Follower {
  readonly row: ClusterRow;
  readonly state: ClusterState | undefined;
}
export interface Target extends Follower {
  readonly revision: string;
}

/** The row's part alone fails when its state or its message cannot be written: the others of the repository go on. */
async function keep(
  { row: { cluster } }: Follower,
  revision: string | undefined,
  signal: AbortSignal,
  write: () => Promise<SourceOutcome>,
): Promise<SourceOutcome> {
  try {
    return await write();
  } catch (error) {
    signal.throwIfAborted();
    const failure = redactFailure(failureOf(error));
    return { cluster, outcome: 'not kept', failure, ...(revision === undefined ? {} : { revision }) };
  }
}

/** Makes what was published the row's desired state, and tells its cluster. */
export function remember(
  target: Target,
  { artifact, complete, stopped, exceptedUntil, render }: Published,
  isChart: boolean,
  deps: RowDependencies,
  signal: AbortSignal,
): Promise<SourceOutcome> {
  const { row, state, revision } = target;
  const { cluster } = row;
  return keep(target, revision, signal, async () => {
    const now = await deps.state.get(cluster);
    if (now?.renderedFrom !== state?.renderedFrom || now?.desiredArtifact !== state?.desiredArtifact) {
      // Another poll was faster, mostly with a newer commit; if it was an older one, the next poll sees that.
      return { cluster, outcome: 'unchanged', revision };
    }
    const from = renderedFrom(row, revision, isChart ? knownServer(state) : undefined);
    // An image that could not be resolved may be there at the next tick, without a commit.
    const settled = complete ? from : null;
    const differs = state?.desiredArtifact !== artifact || isUntold(state);
    // Whatever ends this between the write and the message: the next poll finds that the cluster was not told.
    await deps.state.update(cluster, {
      desiredArtifact: artifact,
      renderedFrom: differs ? untoldFrom(from) : settled,
      exceptedUntil: exceptedUntil ?? null,
      stoppedUntil: stopped ? new Date(deps.clock.now().getTime() + STOPPED_MS).toISOString() : null,
      ...render,
      sourceFailure: null,
    });
    if (!differs) return { cluster, outcome: 'unchanged', revision, artifact };
    await deps.enqueue({ cluster, reason: 'artifact' });
    await deps.state.update(cluster, { renderedFrom: settled });
    return { cluster, outcome: 'published', revision, artifact };
  });
}

/** The first run at the cluster finds out what the chart has to know; until then the repository is not fetched for it again. */
export function wait(target: Target, deps: RowDependencies, signal: AbortSignal): Promise<SourceOutcome> {
  const { row, revision } = target;
  const { cluster } = row;
  return keep(target, revision, signal, async () => {
    await deps.state.update(cluster, { renderedFrom: waitingFrom(row, revision), sourceFailure: null });
    await deps.enqueue({ cluster, reason: 'artifact' });
    return { cluster, outcome: 'waiting', revision };
  });
}

/** A row whose commit was rendered before: a failure to reach the repository that is over by now is taken back. */
export function settle(target: Target, deps: RowDependencies, signal: AbortSignal): Promise<SourceOutcome> {
  const { row, state, revision } = target;
  const { cluster } = row;
  return keep(target, revision, signal, async () => {
    if (state?.sourceFailure !== undefined && isFailed(state)) {
      return { cluster, outcome: 'failed', revision, failure: state.sourceFailure };
    }
    if (state?.sourceFailure !== undefined) await deps.state.update(cluster, { sourceFailure: null });
    return {
      cluster,
      outcome: 'unchanged',
      revision,
      ...(state?.desiredArtifact === undefined ? {} : { artifact: state.desiredArtifact }),
    };
  });
}

/** What is wrong becomes the failure of each of these rows, with a record. */
export async function fail(
  followers: readonly (Follower | Target)[],
  error: unknown,
  deps: RowDependencies,
  signal: AbortSignal,
  server?: KnownServer,
): Promise<SourceOutcome[]> {
  // A run that ran out of time says nothing about its rows: the next one goes on.
  signal.throwIfAborted();
  const failure = redactFailure(failureOf(error));
  const lasting = (error instanceof SourceError || error instanceof RenderError) && error.lasting;
  return Promise.all(
    followers.map((follower): Promise<SourceOutcome> => {
      const { row, state } = follower;
      const { cluster } = row;
      const revision = 'revision' in follower ? follower.revision : undefined;
      const from = lasting && revision !== undefined ? failedFrom(row, revision, server) : withoutFailed(state?.renderedFrom);
      // One record for each thing that is said of it, not one a minute.
      const said = state?.sourceFailure?.message === failure.message;
      return keep(follower, revision, signal, async () => {
        if (!said) await recordFailure(cluster, revision ?? '', failure, deps);
        if (!said || state.renderedFrom !== from) {
          await deps.state.update(cluster, { sourceFailure: failure, renderedFrom: from ?? null });
        }
        return { cluster, outcome: 'failed', failure, ...(revision === undefined ? {} : { revision }) };
      });
    }),
  );
}

async function recordFailure(cluster: string, revision: string, error: Failure, deps: RowDependencies): Promise<void> {
  await deps.recorder.recordFailure({
    cluster,
    runId: deps.newRunId(),
    revision,
    startedAt: deps.clock.now().toISOString(),
    error,
  });
}
