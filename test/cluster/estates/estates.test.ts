import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringifyJson } from '../../../lib/manifests/json.ts';
import type { NormalisedObjects } from '../../../lib/manifests/normalise.ts';
import { reconciledCluster } from '../kinds/reconciled-cluster.ts';
import { writesOf } from '../kinds/server-writes.ts';
import { startTestCluster, type TestCluster } from '../kubernetes/control-plane.ts';
import { renderFiles } from './files.ts';
import { monitoringStack } from './monitoring-stack.ts';
import { operatorBundle } from './operator-bundle.ts';
import { serviceApplication } from './service-application.ts';
import { tenantOverlays } from './tenant-overlays.ts';
import { umbrellaChart } from './umbrella-chart.ts';

let server: TestCluster;
beforeAll(async () => {
  server = await startTestCluster();
});
afterAll(() => server?.stop());

const ESTATES: readonly (readonly [string, number, () => Promise<NormalisedObjects>])[] = [
  ['an operator bundle with large CRDs', 20, () => renderFiles(operatorBundle())],
  ['a monitoring stack', 130, () => renderFiles(monitoringStack())],
  ['a multi-tenant overlay repository', 102, () => renderFiles(tenantOverlays(), 'clusters/prod')],
  ['a Helm umbrella chart', 20, () => renderFiles(umbrellaChart())],
  ['an application of a dozen services', 68, () => renderFiles(serviceApplication())],
];

describe('a desired state as people publish it', () => {
  it.each(ESTATES)(
    'comes from nothing in one run, and the second run is silent: %s',
    async (name, count, render) => {
      const desired = await render();
      expect(desired.problems).toEqual([]);
      expect(desired.objects).toHaveLength(count);
      const cluster = reconciledCluster(server, name.replaceAll(/\W+/g, '-').slice(0, 40));
      await cluster.publish(desired);

      const first = await cluster.reconcile();
      expect(first.objects.filter(({ verifiedAt }) => verifiedAt === undefined)).toEqual([]);
      expect(first.run).toMatchObject({ outcome: 'in-sync', objects: count, created: count, failed: 0 });

      const before = await writesOf(cluster);
      const second = await cluster.reconcile();
      expect(second.objects).toEqual([]);
      expect(second.run).toMatchObject({ outcome: 'in-sync', objects: count, created: 0, drifted: 0, failed: 0 });
      expect(await writesOf(cluster)).toEqual(before);
      console.error(`${name}: ${count} objects, first run ${first.run.durationMs} ms, second ${second.run.durationMs} ms`);
    },
    300_000,
  );

  it('has definitions as large as the largest that operators publish', async () => {
    const { objects } = await renderFiles(operatorBundle());
    const sizes = objects.filter(({ kind }) => kind === 'CustomResourceDefinition').map((object) => stringifyJson(object).length);
    expect(sizes.filter((size) => size >= 900_000)).toHaveLength(1);
    expect(sizes.filter((size) => size >= 400_000)).toHaveLength(2);
  });
});
