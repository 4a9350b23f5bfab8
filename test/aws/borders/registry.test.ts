import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterStatus } from '../../../lib/cli/describe-status.ts';
import { type PushTarget, pushImage } from '../../../lib/local/registry.ts';
import type { PlumblineRecord } from '../../../lib/records/record.ts';
import { type AwsFault, type AwsRequest, hangs } from '../../helpers/aws-border.ts';
import type { Ended } from '../../helpers/fleet.ts';
import { createRepository, type TestRepository } from '../../helpers/git-repository.ts';
import { freshRepository } from '../../helpers/registry.ts';
import { deploymentFile } from '../../helpers/workloads.ts';
import { type Bundle, retriedOf, sqsEvent, startBundle } from './bundle.ts';
import { type Lane, openLane, settingsFile } from './lane.ts';
import { HISTORY_FAULT, REGISTRY_FAULTS, type RegistryFault } from './registry-faults.ts';

interface Seen {
  readonly hits: number;
  readonly startedAt: string;
  readonly retried: readonly number[];
  readonly status: ClusterStatus;
  readonly records: readonly PlumblineRecord[];
  /** Of the ConfigMap beside the workload, and whether the workload itself was applied. */
  readonly version: string | undefined;
  readonly isApplied: boolean;
  readonly healthy: { readonly status: ClusterStatus; readonly version: string | undefined };
  readonly command: Ended;
  readonly recovered: { readonly status: ClusterStatus; readonly isApplied: boolean };
}

const BOTH = sqsEvent({ cluster: 'victim', reason: 'artifact' }, { cluster: 'healthy', reason: 'artifact' });
const signal = AbortSignal.timeout(240_000);
const scope = new AsyncDisposableStack();
const seen = new Map<string, Seen>();
const audits = new Map<string, Audit>();
let lane: Lane;

/** What one audit came to. */
interface Audit {
  readonly hits: number;
  readonly answer: Awaited<ReturnType<Bundle['invoke']>>;
  readonly log: string;
  /** Classes of the image records of the victim that are open after it. */
  readonly open: readonly string[];
}

/** What waits for an answer that does not come waits beside the others. */
const LANES: readonly (readonly [string, readonly RegistryFault[]])[] = [
  ['registry', REGISTRY_FAULTS.filter((fault, index) => !isSlow(fault) && index % 2 === 0)],
  ['other-registry', REGISTRY_FAULTS.filter((fault, index) => !isSlow(fault) && index % 2 === 1)],
  ['slow-registry', REGISTRY_FAULTS.filter(isSlow)],
];

beforeAll(async () => {
  const [first] = await Promise.all(LANES.map(([name, faults]) => tryAll(name, faults)));
  if (first === undefined) throw new Error('there are lanes');
  lane = first;
}, 240_000);
afterAll(() => scope.disposeAsync());

function isSlow({ fault }: RegistryFault): boolean {
  return fault() === hangs;
}

async function tryAll(name: string, faults: readonly RegistryFault[]): Promise<Lane> {
  const git = scope.use(createRepository());
  const web = await freshRepository('IMMUTABLE');
  const opened = await openLane(name, scope, git.url);
  const start = async (bundle: 'source' | 'reconcile') => scope.use(await startBundle(bundle, opened.environment));
  const world = { name, lane: opened, git, web, source: await start('source'), reconcile: await start('reconcile') };
  for (const [index, fault] of faults.entries()) seen.set(fault.what, await tryFault(fault, `v${index}`, world));
  const audit = scope.use(await startBundle('audit', opened.environment));
  const isEcr = ({ service }: AwsRequest) => service === 'ecr';
  // What is found is remembered for ten minutes: the faults come first.
  for (const fault of faults) audits.set(fault.what, await tryAudit(opened, audit, isSlow(fault) ? asksForImages : isEcr, fault.fault()));
  audits.set(`${name}, over`, await tryAudit(opened, audit, () => false, hangs));
  audits.set(`${name}, without history`, await tryAudit(opened, audit, HISTORY_FAULT.meets, HISTORY_FAULT.fault()));
  return opened;
}

interface World {
  readonly name: string;
  readonly lane: Lane;
  readonly git: TestRepository;
  readonly web: PushTarget;
  readonly source: Bundle;
  readonly reconcile: Bundle;
}

/** A commit with a tag that was never asked for, the fault while it is, and a poll without it. */
async function tryFault(fault: RegistryFault, version: string, world: World): Promise<Seen> {
  const { lane: opened, git, web, source, reconcile } = world;
  const digest = await pushImage(web, version, { variant: version }, signal);
  const namespace = `borders-${world.name}-victim`;
  git.commit({
    'victim/settings.yaml': settingsFile(world.name, 'victim', version),
    'victim/web.yaml': deploymentFile(namespace, `${web.registry}/${web.repository}:${version}`),
    'healthy/settings.yaml': settingsFile(world.name, 'healthy', version),
  });
  const runsDigest = async () =>
    JSON.stringify((await opened.get('victim', `/apis/apps/v1/namespaces/${namespace}/deployments/web`)).body).includes(digest);
  const startedAt = new Date().toISOString();
  opened.border.break(asksForImages, fault.fault());
  const retried = retriedOf(await source.invoke(sqsEvent({ repository: git.url })));
  const hits = opened.border.mend();
  await reconcile.invoke(BOTH);
  const found = {
    hits,
    startedAt,
    retried,
    status: await opened.status('victim'),
    records: await opened.stores.records.query({ cluster: 'victim', since: startedAt }),
    version: await opened.liveVersion('victim'),
    isApplied: await runsDigest(),
    healthy: { status: await opened.status('healthy'), version: await opened.liveVersion('healthy') },
    command: await opened.plumbline('reconcile', 'victim', '--json'),
  };
  await source.invoke(sqsEvent({ repository: git.url }));
  await reconcile.invoke(BOTH);
  return { ...found, recovered: { status: await opened.status('victim'), isApplied: await runsDigest() } };
}

async function tryAudit({ border, stores }: Lane, audit: Bundle, meets: (request: AwsRequest) => boolean, fault: AwsFault): Promise<Audit> {
  const printed = audit.log().length;
  border.break(meets, fault);
  const answer = await audit.invoke({});
  const hits = border.mend();
  const records = await stores.records.query({ cluster: 'victim', kind: 'image', open: true });
  // What is found of pods, at `Deployment …`, is looked at again once an hour.
  const open = records.flatMap((record) => (record.kind === 'run' || record.changes[0]?.path.includes(' ') ? [] : [record.class]));
  return { hits, answer, log: audit.log().slice(printed), open };
}

const asksForImages = ({ service, operation }: AwsRequest) => service === 'ecr' && operation === 'BatchGetImage';

function seenOf(fault: RegistryFault): Seen {
  const found = seen.get(fault.what);
  if (found === undefined) throw new Error(`${fault.what}: it was not tried`);
  return found;
}

describe.each(REGISTRY_FAULTS.map((fault): [string, RegistryFault] => [fault.what, fault]))('%s', (_what, fault) => {
  it('blocks the workload whose image nobody vouches for, and says what was asked and what to do', () => {
    const { hits, status, retried, isApplied } = seenOf(fault);
    expect(hits).toBeGreaterThan(0);
    expect(retried).toEqual([]);
    expect(status).toMatchObject({ status: 'blocked', failure: { reason: 'ImageUnverifiable' } });
    for (const words of fault.says) expect(status.failure?.message).toContain(words);
    expect(isApplied).toBe(false);
  });

  it('is the record of the workload: unverifiable, never missing', () => {
    const { records } = seenOf(fault);
    expect(records.filter(({ error }) => error?.reason === 'TagUnresolvable')).toEqual([]);
    const blocked = records.filter((record) => record.kind !== 'run' && record.error?.reason === 'ImageUnverifiable');
    expect(blocked).toMatchObject([{ class: 'image', decision: 'blocked', object: { kind: 'Deployment', name: 'web' } }]);
  });

  it('ends the command with 1', () => {
    const { command } = seenOf(fault);
    expect(command.status, command.error).toBe(1);
    for (const words of fault.says) expect(command.error).toContain(words);
  });

  it('keeps neither the other objects nor the other cluster from being reconciled', () => {
    const { version, healthy, startedAt } = seenOf(fault);
    expect(version).toBe(healthy.version);
    expect(healthy.status).toMatchObject({ status: 'in sync' });
    expect((healthy.status.observedAt ?? '') >= startedAt).toBe(true);
  });

  it('is over with the next poll, without a commit', () => {
    const { recovered } = seenOf(fault);
    expect(recovered.status).toMatchObject({ status: 'in sync' });
    expect(recovered.isApplied).toBe(true);
  });
});

function auditOf(what: string): Audit {
  const found = audits.get(what);
  if (found === undefined) throw new Error(`${what}: it was not audited`);
  return found;
}

describe('an audit of images', () => {
  it.each(REGISTRY_FAULTS.map(({ what }) => what))(
    '%s: the image is unverifiable, never gone, and the audit does not fail for it',
    (what) => {
      const { hits, answer, open } = auditOf(what);
      expect(hits).toBeGreaterThan(0);
      expect(answer).toEqual({ result: null });
      expect(open).toContain('run.unverifiable');
      expect(open).not.toContain('tag.unresolvable');
    },
  );

  it.each(LANES.map(([name]) => name))('takes that back when it can ask again: %s', (name) => {
    const { answer, open } = auditOf(`${name}, over`);
    expect(answer).toEqual({ result: null });
    expect(open).not.toContain('run.unverifiable');
  });

  it('fails in the end without the history of a tag, and says of how many clusters; what the registry says is found all the same', () => {
    const { hits, answer, log, open } = auditOf('registry, without history');
    expect(hits).toBeGreaterThan(0);
    expect(answer).toEqual({ thrown: expect.stringMatching(/^audit: the images of 1 of 2 clusters .*DynamoDB Query of table state-/) });
    expect(log).toContain('images audited in part');
    expect(open).toEqual(auditOf('registry, over').open);
  });

  it('has nothing to say of the cluster without images', async () => {
    expect(await lane.stores.records.query({ cluster: 'healthy', kind: 'image' })).toEqual([]);
  });
});
