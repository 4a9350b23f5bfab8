/**
 * The process behind one local environment: starts its programs, watches them, and ends them all when it is told to, when one of
 * them ends, or when the process that started it is gone (its IPC channel closes, however that process died), unless released.
 */
import { appendFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EKSClient } from '@aws-sdk/client-eks';
import { z } from 'zod';
import { systemClock } from '../clock.ts';
import { failureOf } from '../errors.ts';
import { bearerToken, createKubernetesClient } from '../kubernetes/index.ts';
import { applyAccessManifests, createEksCluster, createServiceRole } from './access.ts';
import { startAwsStandIn } from './aws-stand-in.ts';
import { Children } from './children.ts';
import { type ControlPlane, startControlPlane, startEtcd } from './clusters.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION, LOCAL_ROOT_KEYS, startEmulator } from './emulator.ts';
import { type NodePlanePrograms, startNodePlane } from './node-plane.ts';
import { freePorts } from './ports.ts';
import { identifyProcess } from './process-identity.ts';
import { type EnvironmentDescription, type LocalCluster, writeState } from './state.ts';

export const SupervisorSettings = z.object({
  name: z.string(),
  directory: z.string(),
  project: z.string(),
  node: z.string(),
  path: z.string(),
  python: z.string(),
  etcd: z.string(),
  apiServer: z.string(),
  toolsDirectory: z.string(),
  clusters: z.array(
    z.object({ name: z.string(), access: z.enum(['enforce', 'observe']), externalId: z.string(), nodes: z.int().exactOptional() }),
  ),
  /** Needed where a cluster has nodes. */
  nodePlane: z.object({ controllerManager: z.string(), scheduler: z.string(), kwok: z.string() }).exactOptional(),
});
export type SupervisorSettings = Readonly<z.infer<typeof SupervisorSettings>>;

/** What the starting process sends: settings first, later perhaps `release`, so that the environment outlives it. */
export const Command = z.union([z.object({ start: SupervisorSettings }), z.object({ release: z.literal(true) })]);
/** What it is told. */
export const Report = z.union([z.object({ progress: z.string() }), z.object({ ready: z.literal(true) }), z.object({ failed: z.string() })]);

const NODES_TIMEOUT_MS = 90_000;

type Shutdown = (crash?: string) => Promise<void>;

async function run(settings: SupervisorSettings, onShutdown: (shutdown: Shutdown) => void): Promise<void> {
  const { directory, name } = settings;
  const logs = join(directory, 'logs');
  await mkdir(logs, { recursive: true });
  const log = (message: string) => appendFileSync(join(logs, 'supervisor.log'), `${new Date().toISOString()} ${message}\n`);
  const supervisor = identifyProcess('supervisor', process.pid);
  if (supervisor === undefined) throw new Error('this process runs');

  let environment: EnvironmentDescription | undefined;
  let ending: Promise<void> | undefined;
  const children = new Children(logs, (program, how) => {
    log(`${program} ${how}`);
    if (environment !== undefined) void shutdown(`${program} ${how}`);
  });
  const save = (crashed?: string) =>
    writeState(directory, {
      supervisor,
      processes: [...children.identities],
      ...(environment === undefined ? {} : { environment }),
      ...(crashed === undefined ? {} : { crashed }),
    });
  const shutdown: Shutdown = (crash) => {
    ending ??= (async () => {
      log(`ending: ${crash ?? 'asked to'}`);
      await children.stop(['emulator']);
      await standIn?.close();
      // Functions, git and whatever else the emulator started are in this process's group; it ignores the signal itself.
      if (supervisor.group === process.pid) process.kill(-process.pid, 'SIGTERM');
      // After a crash the logs stay until the next start, or `down`.
      if (crash === undefined) await rm(directory, { recursive: true, force: true });
      else await save(crash);
    })();
    return ending;
  };
  onShutdown(shutdown);
  let standIn: Awaited<ReturnType<typeof startAwsStandIn>> | undefined;

  const [emulatorPort = 0, etcdPort = 0, etcdPeerPort = 0, ...clusterPorts] = await freePorts(3 + settings.clusters.length);
  const endpoint = `http://127.0.0.1:${emulatorPort}`;
  const credentials = { accessKeyId: LOCAL_ROOT_KEYS.AWS_ACCESS_KEY_ID, secretAccessKey: LOCAL_ROOT_KEYS.AWS_SECRET_ACCESS_KEY };
  const eks = new EKSClient({ endpoint, region: LOCAL_REGION, credentials });
  const server = await startAwsStandIn(
    () => new URL(endpoint),
    () => ({ region: LOCAL_REGION, endpoint, eks, clock: systemClock }),
  );
  standIn = server;

  report({ progress: `starting the AWS emulator and ${settings.clusters.length} Kubernetes API servers` });
  const emulator = startEmulator(children, {
    python: settings.python,
    node: settings.node,
    directory,
    port: emulatorPort,
    eksEndpoint: `http://127.0.0.1:${server.port}`,
    path: settings.path,
  }).then(() => createServiceRole(endpoint));
  const etcd = startEtcd(children, settings.etcd, directory, [etcdPort, etcdPeerPort]);
  await save();

  const startCluster = async (cluster: SupervisorSettings['clusters'][number], port: number): Promise<LocalCluster> => {
    const tokenReviewUrl = server.tokenReviewUrl(cluster.name);
    const controlPlane = startControlPlane(children, {
      name: cluster.name,
      program: settings.apiServer,
      directory,
      port,
      etcd: await etcd,
      tokenReview: tokenReviewUrl,
    });
    const role = emulator.then(() =>
      createEksCluster({ eksName: cluster.name, access: cluster.access, externalId: cluster.externalId }, endpoint, eks),
    );
    const [plane, { roleArn }] = await Promise.all([controlPlane, role]);
    await Promise.all([
      applyAccessManifests(plane, settings.project),
      settings.nodePlane === undefined ? undefined : startNodes(children, plane, settings.nodePlane, cluster.nodes ?? 0),
    ]);
    server.setCluster(cluster.name, plane);
    const { certificateAuthority, kubeconfig, context } = plane;
    return {
      ...cluster,
      eksName: cluster.name,
      endpoint: plane.endpoint,
      certificateAuthority,
      kubeconfig,
      context,
      roleArn,
      tokenReviewUrl,
    };
  };
  const clusters = await Promise.all(settings.clusters.map((cluster, index) => startCluster(cluster, clusterPorts[index] ?? 0)));
  await emulator;

  environment = {
    name,
    directory,
    region: LOCAL_REGION,
    accountId: LOCAL_ACCOUNT,
    aws: {
      ...LOCAL_ROOT_KEYS,
      AWS_REGION: LOCAL_REGION,
      AWS_DEFAULT_REGION: LOCAL_REGION,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ENDPOINT_URL_EKS: `http://127.0.0.1:${server.port}`,
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    clusters,
    toolsDirectory: settings.toolsDirectory,
  };
  await save();
}

async function startNodes(children: Children, controlPlane: ControlPlane, programs: NodePlanePrograms, count: number): Promise<void> {
  if (count === 0) return;
  const { name, endpoint, certificateAuthority, adminToken } = controlPlane;
  await using scope = new AsyncDisposableStack();
  const authentication = bearerToken(adminToken, name);
  const client = scope.adopt(createKubernetesClient({ endpoint, certificateAuthority, authentication }), (opened) => opened.close());
  const nodes = Array.from({ length: count }, (_node, index) => ({ name: `node-${index + 1}` }));
  await startNodePlane(children, { controlPlane, programs, client, nodes }, AbortSignal.timeout(NODES_TIMEOUT_MS));
}

function report(message: z.infer<typeof Report>): void {
  // The starting process may be gone; its going is handled where the channel closes.
  if (process.connected) process.send?.(message, () => undefined);
}

/** The entry: one environment a process, driven by the messages above. */
function main(): void {
  let released = false;
  let shutdown: Shutdown | undefined;
  const end = async () => {
    await shutdown?.();
    process.exit(0);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  process.on('disconnect', () => {
    if (!released) void end();
  });
  process.on('message', (message) => {
    const command = Command.parse(message);
    if ('release' in command) {
      released = true;
      return;
    }
    run(command.start, (value) => {
      shutdown = async (crash) => {
        await value(crash);
        process.exit(crash === undefined ? 0 : 1);
      };
    }).then(
      () => report({ ready: true }),
      async (error: unknown) => {
        report({ failed: failureOf(error).message });
        await shutdown?.();
        process.exit(1);
      },
    );
  });
}

if (import.meta.main) main();
