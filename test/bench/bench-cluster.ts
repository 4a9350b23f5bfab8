import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { Children } from '../../lib/local/children.ts';
import { type ControlPlane, startControlPlane, startEtcd } from '../../lib/local/clusters.ts';
import { freePorts } from '../../lib/local/ports.ts';
import { cpuSecondsOf } from './process-usage.ts';
import { countRequests, type RequestCounts } from './request-counts.ts';
import { openWire, type Wire } from './wire.ts';

/** An empty cluster of its own, and the measured way to it. */
export interface BenchCluster extends AsyncDisposable {
  readonly controlPlane: ControlPlane;
  readonly wire: Wire;
  /** A kubeconfig of the administrator by way of the wire. */
  readonly kubeconfig: string;
  cpuSeconds(): number;
  /** What the API server was asked so far, by verb, its own housekeeping left out. */
  requests(): Promise<RequestCounts>;
  /** One request of the administrator, past the wire; a patch is a strategic one. Resolves to the body; throws unless the status is 2xx. */
  call(method: 'GET' | 'PATCH' | 'DELETE', path: string, patch?: object): Promise<string>;
}

export interface ClusterPrograms {
  readonly etcd: string;
  readonly apiServer: string;
  readonly wire: string;
}

export async function startBenchCluster(
  programs: ClusterPrograms,
  roundTripMilliseconds: number,
  signal: AbortSignal,
): Promise<BenchCluster> {
  signal.throwIfAborted();
  await using scope = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  await mkdir(join(directory, 'logs'));
  const children = new Children(join(directory, 'logs'), () => undefined);
  scope.defer(() => children.stop([]));
  const [etcdClient = 0, etcdPeer = 0, port = 0, nowhere = 0] = await freePorts(4);
  const etcd = await startEtcd(children, programs.etcd, directory, [etcdClient, etcdPeer]);
  const controlPlane = await startControlPlane(children, {
    name: 'bench',
    program: programs.apiServer,
    directory,
    port,
    etcd,
    // The administrator's token is in a file: nobody is asked.
    tokenReview: `http://127.0.0.1:${nowhere}/`,
  });
  const wire = scope.use(await openWire(programs.wire, controlPlane.endpoint, roundTripMilliseconds, signal));
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, (await readFile(controlPlane.kubeconfig, 'utf8')).replaceAll(controlPlane.endpoint, wire.endpoint), {
    mode: 0o600,
  });
  const pid = children.identities.find(({ name }) => name.startsWith('kube-apiserver'))?.pid ?? 0;
  const agent = new Agent({
    connections: 8,
    connect: { ca: Buffer.from(controlPlane.certificateAuthority, 'base64').toString('utf8') },
  });
  scope.defer(() => agent.close());
  const call: BenchCluster['call'] = async (method, path, patch) => {
    const { statusCode, body } = await request(`${controlPlane.endpoint}${path}`, {
      method,
      dispatcher: agent,
      signal,
      headers: { authorization: `Bearer ${controlPlane.adminToken}`, 'content-type': 'application/strategic-merge-patch+json' },
      ...(patch === undefined ? {} : { body: JSON.stringify(patch) }),
    });
    const text = await body.text();
    if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode} ${text.slice(0, 500)}`);
    return text;
  };
  const owned = scope.move();
  return {
    controlPlane,
    wire,
    kubeconfig,
    cpuSeconds: () => cpuSecondsOf(pid),
    requests: async () => countRequests(await call('GET', '/metrics')),
    call,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
