import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Failure, failureOf } from '../errors.ts';
import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import type { ClusterMessage, SourceMessage } from '../fleet/messages.ts';
import type { Recorder } from '../records/fact.ts';
import { redactFailure } from '../records/redact.ts';
import { kindOfFolder } from '../render/render.ts';
import { RenderError } from '../render/render-error.ts';
import { toolVersions } from '../render/tool-versions.ts';
import type { ClusterStore, StateStore } from '../storage/stores.ts';
import { type Clone, fetchRevision } from './clone.ts';
import { parseGitCredentials } from './credentials.ts';
import { type FetchDependencies, withTemporaryDirectory } from './fetch.ts';
import { KnownRenders, type KnownServer, type PublishDependencies, type Published, publishPath } from './publish.ts';
import { isCommitId, listTips, type Repository, referenceNotFound } from './references.ts';
import { failedFrom, isFailed, isSettled, knownServer, renderedFrom, waitingFrom, withoutFailed } from './rendered-from.ts';
import { SourceError } from './source-error.ts';

export interface SourceDependencies extends FetchDependencies, Omit<PublishDependencies, keyof FetchDependencies> {
  readonly clusters: Pick<ClusterStore, 'list'>;
  readonly state: Pick<StateStore, 'get' | 'list' | 'update'>;
  /** Resolves to the text of a secret. */
  readonly readSecret: (name: string, signal: AbortSignal) => Promise<string>;
  readonly enqueue: (message: ClusterMessage) => Promise<void>;
  readonly recorder: Pick<Recorder, 'recordFailure'>;
  /** A ULID for each record of a row that cannot be followed. */
  readonly newRunId: () => string;
}

/** What became of one row. */
export interface SourceOutcome {
  readonly cluster: string;
  /** `waiting`: its chart is rendered once its cluster was asked what it serves. */
  readonly outcome: 'unchanged' | 'published' | 'failed' | 'waiting';
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
  const states = await deps.state.list(signal);
  const followers = await listFollowers(message, states, deps, signal);
  // A full commit id names the same commit for ever: once rendered, nobody has to be asked.
  const settled = followers.filter(({ row, state }) => isCommitId(row.branch) && isSettled(state, row, row.branch));
  const open = followers.filter((follower) => !settled.includes(follower));
  const outcomes = await Promise.all(settled.map((follower) => settle({ ...follower, revision: follower.row.branch }, deps)));
  if (open.length > 0) {
    outcomes.push(
      ...(await withTemporaryDirectory(deps.temporaryDirectory, (directory) =>
        follow(message, open, new KnownRenders(states), directory, deps, signal),
      )),
    );
  }
  return { repository: message.repository, outcomes };
}

async function listFollowers(
  message: SourceMessage,
  states: readonly ClusterState[],
  deps: SourceDependencies,
  signal: AbortSignal,
): Promise<readonly Follower[]> {
  const entries = await deps.clusters.list(signal);
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
  renders: KnownRenders,
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
    } else if (isSettled(follower.state, follower.row, revision)) {
      outcomes.push(await settle({ ...follower, revision }, deps));
    } else {
      moved.push({ ...follower, revision });
    }
  }
  for (const [revision, targets] of Map.groupBy(moved, (target) => target.revision)) {
    outcomes.push(...(await followRevision(repository, targets, renders, join(directory, revision), deps, signal)));
  }
  return outcomes;
}

async function readCredentials(message: SourceMessage, deps: SourceDependencies, signal: AbortSignal): Promise<Repository['credentials']> {
  if (message.credentialsSecret === undefined) return undefined;
  return parseGitCredentials(message.credentialsSecret, await deps.readSecret(message.credentialsSecret, signal));
}

/** The rows of one commit. */
async function followRevision(
  repository: Repository,
  targets: readonly Target[],
  renders: KnownRenders,
  directory: string,
  deps: SourceDependencies,
  signal: AbortSignal,
): Promise<SourceOutcome[]> {
  const [first] = targets;
  if (first === undefined) return [];
  await mkdir(directory);
  let clone: Clone;
  try {
    clone = await fetchRevision(deps.git, repository, { reference: first.row.branch, revision: first.revision }, directory, signal);
  } catch (error) {
    return fail(targets, error, deps, signal);
  }
  const outcomes: SourceOutcome[] = [];
  for (const group of Map.groupBy(targets, ({ row }) =>
    JSON.stringify([row.branch, row.path, row.remoteBases, row.imagePolicy]),
  ).values()) {
    outcomes.push(...(await followPath(clone, group, renders, deps, signal)));
  }
  return outcomes;
}

/** The rows that want one folder rendered in one way, which for a chart is one way for each kind of server. */
async function followPath(
  clone: Clone,
  targets: readonly Target[],
  renders: KnownRenders,
  deps: SourceDependencies,
  signal: AbortSignal,
): Promise<SourceOutcome[]> {
  const [first] = targets;
  if (first === undefined) return [];
  const { path, branch: reference, remoteBases, imagePolicy } = first.row;
  const want = { clone, path, reference, imagePolicy, ...(remoteBases === undefined ? {} : { remoteBases }) };
  let inputs: string;
  try {
    inputs = await clone.include(path);
  } catch (error) {
    return fail(targets, error, deps, signal);
  }
  const isChart = (await kindOfFolder(clone.directory, path)) === 'chart';
  const tools = await toolVersions(deps.tools);
  const outcomes: SourceOutcome[] = [];
  for (const group of Map.groupBy(targets, ({ state }) => (isChart ? JSON.stringify(knownServer(state)) : undefined)).values()) {
    const server = isChart ? knownServer(group[0]?.state) : undefined;
    if (isChart && server === undefined) {
      outcomes.push(...(await Promise.all(group.map((target) => wait(target, deps)))));
      continue;
    }
    try {
      const published = await publishPath({ ...want, inputs, ...(server && { server }) }, tools, renders, deps, signal);
      for (const target of group) outcomes.push(await remember(target, published, isChart, deps));
    } catch (error) {
      outcomes.push(...(await fail(group, error, deps, signal, server)));
    }
  }
  return outcomes;
}

async function remember(
  { row, state, revision }: Target,
  { artifact, complete, render }: Published,
  isChart: boolean,
  deps: SourceDependencies,
): Promise<SourceOutcome> {
  const { cluster } = row;
  const now = await deps.state.get(cluster);
  if (now?.renderedFrom !== state?.renderedFrom || now?.desiredArtifact !== state?.desiredArtifact) {
    // Another poll was faster, mostly with a newer commit; if it was an older one, the next poll sees that.
    return { cluster, outcome: 'unchanged', revision };
  }
  // An image that could not be resolved may be there at the next tick, without a commit.
  const from = complete ? renderedFrom(row, revision, isChart ? knownServer(state) : undefined) : null;
  await deps.state.update(cluster, { desiredArtifact: artifact, renderedFrom: from, ...render, sourceFailure: null });
  const differs = state?.desiredArtifact !== artifact;
  if (differs) await deps.enqueue({ cluster, reason: 'artifact' });
  return { cluster, outcome: differs ? 'published' : 'unchanged', revision, artifact };
}

/** The first run at the cluster finds out what the chart has to know; until then the repository is not fetched for it again. */
async function wait({ row, revision }: Target, deps: SourceDependencies): Promise<SourceOutcome> {
  await deps.state.update(row.cluster, { renderedFrom: waitingFrom(row, revision), sourceFailure: null });
  await deps.enqueue({ cluster: row.cluster, reason: 'artifact' });
  return { cluster: row.cluster, outcome: 'waiting', revision };
}

/** A row whose commit was rendered before: a failure to reach the repository that is over by now is taken back. */
async function settle({ row, state, revision }: Target, deps: SourceDependencies): Promise<SourceOutcome> {
  const { cluster } = row;
  if (state?.sourceFailure !== undefined && isFailed(state)) {
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
  server?: KnownServer,
): Promise<SourceOutcome[]> {
  // A run that ran out of time says nothing about its rows: the next one goes on.
  signal.throwIfAborted();
  const failure = redactFailure(failureOf(error));
  const lasting = (error instanceof SourceError || error instanceof RenderError) && error.lasting;
  return Promise.all(
    followers.map(async (follower): Promise<SourceOutcome> => {
      const { row, state } = follower;
      const revision = 'revision' in follower ? follower.revision : undefined;
      const from = lasting && revision !== undefined ? failedFrom(row, revision, server) : withoutFailed(state?.renderedFrom);
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
