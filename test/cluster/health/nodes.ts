import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import {
  type FollowedObject,
  followObjects,
  type HealthPolicy,
  healthPolicy,
  type RecordHealth,
  startFollowing,
} from '../../../lib/health/index.ts';
import type { ApiClient, Discovery } from '../../../lib/kubernetes/index.ts';
import { Children, nodePlanePrograms, startNodePlane, thisHost } from '../../../lib/local/index.ts';
import { type KubernetesObject, objectIdOf } from '../../../lib/manifests/object.ts';
import { startTestCluster } from '../kubernetes/control-plane.ts';

/** A cluster of its own whose pods come up, and one object after the other followed on it. */
export interface NodesWorld {
  readonly client: ApiClient;
  /** A client of its own, for whoever closes it. */
  connect(): ApiClient;
  /** Applies an object and follows it as runs do, two looks a second, until its health is `status`; fails when that takes too long. */
  follow(yaml: string, status: RecordHealth['status'], options?: FollowOptions): Promise<RecordHealth>;
  read(yaml: string): Promise<KubernetesObject | undefined>;
  stop(): Promise<void>;
}

export interface FollowOptions {
  readonly policy?: HealthPolicy;
  /** Which reason the health has to have. */
  readonly reason?: string;
  /** How much later than it is each look says that it is: half a minute has to pass before pods are asked. */
  readonly aheadSeconds?: number;
}

const SECONDS = 45;

export async function startNodesWorld(): Promise<NodesWorld> {
  const signal = AbortSignal.timeout(900_000);
  const programs = await nodePlanePrograms(thisHost(process.env), console.error, signal);
  const cluster = await startTestCluster();
  const logs = await mkdtemp(join(tmpdir(), 'plumbline-nodes-'));
  const children = new Children(logs, () => undefined);
  const client = cluster.client();
  const stop = async (): Promise<void> => {
    await children.stop([]);
    await cluster.stop();
    await rm(logs, { recursive: true, force: true });
  };
  try {
    const { controlPlane } = cluster;
    await startNodePlane(children, { controlPlane, programs, client, nodes: [{ name: 'node-1' }, { name: 'node-2' }] }, signal);
    const discovery = await client.discover(signal);
    return {
      client,
      connect: () => cluster.client(),
      stop,
      read: (yaml) => read(client, discovery, parse(yaml)),
      follow: (yaml, status, options = {}) => follow(client, discovery, parse(yaml), status, options),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function resourceOf(discovery: Discovery, { apiVersion, kind }: KubernetesObject) {
  const lookup = discovery.lookup(apiVersion, kind);
  if (!('found' in lookup)) throw new Error(`${apiVersion} ${kind} is not served`);
  return lookup.found;
}

function read(client: ApiClient, discovery: Discovery, object: KubernetesObject): Promise<KubernetesObject | undefined> {
  return client.get(resourceOf(discovery, object), objectIdOf(object), AbortSignal.timeout(10_000));
}

async function follow(
  client: ApiClient,
  discovery: Discovery,
  desired: KubernetesObject,
  status: RecordHealth['status'],
  { policy = healthPolicy(), aheadSeconds = 0, reason }: FollowOptions,
): Promise<RecordHealth> {
  const signal = AbortSignal.timeout(SECONDS * 2000);
  const resource = resourceOf(discovery, desired);
  await client.apply(resource, desired, { fieldManager: 'plumbline-test', dryRun: false }, signal);
  const started = Date.now();
  let before = startFollowing(desired, new Date(started), policy.deadlineSeconds);
  while (Date.now() < started + SECONDS * 1000) {
    const object: FollowedObject = { key: 'one', id: objectIdOf(desired), resource, desired, seen: undefined, before };
    const now = new Date(Date.now() + aheadSeconds * 1000);
    const [result] = await followObjects([object], { client, listing: () => undefined, rules: policy.rules, now }, signal);
    const health = result?.health ?? before;
    if (health.status === status && (reason === undefined || health.reason === reason)) return health;
    if (result?.isOver !== false) throw new Error(`it is not followed any more: ${JSON.stringify(health)}`);
    before = health;
    await sleep(500);
  }
  throw new Error(`${desired.kind} ${desired.metadata.name} is not ${status} after ${SECONDS} s: ${JSON.stringify(before)}`);
}
