import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupOf } from '../../../lib/manifests/object.ts';
import { startTestCluster, type TestCluster } from '../kubernetes/control-plane.ts';
import { kindsFixture } from './kinds-fixture.ts';
import { type ReconciledCluster, reconciledCluster } from './reconciled-cluster.ts';
import { dryRunsOf, writesOf } from './server-writes.ts';

const desired = kindsFixture();
const CLUSTER = 'kinds';
let server: TestCluster;
let cluster: ReconciledCluster;

beforeAll(async () => {
  server = await startTestCluster();
  cluster = reconciledCluster(server, CLUSTER);
  await cluster.publish(desired);
});
afterAll(() => server?.stop());

/** `Kind namespace/name` → resourceVersion, of every object of the set that the cluster has. */
async function versions(): Promise<ReadonlyMap<string, string>> {
  const kinds = [...new Set(desired.objects.map(({ apiVersion, kind }) => resourceArgument(apiVersion, kind)))];
  const { stdout } = await cluster.kubectl([
    'get',
    kinds.join(','),
    '--all-namespaces',
    '--selector',
    `plumbline.dev/owner=${cluster.identity.owner}`,
    '-o',
    'jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}={.metadata.resourceVersion}{"\\n"}{end}',
  ]);
  return new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.split('=')[0] ?? '', line.split('=')[1] ?? '']),
  );
}

function sum(counts: ReadonlyMap<string, number>, label: string): number {
  return [...counts].reduce((total, [labels, count]) => (labels.includes(label) ? total + count : total), 0);
}

/** `Deployment.v1.apps`, as kubectl takes a kind by name. */
function resourceArgument(apiVersion: string, kind: string): string {
  const group = groupOf(apiVersion);
  const version = apiVersion.split('/').at(-1);
  return group === '' ? kind.toLowerCase() : `${kind}.${version}.${group}`;
}

describe('one object or more of every kind', () => {
  it('is applied in one run from an empty cluster', async () => {
    const kinds = new Set(desired.objects.map(({ apiVersion, kind }) => `${groupOf(apiVersion)}/${kind}`));
    expect(desired.problems).toEqual([]);
    expect(kinds.size).toBeGreaterThanOrEqual(60);

    const before = await writesOf(cluster);
    const { run, objects } = await cluster.reconcile();

    // The counters see our writes, one an object: so they would see any in the further runs.
    expect(sum(await writesOf(cluster), 'verb="APPLY"') - sum(before, 'verb="APPLY"')).toBe(desired.objects.length);
    expect(objects.filter(({ verifiedAt }) => verifiedAt === undefined)).toEqual([]);
    expect(run).toMatchObject({ outcome: 'in-sync', objects: desired.objects.length, created: desired.objects.length, failed: 0 });
  }, 120_000);

  it.each([
    ['ten further runs without a checkpoint, which verify every object', true],
    ['ten further runs with one, which verify hardly any', false],
  ])(
    'shows no drift and no writes in %s',
    async (_what, forgets) => {
      const before = await writesOf(cluster);
      const dryRuns = await dryRunsOf(cluster);
      const versionsBefore = await versions();
      expect(versionsBefore.size).toBe(desired.objects.length);

      for (let count = 0; count < 10; count += 1) {
        if (forgets) await cluster.stores.artifacts.putCheckpoint(CLUSTER, '');
        const { run, objects } = await cluster.reconcile();
        expect(objects).toEqual([]);
        expect(run).toMatchObject({ outcome: 'in-sync', objects: desired.objects.length, created: 0, drifted: 0, corrected: 0, failed: 0 });
      }

      expect(await writesOf(cluster)).toEqual(before);
      expect(await versions()).toEqual(versionsBefore);
      const asked = (await dryRunsOf(cluster)) - dryRuns;
      if (forgets) expect(asked).toBe(10 * desired.objects.length);
      else expect(asked).toBeLessThan(desired.objects.length / 2);
    },
    240_000,
  );

  it('verifies a write although the server chooses other node ports than its dry-run said', async () => {
    const internal = '{"spec":{"type":"ClusterIP","loadBalancerSourceRanges":null,"externalTrafficPolicy":null}}';
    await cluster.kubectl(['patch', 'service', 'web', '--namespace', 'kinds', '--type', 'merge', '--patch', internal]);
    const { run, objects } = await cluster.reconcile();
    expect(run.outcome).toBe('corrected');
    expect(new Set(objects.map(({ object, decision }) => `${decision} ${object.kind} ${object.name}`))).toEqual(
      new Set(['corrected Service web']),
    );
    expect(objects.filter(({ verifiedAt }) => verifiedAt === undefined)).toEqual([]);
  });
});
