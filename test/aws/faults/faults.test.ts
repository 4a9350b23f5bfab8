import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logLines, reachOf } from '../../helpers/deployed-state.ts';
import { adminToken, callCluster, testCluster, testEnvironment } from '../../helpers/environment.ts';
import { type DeployedFleet, type Ended, eventually, openFleet, type StatusLine, statusLines } from '../../helpers/fleet.ts';
import { FAULTS, type Fault } from './faults.ts';
import { createWorld, type World } from './world.ts';

const HEALTHY = 'healthy';
/** On the other cluster, and not due again for an hour. */
const SHARED = 'shared';
const TWO_TICKS_SECONDS = 150;

let fleet: DeployedFleet;
let world: World;
/** Every line of `status --json` that was seen, by row, oldest first. */
const seen = new Map<string, StatusLine[]>();
/** What became of `reconcile ROW --json`. */
const commands = new Map<string, Ended>();

/** All rows are written at once, and the deployed functions alone say what is wrong with them; then people try each by hand. */
beforeAll(async () => {
  fleet = await openFleet();
  world = await createWorld(fleet);
  for (const { cluster, row } of FAULTS) await fleet.putRow({ mode: 'enforce', interval: '1m', ...row(world), cluster });
  await fleet.putRow({ cluster: HEALTHY, mode: 'enforce', interval: '1m', repository: world.repository, path: 'healthy', ...world.eks });
  await fleet.putRow({
    cluster: SHARED,
    mode: 'observe',
    interval: '1h',
    repository: world.repository,
    path: 'healthy',
    ...world.otherEks,
  });

  // Whoever does not get there is found by the tests below.
  await watchUntil(() => FAULTS.every(({ cluster, reason }) => failureOf(lastStatus(cluster))?.reason === reason));
  for (const { cluster } of FAULTS) commands.set(cluster, await reconcile(cluster));
  await watchUntil(() => observations(HEALTHY).size >= 2 && lastStatus(SHARED)?.observedAt !== undefined);
}, 420_000);

/** Looks at the status of every row until it is as it should be, or two ticks are over. */
async function watchUntil(done: () => boolean): Promise<void> {
  await eventually(TWO_TICKS_SECONDS, async () => {
    for (const line of statusLines(await fleet.plumbline('status', '--json'))) {
      seen.set(line.cluster, [...(seen.get(line.cluster) ?? []), line]);
    }
    return done() ? true : undefined;
  });
}

/** Other rows of the same API server may be at it. */
async function reconcile(cluster: string): Promise<Ended> {
  let last = await fleet.plumbline('reconcile', cluster, '--json');
  await eventually(30, async () => {
    if (!last.out.includes('"Busy"')) return last;
    last = await fleet.plumbline('reconcile', cluster, '--json');
    return undefined;
  });
  return last;
}

afterAll(async () => {
  for (const cluster of [...FAULTS.map((fault) => fault.cluster), HEALTHY, SHARED]) await fleet?.deleteRow(cluster);
  await world?.[Symbol.asyncDispose]();
});

const failureOf = (line: StatusLine | undefined) => line?.failure ?? line?.sourceFailure;
const lastStatus = (cluster: string) => seen.get(cluster)?.at(-1);
/** When its objects were looked at, as its statuses said. */
const observations = (cluster: string) => new Set(seen.get(cluster)?.flatMap(({ observedAt }) => observedAt ?? []));

describe.each(FAULTS.map((fault): [string, Fault] => [fault.what, fault]))('%s', (_what, fault) => {
  it('is what the status of the row says, with its value and a remedy', () => {
    const line = lastStatus(fault.cluster);
    expect(line).toMatchObject({ status: fault.status });
    expect(failureOf(line)?.reason).toBe(fault.reason);
    for (const words of fault.says(world)) expect(failureOf(line)?.message).toContain(words);
    expect(seen.get(fault.cluster)?.filter(({ status }) => status === 'in sync')).toEqual([]);
  });

  it('is in the records', async () => {
    const records = await fleet.records(fault.cluster);
    const withError = records.filter(({ error }) => error?.reason === fault.reason);
    const runs = withError.filter(({ kind }) => kind === 'run');
    expect(runs).not.toEqual([]);
    for (const words of fault.says(world)) expect(runs[0]?.error?.message).toContain(words);
    const kinds = withError.flatMap((record) => (record.kind === 'run' ? [] : [record.object.kind]));
    expect([...new Set(kinds)]).toEqual(fault.objects ?? []);
  });

  it('ends the command with 1, in its words', () => {
    const { status, out = '', error } = commands.get(fault.cluster) ?? {};
    expect(status, error).toBe(1);
    for (const words of fault.says(world)) expect(error).toContain(words);
    const run = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    expect(run).toMatchObject({ kind: 'run', cluster: fault.cluster, outcome: fault.status === 'blocked' ? 'blocked' : 'failed' });
  });
});

describe('beside it everything else is applied:', () => {
  const besides = FAULTS.flatMap(({ what, beside }): [string, (world: World) => string][] =>
    beside === undefined ? [] : [[what, beside]],
  );
  it.each(besides)('%s', async (_what, beside) => {
    const cluster = testCluster('prod-eu');
    expect(await callCluster(cluster, await adminToken(cluster), 'GET', beside(world))).toMatchObject({ status: 200 });
  });
});

describe('a row on EKS that was only put into the table', () => {
  it('is reconciled by the deployed functions', async () => {
    const cluster = testCluster('prod-eu');
    const { body } = await callCluster(cluster, await adminToken(cluster), 'GET', '/api/v1/namespaces/faults-healthy/configmaps/settings');
    expect(body).toMatchObject({
      data: { colour: 'blue' },
      metadata: {
        labels: { 'plumbline.dev/owner': `plumbline.${HEALTHY}` },
        managedFields: [expect.objectContaining({ manager: `plumbline-plumbline-${HEALTHY}`, operation: 'Apply' })],
      },
    });
    const created = (await fleet.records(HEALTHY)).find((record) => record.kind === 'rollout' && record.object.kind === 'ConfigMap');
    expect(created).toMatchObject({ class: 'created', decision: 'applied' });
    expect((await logged('reconcile')).filter(({ id }) => id === created?.id)).not.toEqual([]);
  });

  it('is in sync all the while, whatever is wrong with its neighbours', async () => {
    const states = seen.get(HEALTHY)?.map(({ status }) => status) ?? [];
    const since = states.indexOf('in sync');
    expect(since).toBeGreaterThan(-1);
    expect(new Set(states.slice(since))).toEqual(new Set(['in sync']));
    expect(observations(HEALTHY).size).toBeGreaterThanOrEqual(2);
  });
});

it('a cluster that is busy is asked for again, before its row is due', async () => {
  const before = await fleet.state.get(SHARED);
  const lease = await fleet.leases.acquire(before?.clusterUid ?? '', 'another run', 60);
  if (lease === undefined) throw new Error('nobody else is at the other cluster');
  const skipped = async () =>
    (await logged('reconcile')).some(({ cluster, outcome }) => cluster === SHARED && outcome === 'skipped') ? true : undefined;

  await fleet.queues.sendClusters([{ message: { cluster: SHARED, reason: 'artifact' }, delaySeconds: 0 }]);
  expect(await eventually(30, skipped)).toBe(true);
  await fleet.leases.release(lease);

  const runAgain = async () => ((await fleet.state.get(SHARED))?.lastRunAt === before?.lastRunAt ? undefined : true);
  expect(await eventually(30, runAgain)).toBe(true);
});

it('no fault is a message that comes back', async () => {
  expect(await eventually(60, async () => ((await fleet.unfinishedMessages()) === 0 ? true : undefined))).toBe(true);
});

it.each([
  ['row-path', 'schedule'],
  ['row-interval', 'schedule'],
  ['git-unreachable', 'source'],
  ['git-refused', 'source'],
  ['path-empty', 'source'],
])('%s is recorded by %s once, not each minute', async (cluster, by) => {
  const ids = (await logged(by)).flatMap((line) => (line.kind === 'run' && line.cluster === cluster ? [line.id] : []));
  expect(ids).toHaveLength(1);
  expect((await fleet.records(cluster)).map(({ id }) => id)).toContain(ids[0]);
});

/** The lines that a function has logged. */
async function logged(name: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await logLines(reachOf(testEnvironment().aws), `/aws/lambda/plumbline-${name}`)).flatMap(jsonLine);
}

function jsonLine(line: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
