import { expect, it } from 'vitest';
import type { Discovery, KubernetesClient } from '../../../lib/kubernetes/client.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { observeTarget } from '../../../lib/reconcile/observe.ts';
import { configMap, IDENTITY, NO_RULES, target } from './objects.ts';

const notReached = () => Promise.reject(new Error('not reached'));

/** A server that has one object, and whose dry-run finds it as it is. */
function serverOf(live: KubernetesObject): KubernetesClient {
  return {
    requests: 0,
    clusterUid: notReached,
    serverVersion: notReached,
    discover: notReached,
    list: notReached,
    listInPages: () => {
      throw new Error('not reached');
    },
    listMetadata: notReached,
    patch: notReached,
    get: async () => live,
    apply: async () => ({ object: live, created: false, warnings: [] }),
    delete: notReached,
    close: async () => undefined,
  };
}

const NOTHING_SERVED: Discovery = {
  lookup: () => ({ absent: true }),
  lookupInGroup: () => ({ absent: true }),
  served: () => ({ apiVersions: [], complete: true }),
};

it.each([
  ['uid', { resourceVersion: '7' }],
  ['resourceVersion', { uid: 'u-1' }],
])('an object to which the server gives no %s is unknown, since no write of it could carry a precondition', async (_what, metadata) => {
  const observing = {
    identity: IDENTITY,
    rules: NO_RULES,
    signal: AbortSignal.timeout(5_000),
    discovery: NOTHING_SERVED,
    validateAbsent: false,
    namespaces: new Set<string>(),
  };
  const observation = await observeTarget(target(configMap()), { ...observing, client: serverOf(configMap({}, metadata)) });
  expect(observation).toMatchObject({ state: 'unknown', decision: 'failed', failure: { reason: 'NoVersion' } });
});
