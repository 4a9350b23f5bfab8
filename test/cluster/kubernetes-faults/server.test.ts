import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../../lib/local/ports.ts';
import { startTestCluster, type TestCluster } from '../kubernetes/control-plane.ts';
import { configMap, createWorld, expectOneFailed, healthyAreThere, until, type World } from './healthy-world.ts';

let server: TestCluster;
beforeAll(async () => {
  server = await startTestCluster();
});
afterAll(() => server?.stop());

describe('an API whose server is down', () => {
  it('leaves its objects unknown, and no others', async () => {
    const at = await createWorld(server);
    const group = `${at.namespace}.example.com`;
    await at.create({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `v1.${group}` },
      spec: { group, version: 'v1', groupPriorityMinimum: 100, versionPriority: 100, service: { name: 'down', namespace: at.namespace } },
    });
    const client = server.client();
    await until(async () => 'gap' in (await client.discover(AbortSignal.timeout(10_000))).lookup(`${group}/v1`, 'Gauge'));
    await at.publish({ apiVersion: `${group}/v1`, kind: 'Gauge', metadata: { name: 'victim', namespace: at.namespace } });

    for (let run = 0; run < 2; run += 1) {
      const result = await at.cluster.reconcile();
      if (run === 0)
        expectOneFailed(result, { reason: 'DiscoveryGap', message: /^Gauge .*could not reach the server behind this API.*APIService/ });
      expect(result.run).toMatchObject({ outcome: 'failed', failed: 1 });
    }
    await healthyAreThere(at);
    await at.cluster.kubectl(['delete', 'apiservice', `v1.${group}`]);
  }, 60_000);
});

describe('a conversion webhook that is down', () => {
  it('leaves the objects of its kind unknown, and no others', async () => {
    const at = await createWorld(server);
    const group = `${at.namespace}.example.com`;
    const [port = 0] = await freePorts(1);
    const version = (name: string, storage: boolean) => ({
      name,
      served: true,
      storage,
      schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } } },
    });
    const clientConfig = { url: `https://127.0.0.1:${port}/convert`, caBundle: server.controlPlane.certificateAuthority };
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `boxes.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'boxes', singular: 'box', kind: 'Box', listKind: 'BoxList' },
        versions: [version('v1', true), version('v1beta1', false)],
        conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } },
      },
    };
    const box = (name: string, apiVersion: string) => ({
      apiVersion,
      kind: 'Box',
      metadata: { name, namespace: at.namespace },
      spec: { size: 1 },
    });
    await at.publish(definition, box('stored', `${group}/v1`), box('victim', `${group}/v1beta1`));

    const first = await at.cluster.reconcile();
    expectOneFailed(first, {
      reason: 'InternalError',
      message: /^Box .*conversion webhook for .* failed.*connection refused.*look at the webhook that the message names/,
    });
    expect(first.run).toMatchObject({ created: 4, failed: 1 });
    const second = await at.cluster.reconcile();
    expect(second.run).toMatchObject({ outcome: 'failed', failed: 1, drifted: 0, created: 0 });
    await healthyAreThere(at);
  }, 90_000);
});

describe('an object of extraordinary size', () => {
  const text = (kilobytes: number) => 'x'.repeat(kilobytes * 1024);

  it.each<[string, (at: World) => object, string, RegExp]>([
    [
      'a ConfigMap of 1.4 MB',
      ({ namespace }) => configMap('victim', namespace, { data: { text: text(1_400) } }),
      'Invalid',
      /^ConfigMap .*Too long.*1048576.*Correct the object in Git/,
    ],
    [
      'an object that its storage does not take',
      ({ namespace }) => ({
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: { name: 'victim', namespace },
        revision: 1,
        data: { text: text(1_700) },
      }),
      'TooLarge',
      /^ControllerRevision .*too large.*Split it/,
    ],
    [
      'an object that the server does not even read',
      ({ namespace }) => ({
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: { name: 'victim', namespace },
        revision: 1,
        data: { text: text(3_500) },
      }),
      'TooLarge',
      /^ControllerRevision .*Split it/,
    ],
  ])(
    'fails alone: %s',
    async (_what, victim, reason, message) => {
      const at = await createWorld(server);
      await at.publish(victim(at));
      expectOneFailed(await at.cluster.reconcile(), { reason, message });
      await healthyAreThere(at);
      expect((await at.cluster.reconcile()).run).toMatchObject({ outcome: 'failed', failed: 1, created: 0 });
    },
    60_000,
  );

  it('is in sync where the server takes it', async () => {
    const at = await createWorld(server);
    const data = { text: text(1_400) };
    const revision = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: { name: 'large', namespace: at.namespace },
      revision: 1,
      data,
    };
    await at.publish(revision);
    expect((await at.cluster.reconcile()).run).toMatchObject({ outcome: 'in-sync', created: 3 });
    expect(await at.cluster.reconcile()).toMatchObject({ run: { outcome: 'in-sync' }, objects: [] });
  }, 60_000);
});
