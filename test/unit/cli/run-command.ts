import { createColors } from '../../../lib/cli/colors.ts';
import type { Deployment, PlanSource } from '../../../lib/cli/deployment.ts';
import type { Interrupts } from '../../../lib/cli/interrupt.ts';
import { runCli } from '../../../lib/cli/program.ts';
import type { ClusterRow, ClusterState } from '../../../lib/fleet/cluster.ts';
import { parseRow } from '../../../lib/fleet/parse-row.ts';
import type { ClusterPlan, PrunedObject } from '../../../lib/reconcile/index.ts';
import type { PlumblineRecord } from '../../../lib/records/record.ts';
import type { Artifact, RenderedSource } from '../../../lib/source/artifact.ts';
import type { RecordQuery } from '../../../lib/storage/stores.ts';

export const NOW = new Date('2026-11-25T12:00:00Z');

type Item = Readonly<Record<string, string | number>>;

/** What a deployment holds, and what was asked of it. */
export interface World {
  readonly items: Map<string, Item>;
  readonly states: Map<string, ClusterState>;
  readonly records: PlumblineRecord[];
  readonly secrets: Map<string, unknown>;
  readonly asked: { queries: RecordQuery[]; plans: PlanSource[] };
  readonly folders: Map<string, Pick<RenderedSource, 'objects' | 'problems'>>;
  readonly images: Deployment['images'];
  desired: (row: ClusterRow, source: PlanSource) => Promise<Artifact>;
  plan: (row: ClusterRow) => Promise<ClusterPlan>;
  reconcile: Deployment['reconcile'];
  prune: (row: ClusterRow) => Promise<readonly PrunedObject[]>;
  /** Standard error is a terminal, and everything takes longer than two seconds. */
  readonly watched?: boolean;
  /** Aborted by Ctrl-C, and by the next one. */
  readonly interrupts: Interrupts;
}

export function emptyWorld(): World {
  const unused = async () => {
    throw new Error('not asked for in this test');
  };
  return {
    items: new Map(),
    states: new Map(),
    records: [],
    secrets: new Map(),
    asked: { queries: [], plans: [] },
    folders: new Map(),
    images: {
      locks: { list: unused, putIfAbsent: unused, relock: unused, generation: unused, readTree: unused, putTree: unused },
      registry: { resolve: unused, settings: unused, manifests: unused, config: unused },
      details: { details: unused, copies: unused, forget: () => {} },
      ecrFor: () => {
        throw new Error('not asked for in this test');
      },
      pods: {
        connect: unused,
        contents: { manifests: unused, config: unused },
        store: { get: unused, put: unused },
        seen: new Map(),
        clock: { now: () => NOW },
      },
      leases: { acquire: unused, release: unused },
      audit: unused,
      recordImmutability: unused,
      recordRelock: unused,
    },
    desired: unused,
    plan: unused,
    reconcile: unused,
    prune: unused,
    interrupts: { signal: new AbortController().signal, abandon: new AbortController().signal },
  };
}

export function eksItem(cluster: string, fields: Item = {}): Item {
  return { cluster, eksName: cluster, region: 'eu-west-1', repository: 'https://git.example.com/fleet.git', ...fields };
}

/** The deployment that a world looks like to the command. */
export function deploymentOf(world: World): Deployment {
  return {
    name: 'plumbline',
    region: 'eu-west-1',
    reconcileRoleArn: 'arn:aws:iam::111122223333:role/plumbline-reconcile',
    clusters: {
      list: async () => [...world.items.values()].map(parseRow),
      get: async (cluster) => {
        const item = world.items.get(cluster);
        return item === undefined ? undefined : parseRow(item);
      },
      put: async (item) => void world.items.set(String(item.cluster), item),
      update: async (cluster, set, remove) => {
        const changed = Object.entries({ ...world.items.get(cluster), ...set }).filter(([name]) => !remove.includes(name));
        world.items.set(cluster, Object.fromEntries(changed));
      },
      delete: async (cluster) => void world.items.delete(cluster),
    },
    state: {
      list: async () => [...world.states.values()],
      get: async (cluster) => world.states.get(cluster),
      update: async (cluster, { cluster: _name, ...patch }) => {
        const merged = Object.entries({ ...world.states.get(cluster), ...patch }).filter(
          ([, value]) => value !== null && value !== undefined,
        );
        world.states.set(cluster, { ...Object.fromEntries(merged), cluster });
      },
      pinClusterUid: async (_cluster, uid) => uid,
      delete: async (cluster) => void world.states.delete(cluster),
    },
    records: {
      put: async (record) => void world.records.push(record),
      putIfAbsent: async () => false,
      query: async (query) => {
        world.asked.queries.push(query);
        return world.records;
      },
      listOpen: async (cluster) => world.records.filter((record) => record.kind !== 'run').filter((record) => record.cluster === cluster),
      transition: async (record) => {
        world.records[world.records.findIndex(({ id }) => id === record.id)] = record;
        return true;
      },
    },
    images: world.images,
    storeCredentials: async (name, credentials) => void world.secrets.set(name, credentials),
    deleteCredentials: async (name) => void world.secrets.delete(name),
    checkRepository: async () => ({ check: 'repository', ok: true, detail: 'main is at aaaaaaaaaaaa' }),
    checkCluster: async () => [{ check: 'reachable', ok: false, detail: 'no answer.', remedy: 'Check the network from here.' }],
    desired: (row, source) => world.desired(row, source),
    plan: async (row, source) => {
      world.asked.plans.push(source);
      return await world.plan(row);
    },
    reconcile: (row, signal, interrupt) => world.reconcile(row, signal, interrupt),
    prune: (row) => world.prune(row),
  };
}

export interface Result {
  readonly status: number;
  readonly out: string;
  readonly error: string;
  /** Standard output as JSON Lines; throws where a line is none. */
  readonly lines: readonly unknown[];
}

/** Runs the command as a shell would, on a world of values. */
export async function runCommand(world: World, ...args: readonly string[]): Promise<Result> {
  let out = '';
  let error = '';
  const status = await runCli(args, {
    terminal: {
      out: (text) => {
        out += text;
      },
      error: (text) => {
        error += text;
      },
      colors: createColors(false),
      columns: 100,
      timeZone: 'UTC',
      interactive: world.watched === true,
    },
    clock: { now: () => NOW },
    delay: (callback) => {
      if (world.watched === true) callback();
      return () => {};
    },
    ...world.interrupts,
    directory: '/nowhere',
    renderDirectory: async (directory) => world.folders.get(directory) ?? { objects: [], problems: [] },
    openDeployment: async () => deploymentOf(world),
  });
  return {
    status,
    out,
    error,
    get lines() {
      return out
        .split('\n')
        .filter((line) => line !== '')
        .map((line): unknown => JSON.parse(line));
    },
  };
}
