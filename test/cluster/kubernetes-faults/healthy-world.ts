import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { isJsonArray, parseJson } from '../../../lib/manifests/json.ts';
import { normalise } from '../../../lib/manifests/normalise.ts';
import { type ReconciledCluster, type Run, reconciledCluster } from '../kinds/reconciled-cluster.ts';
import type { TestCluster } from '../kubernetes/control-plane.ts';

export interface World {
  readonly namespace: string;
  readonly cluster: ReconciledCluster;
  publish(...objects: readonly object[]): Promise<void>;
  /** What a person puts into the cluster by hand. */
  create(object: object): Promise<void>;
}

let worlds = 0;

/** A namespace of its own with two healthy ConfigMaps beside what a test adds. */
export async function createWorld(server: TestCluster): Promise<World> {
  worlds += 1;
  const namespace = `server-${worlds}`;
  const cluster = reconciledCluster(server, namespace);
  await cluster.kubectl(['create', 'namespace', namespace]);
  return {
    namespace,
    cluster,
    async publish(...objects) {
      const all = [configMap('first', namespace), ...objects, configMap('last', namespace)];
      const values = parseJson(JSON.stringify(all));
      await cluster.publish(normalise(isJsonArray(values) ? values.map((value) => ({ where: 'all.yaml', value })) : []));
    },
    async create(object) {
      await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
    },
  };
}

export function configMap(name: string, namespace: string, fields: object = {}, labels: Readonly<Record<string, string>> = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels }, data: { name }, ...fields };
}

/** One object is not in sync, for this reason; the healthy two are. */
export function expectOneFailed({ run, objects }: Run, expected: { readonly reason: string; readonly message: RegExp }): void {
  const failed = objects.filter(({ verifiedAt, resolvedAt }) => verifiedAt === undefined && resolvedAt === undefined);
  expect(run.outcome).toBe('failed');
  expect(failed).toMatchObject([{ decision: 'failed', error: { reason: expected.reason } }]);
  expect(failed[0]?.error?.message).toMatch(expected.message);
  expect(objects.filter(({ object, verifiedAt }) => verifiedAt === undefined && /^(first|last)$/.test(object.name))).toEqual([]);
}

export async function healthyAreThere({ cluster, namespace }: World): Promise<void> {
  const { stdout } = await cluster.kubectl(['get', 'configmap', '--namespace', namespace, '-o', 'jsonpath={.items[*].metadata.name}']);
  expect(stdout.split(' ')).toEqual(expect.arrayContaining(['first', 'last']));
}

/** Asks until it holds; a server takes some moments for most things. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await holds()) return;
    await sleep(100);
  }
  throw new Error('it never came to hold');
}
