import type { KubernetesClient } from '../../../lib/kubernetes/client.ts';
import type { RunResult } from '../../../lib/reconcile/index.ts';
import type { World } from '../reconcile/world.ts';

/** One run, and what it asked for to come to its result. */
export interface WatchedRun extends RunResult {
  /** Names of objects, in the order of the requests. */
  readonly read: readonly string[];
  readonly dryRun: readonly string[];
  readonly applied: readonly string[];
  /** Whether it stored its checkpoint. */
  readonly stored: boolean;
  readonly requests: number;
}

/** A client like another, but for some of its calls. */
export function altered(client: KubernetesClient, changes: Partial<KubernetesClient>): KubernetesClient {
  return new Proxy(client, { get: (target, name) => Reflect.get(changes, name) ?? Reflect.get(target, name) });
}

/** `alter` is what happens on the way to the API server. */
export async function watchRun(
  world: World,
  alter: (client: KubernetesClient) => KubernetesClient = (client) => client,
): Promise<WatchedRun> {
  const read: string[] = [];
  const dryRun: string[] = [];
  const applied: string[] = [];
  let stored = false;
  let opened: KubernetesClient | undefined;
  const connect: typeof world.deps.connect = async (...request) => {
    const client = await world.deps.connect(...request);
    opened = client;
    return altered(alter(client), {
      get: (resource, id, signal) => {
        if (resource.kind !== 'Namespace' || id.name !== 'kube-system') read.push(id.name);
        return client.get(resource, id, signal);
      },
      apply: (resource, object, options, signal) => {
        (options.dryRun ? dryRun : applied).push(object.metadata.name);
        return client.apply(resource, object, options, signal);
      },
    });
  };
  const artifacts = {
    ...world.stores.artifacts,
    putCheckpoint: (cluster: string, text: string) => {
      stored = true;
      return world.stores.artifacts.putCheckpoint(cluster, text);
    },
  };
  const result = await world.reconcile({ connect, artifacts });
  return { ...result, read, dryRun, applied, stored, requests: opened?.requests ?? 0 };
}
