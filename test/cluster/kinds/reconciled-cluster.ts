import { type ExecFileException, execFile } from 'node:child_process';
import { join } from 'node:path';
import { ulid } from 'ulidx';
import { type Clock, systemClock } from '../../../lib/clock.ts';
import type { ClusterRow } from '../../../lib/fleet/cluster.ts';
import type { ClientOptions } from '../../../lib/kubernetes/index.ts';
import type { NormalisedObjects } from '../../../lib/manifests/normalise.ts';
import {
  type ClusterPlan,
  planCluster,
  type ReconcileDependencies,
  type RunResult,
  reconcileCluster,
  type WriterIdentity,
  writerIdentity,
} from '../../../lib/reconcile/index.ts';
import { createRecorder, createRecordIds, type ObjectRecord, type RunRecord } from '../../../lib/records/index.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { testEnvironment } from '../../helpers/environment.ts';
import { type MemoryStores, memoryStores } from '../../helpers/memory-stores.ts';
import type { TestCluster } from '../kubernetes/control-plane.ts';

/** What kubectl printed, and how it ended. */
export interface KubectlResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One run, taken apart. */
export interface Run {
  readonly run: RunRecord;
  /** The records of objects. */
  readonly objects: readonly ObjectRecord[];
}

/** An enforced row on an API server of its own: nothing is in that cluster but what a test puts there. */
export interface ReconciledCluster {
  readonly row: ClusterRow;
  readonly identity: WriterIdentity;
  readonly stores: MemoryStores;
  readonly deps: ReconcileDependencies;
  /** Makes these objects what Git says. */
  publish(desired: NormalisedObjects): Promise<void>;
  /** One run; `through` is where the server is reached instead of where it listens. */
  reconcile(through?: Partial<ClientOptions>): Promise<Run>;
  plan(): Promise<ClusterPlan>;
  /** What a person does; rejects unless kubectl ends with one of the accepted statuses. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
}

export interface KubectlOptions {
  readonly input?: string;
  /** 0 alone, unless told otherwise. */
  readonly accepted?: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
}

/** More than any run here takes, and less than its lease. */
const RUN_MILLISECONDS = 280_000;

export function reconciledCluster(cluster: TestCluster, name = 'estate', clock: Clock = systemClock): ReconciledCluster {
  const stores = memoryStores(clock);
  const { endpoint, certificateAuthority } = cluster.controlPlane;
  const row = clusterRow(name, {
    connection: { type: 'endpoint', endpoint, certificateAuthority, clusterSecret: 'unused' },
    mode: 'enforce',
  });
  const deps: ReconcileDependencies = {
    ...stores,
    connect: async () => cluster.client(),
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
  let commits = 0;
  return {
    row,
    identity: writerIdentity(deps.deployment, row.cluster),
    stores,
    deps,
    async publish({ objects, problems }) {
      commits += 1;
      const desiredArtifact = await stores.artifacts.put({
        schemaVersion: 1,
        repository: row.repository,
        reference: row.branch,
        revision: `${commits}`.padStart(40, '0'),
        path: row.path,
        objects,
        problems,
        digests: [],
        findings: [],
        blocked: {},
        renderedAt: '2026-01-01T00:00:00.000Z',
      });
      await stores.state.update(row.cluster, { desiredArtifact });
    },
    async reconcile(through = {}) {
      const connect = async () => cluster.client(through);
      const signal = AbortSignal.timeout(RUN_MILLISECONDS);
      return takeApart(await reconcileCluster(row, { ...deps, connect }, { runId: ulid(), signal }));
    },
    async plan() {
      const digest = (await stores.state.get(row.cluster))?.desiredArtifact ?? '';
      return planCluster(row, await stores.artifacts.get(digest), deps, AbortSignal.timeout(RUN_MILLISECONDS));
    },
    kubectl: (args, options = {}) => runKubectl(cluster, args, options),
  };
}

/** A run's own record, and those of objects. */
export function takeApart({ records }: RunResult): Run {
  const run = records.find((record) => record.kind === 'run');
  if (run === undefined) throw new Error('the run left no record of itself');
  return { run, objects: records.filter((record) => record.kind !== 'run') };
}

function runKubectl(
  { controlPlane: { kubeconfig, context } }: TestCluster,
  args: readonly string[],
  { input = '', accepted = [0], env = {} }: KubectlOptions,
): Promise<KubectlResult> {
  const program = join(testEnvironment().toolsDirectory, 'kubectl', 'kubectl');
  const all = ['--kubeconfig', kubeconfig, '--context', context, ...args];
  const { promise, resolve, reject } = Promise.withResolvers<KubectlResult>();
  const options = { maxBuffer: 256 * 1024 * 1024, env: { ...process.env, ...env } };
  const child = execFile(program, all, options, (error: ExecFileException | null, stdout, stderr) => {
    const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
    if (accepted.includes(status)) resolve({ status, stdout, stderr });
    else reject(new Error(`kubectl ${args.join(' ')}: ${stderr}`));
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return promise;
}
