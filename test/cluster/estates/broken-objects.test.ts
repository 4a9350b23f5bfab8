import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createColors } from '../../../lib/cli/colors.ts';
import { formatProblems, groupProblems } from '../../../lib/cli/describe-problems.ts';
import { isJsonObject } from '../../../lib/manifests/json.ts';
import { normalise } from '../../../lib/manifests/normalise.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import { applicationSet } from '../../helpers/application-set.ts';
import { type ReconciledCluster, type Run, reconciledCluster } from '../kinds/reconciled-cluster.ts';
import { startTestCluster, type TestCluster } from '../kubernetes/control-plane.ts';
import { BREAKAGES, brokenObjects, prepareBreakages } from './broken.ts';

/** 990 applications in fifty namespaces are 5,000 objects; 90 are 455. */
const APPLICATIONS = process.env.PLUMBLINE_TEST_FULL === '1' ? 990 : 90;
const HEALTHY = APPLICATIONS === 990 ? 5_000 : 455;

// The API server here has addresses for a few hundred Services only.
const healthy = applicationSet(APPLICATIONS).map((object) =>
  object.kind === 'Service' && isJsonObject(object.spec) ? { ...object, spec: { ...object.spec, clusterIP: 'None' } } : object,
);
const broken = brokenObjects();
const total = healthy.length + broken.length;

let server: TestCluster;
let cluster: ReconciledCluster;
beforeAll(async () => {
  server = await startTestCluster();
  cluster = reconciledCluster(server);
  await prepareBreakages(cluster);
  const { objects, problems } = normalise(broken.map(({ manifest }) => manifest));
  await cluster.publish({ objects: [...healthy, ...objects], problems });
});
afterAll(() => server?.stop());

const isInSync = ({ verifiedAt }: ObjectRecord) => verifiedAt !== undefined;
/** A manifest without a name is named by its file. */
const nameOf = ({ object }: ObjectRecord) => /([a-z-]+-\d)(\.yaml:1)?$/.exec(object.name)?.[1] ?? object.name;

function expectFiftyNamed({ run, objects }: Run): void {
  const named = objects.filter((record) => !isInSync(record));
  expect(run).toMatchObject({ outcome: 'failed', objects: total });
  expect(Object.fromEntries(named.map((record) => [nameOf(record), record.error?.reason ?? record.class]))).toEqual(
    Object.fromEntries(broken.map(({ name, reason }) => [name, reason])),
  );
}

describe(`a run of ${total} objects of which fifty are broken in ten ways`, () => {
  it('brings all the others in sync, and names the fifty with their reasons in one summary', async () => {
    expect(healthy).toHaveLength(HEALTHY);
    expect(broken).toHaveLength(50);

    const first = await cluster.reconcile();

    expectFiftyNamed(first);
    expect(first.objects.filter(isInSync)).toHaveLength(HEALTHY);
    expect(first.run.created).toBe(HEALTHY);
    const summary = formatProblems(total, groupProblems(first.objects), { colors: createColors(false), columns: 120, timeZone: 'UTC' });
    console.error(`${summary}${first.run.durationMs} ms`);
    const lines = summary.trimEnd().split('\n');
    expect(lines[0]).toBe(`50 of ${total} objects are not as Git says:`);
    expect(lines.filter((line) => !line.startsWith(' ')).slice(1)).toHaveLength(Object.keys(BREAKAGES).length);
    expect(lines.length).toBeLessThan(60);
    expect(broken.filter(({ name }) => !summary.includes(name))).toEqual([]);
  }, 300_000);

  it('says the same again, and writes nothing', async () => {
    const before = await cluster.kubectl(['get', 'deployment', '--all-namespaces', '-o', 'jsonpath={.items[*].metadata.resourceVersion}']);
    const open = await cluster.stores.records.listOpen('estate');

    const { run } = await cluster.reconcile();

    expect(run).toMatchObject({ outcome: 'failed', objects: total, created: 0, drifted: 0 });
    expect((await cluster.stores.records.listOpen('estate')).map(({ id }) => id)).toEqual(open.map(({ id }) => id));
    expect(open).toHaveLength(50);
    const after = await cluster.kubectl(['get', 'deployment', '--all-namespaces', '-o', 'jsonpath={.items[*].metadata.resourceVersion}']);
    expect(after.stdout).toBe(before.stdout);
  }, 300_000);
});
