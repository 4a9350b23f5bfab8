import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { type Failure, failureOf } from '../errors.ts';
import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import type { ClusterMessage, SourceMessage } from '../fleet/messages.ts';
import type { Recorder } from '../records/fact.ts';
import { renderPath } from '../render/render.ts';
import { RenderError } from '../render/render-error.ts';
import type { ArtifactStore, ClusterStore, StateStore } from '../storage/stores.ts';
import type { LockedSource, RenderedSource } from './artifact.ts';
import { type Clone, fetchRevision } from './clone.ts';
import { parseGitCredentials } from './credentials.ts';
import { type FetchDependencies, withTemporaryDirectory } from './fetch.ts';
import { isCommitId, listTips, type Repository, referenceNotFound } from './references.ts';
import { SourceError } from './source-error.ts';

export interface SourceDependencies extends FetchDependencies {
  readonly clusters: Pick<ClusterStore, 'list'>;
  readonly state: Pick<StateStore, 'list' | 'update'>;
  readonly artifacts: Pick<ArtifactStore, 'put'>;
  /** Resolves to the text of a secret. */
  readonly readSecret: (name: string, signal: AbortSignal) => Promise<string>;
  readonly lockImages: (rendered: RenderedSource, signal: AbortSignal) => Promise<LockedSource>;
  readonly enqueue: (message: ClusterMessage) => Promise<void>;
  readonly recorder: Pick<Recorder, 'recordFailure'>;
  readonly clock: Clock;
  /** A ULID for each record of a row that cannot be followed. */
  readonly newRunId: () => string;
}

/** What became of one row. */
export interface SourceOutcome {
  readonly cluster: string;
  readonly outcome: 'unchanged' | 'published' | 'failed';
  readonly revision?: string;
  readonly artifact?: string;
  readonly failure?: Failure;
}

export interface SourceSummary {
  readonly repository: string;
  readonly outcomes: readonly SourceOutcome[];
}

/** A row with what is known of it, and later with the commit that it asks for. */
interface Follower {
  readonly row: ClusterRow;
  readonly state: ClusterState | undefined;
}
interface Target extends Follower {
  readonly revision: string;
}

/**
 * Follows one repository for every row that names it: asks once for the tips, fetches each commit once, renders each folder once, and
 * publishes what it renders to. What is wrong with one row becomes its `sourceFailure`, and what is wrong with the repository that of all its
 * rows; their last artifact stays. Throws only when the stores or the queue fail, or the signal aborts.
 */
export async function processRepository(message: SourceMessage, deps: SourceDependencies, signal: AbortSignal): Promise<SourceSummary> {
  const followers = await listFollowers(message, deps, signal);
  // A full commit id names the same commit for ever: once rendered, nobody has to be asked.
  const settled = followers.filter(({ row, state }) => isCommitId(row.branch) && isRendered(state, row, row.branch));
  const open = followers.filter((follower) => !settled.includes(follower));
  const outcomes = await Promise.all(settled.map((follower) => settle({ ...follower, revision: follower.row.branch }, deps)));
  if (open.length > 0) {
    outcomes.push(
      ...(await withTemporaryDirectory(deps.temporaryDirectory, (directory) => follow(message, open, directory, deps, signal))),
    );
  }
  return { repository: message.repository, outcomes };
}

async function listFollowers(message: SourceMessage, deps: SourceDependencies, signal: AbortSignal): Promise<readonly Follower[]> {
  const [entries, states] = await Promise.all([deps.clusters.list(signal), deps.state.list(signal)]);
  const stateOf = new Map(states.map((state) => [state.cluster, state]));
  return entries.flatMap((entry) => {
    if ('invalid' in entry) return [];
    const { row } = entry;
    const follows = row.repository === message.repository && row.credentialsSecret === message.credentialsSecret && row.mode !== 'off';
    return follows ? [{ row, state: stateOf.get(row.cluster) }] : [];
  });
}

async function follow(
  message: SourceMessage,
  followers: readonly Follower[],
  directory: string,
  deps: SourceDependencies,
  signal: AbortSignal,
): Promise<SourceOutcome[]> {
  let repository: Repository;
  let tips: ReadonlyMap<string, string>;
  try {
    repository = { url: message.repository, credentials: await readCredentials(message, deps, signal) };
    tips = await listTips(
      deps.git,
      repository,
      followers.map(({ row }) => row.branch),
      directory,
      signal,
    );
  } catch (error) {
    return fail(followers, error, deps, signal);
  }
  const outcomes: SourceOutcome[] = [];
  const moved: Target[] = [];
  for (const follower of followers) {
    const revision = tips.get(follower.row.branch);
    if (revision === undefined) {
      outcomes.push(...(await fail([follower], referenceNotFound(message.repository, follower.row.branch), deps, signal)));
    } else if (isRendered(follower.state, follower.row, revision)) {
      outcomes.push(await settle({ ...follower, revision }, deps));
    } else {
      moved.push({ ...follower, revision });
    }
  }
  for (const [revision, targets] of Map.groupBy(moved, (target) => target.revision)) {
    outcomes.push(...(await followRevision(repository, revision, targets, join(directory, revision), deps, signal)));
  }
  return outcomes;
}

async function readCredentials(message: SourceMessage, deps: SourceDependencies, signal: AbortSignal): Promise<Repository['credentials']> {
  if (message.credentialsSecret === undefined) return undefined;
  return parseGitCredentials(message.credentialsSecret, await deps.readSecret(message.credentialsSecret, signal));
}

async function followRevision(
  repository: Repository,
  revision: string,
  targets: readonly Target[],
  directory: string,
  deps: SourceDependencies,
  signal: AbortSignal,
): Promise<SourceOutcome[]> {
  await mkdir(directory);
  let clone: Clone;
  try {
    clone = await fetchRevision(deps.git, repository, { reference: targets[0]?.row.branch ?? revision, revision }, directory, signal);
  } catch (error) {
    return fail(targets, error, deps, signal);
  }
  const outcomes: SourceOutcome[] = [];
  for (const group of Map.groupBy(targets, ({ row }) => `${row.branch}\n${row.path}`).values()) {
    outcomes.push(...(await publish(clone, group, deps, signal)));
  }
  return outcomes;
}

/** Renders one folder for the rows that want it, of one branch. */
async function publish(clone: Clone, targets: readonly Target[], deps: SourceDependencies, signal: AbortSignal): Promise<SourceOutcome[]> {
  const [first] = targets;
  if (first === undefined) return [];
  let artifact: string;
  let complete: boolean;
  try {
    await clone.include(first.row.path);
    const rendered = await renderPath({ ...clone, reference: first.row.branch }, first.row.path, deps, signal);
    const locked = await deps.lockImages(rendered, signal);
    artifact = await deps.artifacts.put({ ...locked, schemaVersion: 1, renderedAt: deps.clock.now().toISOString() });
    complete = Object.keys(locked.blocked).length === 0;
  } catch (error) {
    return fail(targets, error, deps, signal);
  }
  const outcomes: SourceOutcome[] = [];
  for (const { row, state, revision } of targets) {
    const { cluster } = row;
    // An image that could not be resolved may be there at the next tick, without a commit.
    const from = complete ? renderedFrom(row, revision) : null;
    await deps.state.update(cluster, { desiredArtifact: artifact, renderedFrom: from, sourceFailure: null });
    const differs = state?.desiredArtifact !== artifact;
    if (differs) await deps.enqueue({ cluster, reason: 'artifact' });
    outcomes.push({ cluster, outcome: differs ? 'published' : 'unchanged', revision, artifact });
  }
  return outcomes;
}

/** A row whose commit was rendered before: a failure to reach the repository that is over by now is taken back. */
async function settle({ row, state, revision }: Target, deps: SourceDependencies): Promise<SourceOutcome> {
  const { cluster } = row;
  if (state?.sourceFailure !== undefined && state.renderedFrom?.startsWith(FAILED)) {
    return { cluster, outcome: 'failed', revision, failure: state.sourceFailure };
  }
  if (state?.sourceFailure !== undefined) await deps.state.update(cluster, { sourceFailure: null });
  return { cluster, outcome: 'unchanged', revision, ...(state?.desiredArtifact === undefined ? {} : { artifact: state.desiredArtifact }) };
}

async function fail(
  followers: readonly (Follower | Target)[],
  error: unknown,
  deps: SourceDependencies,
  signal: AbortSignal,
): Promise<SourceOutcome[]> {
  // A run that ran out of time says nothing about its rows: the next one goes on.
  signal.throwIfAborted();
  const failure = failureOf(error);
  const lasting = (error instanceof SourceError || error instanceof RenderError) && error.lasting;
  return Promise.all(
    followers.map(async (follower): Promise<SourceOutcome> => {
      const { row, state } = follower;
      const revision = 'revision' in follower ? follower.revision : undefined;
      const from = lasting && revision !== undefined ? `${FAILED}${renderedFrom(row, revision)}` : withoutFailed(state?.renderedFrom);
      // One record for each thing that is said of it, not one a minute.
      const said = state?.sourceFailure?.message === failure.message;
      if (!said) await recordFailure(row.cluster, revision ?? '', failure, deps);
      if (!said || state.renderedFrom !== from) {
        await deps.state.update(row.cluster, { sourceFailure: failure, renderedFrom: from ?? null });
      }
      return { cluster: row.cluster, outcome: 'failed', failure, ...(revision === undefined ? {} : { revision }) };
    }),
  );
}

async function recordFailure(cluster: string, revision: string, error: Failure, deps: SourceDependencies): Promise<void> {
  await deps.recorder.recordFailure({
    cluster,
    runId: deps.newRunId(),
    revision,
    startedAt: deps.clock.now().toISOString(),
    error,
  });
}

/** Marks a `renderedFrom` that could not be rendered, and would not be if it were tried again. */
const FAILED = 'failed: ';

function renderedFrom({ repository, branch, path }: ClusterRow, revision: string): string {
  return `${repository} ${branch}@${revision} ${path}`;
}

function isRendered(state: ClusterState | undefined, row: ClusterRow, revision: string): boolean {
  const from = renderedFrom(row, revision);
  if (state?.renderedFrom === `${FAILED}${from}`) return state.sourceFailure !== undefined;
  return state?.renderedFrom === from && state.desiredArtifact !== undefined;
}

/** The failure that it speaks of is about to be replaced by another one, so it must be found again. */
function withoutFailed(from: string | undefined): string | undefined {
  return from?.startsWith(FAILED) ? undefined : from;
}
