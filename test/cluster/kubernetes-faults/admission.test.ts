import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../../lib/local/ports.ts';
import { startTestCluster, type TestCluster } from '../kubernetes/control-plane.ts';
import { configMap, createWorld, expectOneFailed, healthyAreThere, until, type World } from './healthy-world.ts';
import { startWebhookServer, type WebhookServer } from './webhook-server.ts';

let server: TestCluster;
let webhooks: WebhookServer;
beforeAll(async () => {
  server = await startTestCluster();
  webhooks = await startWebhookServer(server);
});
afterAll(async () => {
  await webhooks?.close();
  await server?.stop();
});

interface WebhookShape {
  readonly timeoutSeconds?: number;
  readonly clientConfig: object;
}

/** A webhook for the ConfigMaps of one namespace that are labelled `watched`. */
function webhookConfiguration(namespace: string, { timeoutSeconds = 2, clientConfig }: WebhookShape): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: namespace },
    webhooks: [
      {
        name: `${namespace}.example.com`,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        timeoutSeconds,
        failurePolicy: 'Fail',
        clientConfig,
        objectSelector: { matchLabels: { watched: namespace } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] }],
      },
    ],
  };
}

/** What the server says of a ConfigMap that the webhook would see; empty when it is allowed. */
async function refusalOfProbe({ namespace, cluster }: World): Promise<string> {
  const probe = JSON.stringify(configMap('probe', namespace, {}, { watched: namespace }));
  const { status, stderr } = await cluster.kubectl(['create', '--dry-run=server', '-f', '-'], { input: probe, accepted: [0, 1] });
  return status === 0 ? '' : stderr;
}

describe('an admission webhook', () => {
  it.each<[string, () => Promise<WebhookShape>, string, RegExp]>([
    [
      'refuses an object',
      async () => ({ clientConfig: webhooks.clientConfig('refuse') }),
      'Denied',
      /^ConfigMap .*admission webhook "server-\d+\.example\.com" denied the request: images must come from registry\.example.*Make the object in Git one that admission webhook server-\d+\.example\.com allows/,
    ],
    [
      'does not answer in time',
      async () => ({ timeoutSeconds: 1, clientConfig: webhooks.clientConfig('hang') }),
      'InternalError',
      /failed calling webhook "server-\d+\.example\.com".*look at the webhook that the message names/,
    ],
    [
      'is down',
      async () => {
        const [port = 0] = await freePorts(1);
        const { caBundle } = webhooks.clientConfig('allow');
        return { clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle } };
      },
      'InternalError',
      /failed calling webhook "server-\d+\.example\.com".*connection refused.*look at the webhook that the message names/,
    ],
  ])(
    'that %s fails that object alone, when it is created and when it is compared',
    async (_what, shape, reason, message) => {
      const at = await createWorld(server);
      await at.publish(configMap('victim', at.namespace, {}, { watched: at.namespace }));
      expect((await at.cluster.reconcile()).run.outcome).toBe('in-sync');
      await at.create(webhookConfiguration(at.namespace, await shape()));
      await until(async () => (await refusalOfProbe(at)) !== '');
      await at.cluster.kubectl(['delete', 'configmap', 'first', '--namespace', at.namespace]);
      expectOneFailed(await at.cluster.reconcile(), { reason, message });
      await at.cluster.kubectl(['delete', 'configmap', 'victim', '--namespace', at.namespace]);
      await healthyAreThere(at);
      expectOneFailed(await at.cluster.reconcile(), { reason, message });

      await at.cluster.kubectl(['delete', 'validatingwebhookconfiguration', at.namespace]);
      await until(async () => (await refusalOfProbe(at)) === '');
      expect((await at.cluster.reconcile()).run).toMatchObject({ outcome: 'corrected', failed: 0 });
    },
    90_000,
  );

  it('that has side effects lets its objects be created, and once somebody touches one nothing is claimed of it', async () => {
    const at = await createWorld(server);
    await at.publish(configMap('victim', at.namespace, {}, { watched: at.namespace }));
    await at.create(webhookConfiguration(at.namespace, { clientConfig: webhooks.clientConfig('allow') }));
    await giveSideEffects(at);
    expect((await at.cluster.reconcile()).run).toMatchObject({ outcome: 'in-sync', created: 3 });

    await at.cluster.kubectl(['annotate', 'configmap', 'victim', 'touched=yes', '--namespace', at.namespace]);
    const compared = await at.cluster.reconcile();

    expectOneFailed(compared, {
      reason: 'DryRunUnsupported',
      message: /^ConfigMap .*does not support dry run.*set its sideEffects to None or NoneOnDryRun/,
    });
    expect(compared.run).toMatchObject({ objects: 3, drifted: 0, failed: 1 });
    await at.cluster.kubectl(['delete', 'validatingwebhookconfiguration', at.namespace]);
  }, 60_000);
});

/**
 * The API server takes no such configuration any more, and goes by those that it took before 1.22: so it is put where it would be. Done
 * once a dry-run is refused.
 */
async function giveSideEffects(at: World): Promise<void> {
  const { cluster, namespace } = at;
  const { stdout } = await cluster.kubectl(['get', 'validatingwebhookconfiguration', namespace, '-o', 'json']);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const key = base64(`/test/validatingwebhookconfigurations/${namespace}`);
  const value = base64(stdout.replace('"sideEffects": "None"', '"sideEffects": "Some"'));
  await fetch(`${server.etcd}/v3/kv/put`, { method: 'POST', body: JSON.stringify({ key, value }) });
  await until(async () => (await refusalOfProbe(at)).includes('does not support dry run'));
}
