import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterStatus } from '../../../lib/cli/describe-status.ts';
import type { RunRecord } from '../../../lib/records/record.ts';
import { hangs } from '../../helpers/aws-border.ts';
import { everythingStored, reachOf } from '../../helpers/deployed-state.ts';
import { testEnvironment } from '../../helpers/environment.ts';
import type { Ended } from '../../helpers/fleet.ts';
import { type Bundle, retriedOf, sqsEvent, startBundle } from './bundle.ts';
import { type Lane, openLane, PASSWORD } from './lane.ts';
import type { StoreFault } from './store-fault.ts';
import { STORE_FAULTS } from './store-faults.ts';

interface Seen {
  /** How many requests the fault happened to, before the command was tried. */
  readonly hits: number;
  readonly startedAt: string;
  readonly retried: readonly number[];
  /** What the function has printed. */
  readonly log: string;
  readonly status: ClusterStatus;
  readonly version: string | undefined;
  readonly record: RunRecord | undefined;
  readonly healthy: { readonly status: ClusterStatus; readonly version: string | undefined };
  readonly command: Ended;
  readonly recovered: { readonly retried: readonly number[]; readonly status: ClusterStatus; readonly version: string | undefined };
}

const VICTIM = 0;
const BOTH = [
  { cluster: 'victim', reason: 'artifact' },
  { cluster: 'healthy', reason: 'artifact' },
];
const scope = new AsyncDisposableStack();
const seen = new Map<string, Seen>();
const logs: (() => string)[] = [];

/** What waits for an answer that does not come waits beside the others. */
const LANES: readonly (readonly [string, readonly StoreFault[]])[] = [
  ...STORE_FAULTS.filter(isSlow).map((fault, index): [string, StoreFault[]] => [`slow-${index}`, [fault]]),
  ['quick-even', STORE_FAULTS.filter((fault, index) => !isSlow(fault) && index % 2 === 0)],
  ['quick-odd', STORE_FAULTS.filter((fault, index) => !isSlow(fault) && index % 2 === 1)],
];

function isSlow({ fault }: StoreFault): boolean {
  return fault() === hangs;
}

beforeAll(async () => {
  await Promise.all(LANES.map(([name, faults]) => tryAll(name, faults)));
}, 240_000);
afterAll(() => scope.disposeAsync());

async function tryAll(name: string, faults: readonly StoreFault[]): Promise<void> {
  const lane = await openLane(name, scope);
  const bundle = scope.use(await startBundle('reconcile', lane.environment));
  logs.push(bundle.log);
  await lane.publish('before');
  await bundle.invoke(sqsEvent(...BOTH));
  for (const [index, fault] of faults.entries()) seen.set(fault.what, await tryFault(fault, `v${index}`, lane, bundle));
}

/** A commit for both clusters, the fault at one of them, and the same messages again without it. */
async function tryFault(fault: StoreFault, version: string, lane: Lane, bundle: Bundle): Promise<Seen> {
  const { border, stores } = lane;
  if (fault.openRecord) await openImageRecord(lane);
  if (fault.noCheckpoint) await stores.artifacts.putCheckpoint('victim', '');
  const victim = { digest: await lane.publish(version), uid: lane.uids.victim, secret: lane.clusterSecrets.victim };
  if (fault.mode !== undefined) await stores.clusters.update('victim', { mode: fault.mode }, []);
  const startedAt = new Date().toISOString();
  const printed = bundle.log().length;
  border.break(fault.meets(victim), fault.fault());
  const tryCommand = () => lane.plumbline('reconcile', 'victim', '--json');
  // Where both only wait, neither gets as far as the lease, and they wait together.
  const waiting = isSlow(fault) ? tryCommand() : undefined;
  const retried = retriedOf(await bundle.invoke(sqsEvent(...BOTH)));
  const waited = await waiting;
  const hits = border.mend();
  const [record] = await stores.records.query({ cluster: 'victim', kind: 'run', since: startedAt, limit: 1 });
  const found = {
    startedAt,
    retried,
    hits,
    log: bundle.log().slice(printed),
    status: await lane.status('victim'),
    version: await lane.liveVersion('victim'),
    record: record?.kind === 'run' ? record : undefined,
    healthy: { status: await lane.status('healthy'), version: await lane.liveVersion('healthy') },
  };
  border.break(fault.meets(victim), fault.fault());
  const command = waited ?? (await tryCommand());
  border.mend();
  await stores.clusters.update('victim', { mode: 'enforce' }, []);
  const again = retriedOf(await bundle.invoke(sqsEvent(...BOTH)));
  const recovered = { retried: again, status: await lane.status('victim'), version: await lane.liveVersion('victim') };
  return { ...found, command, recovered };
}

/** Of an audit, which no run closes. */
async function openImageRecord({ stores }: Lane): Promise<void> {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
  const at = new Date().toISOString();
  const common = {
    cluster: 'victim',
    id: '01JGFJJZ000000000000000000',
    at,
    runId: 'r',
    revision: 'a1',
    sequence: 1,
    event: 'opened',
  } as const;
  await stores.records.transition({ ...common, kind: 'image', object, class: 'tag.moved', changes: [], decision: 'reported' });
}

function seenOf(fault: StoreFault): Seen {
  const found = seen.get(fault.what);
  if (found === undefined) throw new Error(`${fault.what}: it was not tried`);
  return found;
}

describe.each(STORE_FAULTS.map((fault): [string, StoreFault] => [fault.what, fault]))('%s', (_what, fault) => {
  it('is what the status says, and nothing is called in sync that this run has not verified', () => {
    const { status, hits, startedAt, version, healthy } = seenOf(fault);
    expect(hits).toBeGreaterThan(0);
    const isVerified = (status.observedAt ?? '') >= startedAt;
    expect(isVerified).toBe(fault.status === 'in sync');
    expect(status.status).toBe(fault.status === 'as before' ? 'in sync' : fault.status);
    if (fault.status === 'failing') {
      expect(status.failure?.reason).toBe(fault.reason);
      for (const words of fault.says ?? []) expect(status.failure?.message).toContain(words);
    }
    expect(version === healthy.version).toBe(fault.applied);
  });

  it('is in the record of the run, or the message comes back', () => {
    const { record, retried, log } = seenOf(fault);
    expect(retried).toEqual(fault.message === 'retried' ? [VICTIM] : []);
    expect(record?.error?.reason === fault.reason && record?.error !== undefined).toBe(fault.record);
    const rollouts = log.split('\n').filter((line) => line.includes('"kind":"rollout"') && line.includes('"cluster":"victim"'));
    if (fault.logged) expect(rollouts).not.toEqual([]);
  });

  it('is the exit status of the command, in words with subject and remedy', () => {
    const { command } = seenOf(fault);
    expect(command.status, command.error).toBe(fault.exit);
    if (fault.exit === 0) return;
    for (const words of fault.says ?? []) expect(command.error).toContain(words);
    expect(command.error).toMatch(/The next run asks again|Deploy the stacks again|Enable it again/);
  });

  it('keeps no other cluster of the batch from being reconciled', () => {
    const { healthy, startedAt } = seenOf(fault);
    expect(healthy.status).toMatchObject({ status: 'in sync' });
    expect((healthy.status.observedAt ?? '') >= startedAt).toBe(true);
  });

  it('is over when it is over', () => {
    const { recovered, healthy } = seenOf(fault);
    expect(recovered.retried).toEqual([]);
    expect(recovered.status).toMatchObject({ status: 'in sync' });
    expect(recovered.status).not.toHaveProperty('failure');
    expect(recovered.version).toBe(healthy.version);
  });
});

it('no fault puts a Secret into a log, a table or what the command prints', async () => {
  const printed = [...seen.values()].flatMap(({ command }) => [command.out, command.error]);
  const stored = [...(await everythingStored(reachOf(testEnvironment().aws))).values()];
  const texts = [...printed, ...logs.map((log) => log()), ...stored];
  for (const secret of [PASSWORD, Buffer.from(PASSWORD).toString('base64')]) {
    expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  }
});
