import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterStatus } from '../../../lib/cli/describe-status.ts';
import type { PlumblineRecord } from '../../../lib/records/record.ts';
import { hangs } from '../../helpers/aws-border.ts';
import { testCluster, testEnvironment } from '../../helpers/environment.ts';
import type { Ended } from '../../helpers/fleet.ts';
import { retriedOf, sqsEvent, startBundle } from './bundle.ts';
import { CONNECTION_FAULTS, type ConnectionFault } from './connection-faults.ts';
import { type Lane, openLane } from './lane.ts';

interface Seen {
  readonly hits: number;
  readonly startedAt: string;
  readonly retried: readonly number[];
  readonly status: ClusterStatus;
  readonly record: PlumblineRecord | undefined;
  readonly healthy: ClusterStatus;
  readonly command: Ended;
}

const BOTH = sqsEvent({ cluster: 'victim', reason: 'artifact' }, { cluster: 'healthy', reason: 'artifact' });
const scope = new AsyncDisposableStack();
const seen = new Map<string, Seen>();
/** What the victim's status is once everything is over, by lane. */
const recovered: ClusterStatus[] = [];

/** What waits for an answer that does not come waits beside the others. */
const LANES: readonly (readonly [string, readonly ConnectionFault[]])[] = [
  ['sts', CONNECTION_FAULTS.filter((fault) => fault.service === 'sts' && !isSlow(fault))],
  ['eks', CONNECTION_FAULTS.filter((fault) => fault.service === 'eks' && !isSlow(fault))],
  ...CONNECTION_FAULTS.filter(isSlow).map((fault): [string, ConnectionFault[]] => [`slow-${fault.service}`, [fault]]),
];

function isSlow({ fault }: ConnectionFault): boolean {
  return fault() === hangs;
}

beforeAll(async () => {
  await Promise.all(LANES.map(([name, faults]) => tryAll(name, faults)));
}, 240_000);
afterAll(() => scope.disposeAsync());

/** The victim is reached as on EKS. It is in sync by another process, so that the function knows neither its address nor its credentials. */
async function tryAll(name: string, faults: readonly ConnectionFault[]): Promise<void> {
  const lane = await openLane(name, scope);
  const { eksName, roleArn, externalId } = testCluster('prod-eu');
  const connection = { eksName, region: testEnvironment().region, roleArn, externalId };
  const follows = { repository: 'https://git.example/shop', branch: 'main', path: 'victim', mode: 'enforce', interval: '10m' };
  await lane.stores.clusters.put({ cluster: 'victim', ...connection, ...follows }, { replace: true });
  await lane.publish('before');
  const before = await lane.plumbline('reconcile', '--all');
  expect(before.status, before.error).toBe(0);
  const bundle = scope.use(await startBundle('reconcile', lane.environment));
  for (const fault of faults) seen.set(fault.what, await tryFault(fault, lane, bundle));
  await bundle.invoke(BOTH);
  recovered.push(await lane.status('victim'));
}

async function tryFault(fault: ConnectionFault, lane: Lane, bundle: Awaited<ReturnType<typeof startBundle>>): Promise<Seen> {
  const border = fault.service === 'eks' ? lane.eks : lane.border;
  const startedAt = new Date().toISOString();
  border.break(({ service }) => service === fault.service, fault.fault());
  const [answer, command] = await Promise.all([bundle.invoke(BOTH), lane.plumbline('reconcile', 'victim', '--json')]);
  const hits = border.mend();
  const [record] = await lane.stores.records.query({ cluster: 'victim', kind: 'run', since: startedAt, limit: 1 });
  const [status, healthy] = [await lane.status('victim'), await lane.status('healthy')];
  return { hits, startedAt, retried: retriedOf(answer), status, record, healthy, command };
}

function seenOf(fault: ConnectionFault): Seen {
  const found = seen.get(fault.what);
  if (found === undefined) throw new Error(`${fault.what}: it was not tried`);
  return found;
}

describe.each(CONNECTION_FAULTS.map((fault): [string, ConnectionFault] => [fault.what, fault]))('%s', (_what, fault) => {
  it('is the status and the record of the run, in words', () => {
    const { hits, status, retried, record, startedAt } = seenOf(fault);
    expect(hits).toBeGreaterThan(1);
    expect(retried).toEqual([]);
    expect(status).toMatchObject({ status: 'failing', failure: { reason: fault.reason } });
    expect((status.observedAt ?? '') < startedAt).toBe(true);
    for (const words of fault.says) expect(status.failure?.message).toContain(words);
    expect(record?.error?.reason).toBe(fault.reason);
  });

  it('makes the cluster wait longer and longer only where its role is to be put right', () => {
    expect(seenOf(fault).status.nextAttemptAt !== undefined).toBe(!fault.reason.startsWith('Aws'));
  });

  it('ends the command with 1, in the same words', () => {
    const { command } = seenOf(fault);
    expect(command.status, command.error).toBe(1);
    for (const words of fault.says) expect(command.error).toContain(words);
  });

  it('keeps no other cluster of the batch from being reconciled', () => {
    const { healthy, startedAt } = seenOf(fault);
    expect(healthy.status).toBe('in sync');
    expect((healthy.observedAt ?? '') >= startedAt).toBe(true);
  });
});

it('is over when it is over', () => {
  expect(recovered.map(({ status }) => status)).toEqual(LANES.map(() => 'in sync'));
});
