import { type ExecFileException, execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ulid } from 'ulidx';
import type { Clock } from '../../../lib/clock.ts';
import type { ClusterRow } from '../../../lib/fleet/cluster.ts';
import { type ApiClient, bearerToken, createKubernetesClient } from '../../../lib/kubernetes/index.ts';
import type { LocalCluster } from '../../../lib/local/index.ts';
import { normalise } from '../../../lib/manifests/normalise.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { parseManifests } from '../../../lib/manifests/parse.ts';
import type { ClusterPlan, PlanOptions, ReconcileDependencies, RunResult } from '../../../lib/reconcile/index.ts';
import { planCluster, reconcileCluster } from '../../../lib/reconcile/index.ts';
import { createRecorder, createRecordIds, type ObjectRecord, type PlumblineRecord } from '../../../lib/records/index.ts';
import type { Artifact } from '../../../lib/source/artifact.ts';
import { adminToken, freshNamespace, testCluster, testEnvironment } from '../../helpers/environment.ts';
import { type MemoryStores, memoryStores } from '../../helpers/memory-stores.ts';

/** One cluster row on a real API server, with a namespace of its own, and what a test does to it. */
export interface World {
  readonly namespace: string;
  readonly row: ClusterRow;
  readonly stores: MemoryStores;
  readonly deps: ReconcileDependencies;
  /** The world's clock goes on from now; this moves it. */
  advance(seconds: number): void;
  /** An administrator's client. */
  readonly admin: ApiClient;
  /** Publishes what a commit renders to. Of the YAML, `NS` is the namespace. */
  commit(yaml: string, changes?: Partial<Artifact>): Promise<void>;
  reconcile(changes?: Partial<ReconcileDependencies>, row?: Partial<ClusterRow>): Promise<RunResult>;
  plan(options?: PlanOptions): Promise<ClusterPlan>;
  /** What a person does; resolves to the standard output. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** An object as it is now. */
  live(kind: string, name: string): Promise<KubernetesObject>;
  /** The open records, in the order of their ids. */
  open(): Promise<readonly ObjectRecord[]>;
}

export interface WorldOptions {
  readonly mode?: ClusterRow['mode'];
  readonly cluster?: 'prod-eu' | 'prod-us';
  /** A row of its own on the namespace, the tables and the cluster of another world. */
  readonly beside?: World;
  /** Another identity than the administrator's. */
  readonly token?: string;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const cluster = testCluster(options.cluster ?? 'prod-eu');
  const token = options.token ?? (await adminToken(cluster));
  const namespace = options.beside?.namespace ?? (await freshNamespace(cluster));
  let ahead = 0;
  const clock: Clock = { now: () => new Date(Date.now() + ahead) };
  const stores = options.beside?.stores ?? memoryStores(clock);
  const row = rowOn(cluster, options.mode ?? 'enforce');
  const deps: ReconcileDependencies = {
    connect: async () => clientOf(cluster, token),
    ...stores,
    recorder: createRecorder({
      records: stores.records,
      log: () => undefined,
      count: () => undefined,
      clock,
      createIds: createRecordIds,
    }),
    clock,
    random: () => 0.5,
    deployment: 'test',
  };
  const kubectl = (args: readonly string[], input = '') => runKubectl(cluster, namespace, args, input);
  let commits = 0;
  return {
    namespace,
    row,
    stores,
    deps,
    advance(seconds) {
      ahead += seconds * 1000;
    },
    admin: clientOf(cluster, await adminToken(cluster)),
    kubectl,
    async commit(yaml, changes = {}) {
      commits += 1;
      const artifact = artifactOf(yaml.replaceAll('NS', namespace), `${commits}`.padStart(40, '0'));
      await stores.state.update(row.cluster, { desiredArtifact: await stores.artifacts.put({ ...artifact, ...changes }) });
    },
    reconcile: (changes = {}, rowChanges = {}) =>
      reconcileCluster({ ...row, ...rowChanges }, { ...deps, ...changes }, { runId: ulid(), signal: AbortSignal.timeout(50_000) }),
    async plan(options = {}) {
      const digest = (await stores.state.get(row.cluster))?.desiredArtifact ?? '';
      return planCluster(row, await stores.artifacts.get(digest), deps, AbortSignal.timeout(50_000), options);
    },
    live: async (kind, name) => JSON.parse(await kubectl(['get', kind, name, '-o', 'json', '--show-managed-fields'])),
    open: async () => (await stores.records.listOpen(row.cluster)).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

export function clientOf(cluster: LocalCluster, token: string): ApiClient {
  const { endpoint, certificateAuthority } = cluster;
  return createKubernetesClient({ endpoint, certificateAuthority, authentication: bearerToken(token, 'test') });
}

function rowOn(cluster: LocalCluster, mode: ClusterRow['mode']): ClusterRow {
  return {
    cluster: `row-${randomBytes(4).toString('hex')}`,
    connection: {
      type: 'endpoint',
      endpoint: cluster.endpoint,
      certificateAuthority: cluster.certificateAuthority,
      clusterSecret: 'unused',
    },
    repository: 'https://git.example/shop.git',
    branch: 'main',
    path: 'apps',
    mode,
    intervalSeconds: 60,
    graceSeconds: 0,
    holdLimitSeconds: 86_400,
    wave: 0,
    imagePolicy: 'lock',
    labels: {},
  };
}

function artifactOf(yaml: string, revision: string): Artifact {
  const values = parseManifests(yaml).map((document) => {
    if ('problem' in document) throw new Error(`the test's own YAML is wrong: ${document.problem}`);
    return { where: `apps/all.yaml:${document.line}`, value: document.value };
  });
  return {
    schemaVersion: 1,
    repository: 'https://git.example/shop.git',
    reference: 'main',
    revision,
    path: 'apps',
    ...normalise(values),
    digests: [],
    findings: [],
    blocked: {},
    renderedAt: '2026-01-01T00:00:00.000Z',
  };
}

function runKubectl(cluster: LocalCluster, namespace: string, args: readonly string[], input: string): Promise<string> {
  const program = join(testEnvironment().toolsDirectory, 'kubectl', 'kubectl');
  const common = ['--kubeconfig', cluster.kubeconfig, '--context', cluster.context, '--namespace', namespace];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile(program, [...common, ...args], (error: ExecFileException | null, stdout, stderr) =>
    error === null ? resolve(stdout) : reject(new Error(`kubectl ${args.join(' ')}: ${stderr}`)),
  );
  // A command that reads nothing may be gone before it is told so.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return promise;
}

/** The records of a run that are about objects. */
export function objectRecords({ records }: RunResult): readonly ObjectRecord[] {
  return records.filter((record): record is ObjectRecord => record.kind !== 'run');
}

/** The run's own record. */
export function runRecord({ records }: RunResult): PlumblineRecord | undefined {
  return records.find(({ kind }) => kind === 'run');
}
