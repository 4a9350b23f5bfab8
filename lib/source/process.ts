import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterState } from '../fleet/cluster.ts';
import type { SourceMessage } from '../fleet/messages.ts';
import { kindOfFolder } from '../render/render.ts';
import { toolVersions } from '../render/tool-versions.ts';
import type { ClusterStore, StateStore } from '../storage/stores.ts';
import { type Clone, fetchRevision } from './clone.ts';
import { parseGitCredentials } from './credentials.ts';
import { type FetchDependencies, withTemporaryDirectory } from './fetch.ts';
import { type Follower, fail, type RowDependencies, remember, type SourceOutcome, settle, type Target, wait } from './follow-row.ts';
import { KnownRenders, type PublishDependencies, publishPath } from './publish.ts';
import { isCommitId, listTips, type Repository, referenceNotFound } from './references.ts';
import { isSettled, knownServer } from './rendered-from.ts';
import { SourceError } from './source-error.ts';

export interface SourceDependencies extends FetchDependencies, RowDependencies, Omit<PublishDependencies, keyof FetchDependencies> {
  readonly clusters: Pick<ClusterStore, 'list'>;
  readonly state: Pick<StateStore, 'get' | 'list' | 'update'>;
  /** Resolves to the text of a secret. */
  readonly readSecret: (name: string, signal: AbortSignal) => Promise<string>;
}

export interface SourceSummary {
  readonly repository: string;
  readonly outcomes: readonly SourceOutcome[];
}

/** Why the message has to come back: what became of some rows could neither be kept nor sent on. */
export function notKeptError({ repository, outcomes }: SourceSummary): SourceError | undefined {
  const notKept = outcomes.filter(({ outcome }) => outcome === 'not kept');
  const [first] = notKept;
  if (first === undefined) return undefined;
  return new SourceError(
    'NotKept',
    `repository ${repository}: what became of ${notKept.length} of its ${outcomes.length} rows could not be kept, and is tried again. The first is ${first.cluster}: ${first.failure?.message}`,
  );
}

/**
 * Follows one repository for every row that names it: asks once for the tips, fetches each commit once, renders each folder once, and
 * publishes what it renders to. What is wrong with one row becomes its `sourceFailure`, and what is wrong with the repository that of all its
 * rows; their last artifact stays. A row whose state cannot be kept is an outcome too, and stops no other: see `notKeptError`. Throws only
 * when the fleet cannot be listed, or the signal aborts.
 */
export async function processRepository(message: SourceMessage, deps: SourceDependencies, signal: AbortSignal): Promise<SourceSummary> {
  const states = await deps.state.list(signal);
  const followers = await listFollowers(message, states, deps, signal);
  // A full commit id names the same commit for ever: once rendered, nobody has to be asked.
  const settled = followers.filter(({ row, state }) => isCommitId(row.branch) && isSettled(state, row, row.branch, deps.clock.now()));
  const open = followers.filter((follower) => !settled.includes(follower));
  const outcomes = await Promise.all(settled.map((follower) => settle({ ...follower, revision: follower.row.branch }, deps, signal)));
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
    } else if (isSettled(follower.state, follower.row, revision, deps.clock.now())) {
      outcomes.push(await settle({ ...follower, revision }, deps, signal));
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
      outcomes.push(...(await Promise.all(group.map((target) => wait(target, deps, signal)))));
      continue;
    }
    try {
      const regions = regionsOf(group);
      const published = await publishPath({ ...want, inputs, regions, ...(server && { server }) }, tools, renders, deps, signal);
      for (const target of group) outcomes.push(await remember(target, published, isChart, deps, signal));
    } catch (error) {
      outcomes.push(...(await fail(group, error, deps, signal, server)));
    }
  }
  return outcomes;
}

function regionsOf(targets: readonly Target[]): readonly string[] {
  return [...new Set(targets.flatMap(({ row: { connection } }) => (connection.type === 'eks' ? connection.region : [])))].sort();
}
