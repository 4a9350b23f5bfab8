import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterStatus } from '../../../lib/cli/describe-status.ts';
import { pushImage } from '../../../lib/local/registry.ts';
import type { PlumblineRecord } from '../../../lib/records/record.ts';
import { type AwsRequest, answers } from '../../helpers/aws-border.ts';
import type { Ended } from '../../helpers/fleet.ts';
import { createRepository } from '../../helpers/git-repository.ts';
import { freshRepository } from '../../helpers/registry.ts';
import { type Bundle, retriedOf, sqsEvent, startBundle } from './bundle.ts';
import { type Lane, openLane } from './lane.ts';
import { REGISTRY_FAULTS, type RegistryFault } from './registry-faults.ts';

interface Seen {
  readonly hits: number;
  readonly startedAt: string;
  readonly retried: readonly number[];
  readonly status: ClusterStatus;
  readonly records: readonly PlumblineRecord[];
  /** Of the ConfigMap beside the workload, and whether the workload itself was applied. */
  readonly version: string | undefined;
  readonly workload: number;
  readonly healthy: { readonly status: ClusterStatus; readonly version: string | undefined };
  readonly command: Ended;
  readonly recovered: { readonly status: ClusterStatus; readonly image: string };
}

const BOTH = sqsEvent({ cluster: 'victim', reason: 'artifact' }, { cluster: 'healthy', reason: 'artifact' });
const signal = AbortSignal.timeout(240_000);
const scope = new AsyncDisposableStack();
const seen = new Map<string, Seen>();
let lane: Lane;
let repository: string;
let audit: Bundle;

beforeAll(async () => {
  const git = scope.use(createRepository());
  const web = await freshRepository('IMMUTABLE');
  repository = web.repository;
  lane = await openLane('registry', scope, git.url);
  const start = async (name: 'source' | 'reconcile' | 'audit') =>
    scope.adopt(await startBundle(name, lane.environment), (started) => started.close());
  const [source, reconcile] = [await start('source'), await start('reconcile')];
  audit = await start('audit');
  for (const [index, fault] of REGISTRY_FAULTS.entries()) {
    const version = `v${index}`;
    const digest = await pushImage(web, version, { variant: version }, signal);
    const namespace = 'borders-registry-victim';
    git.commit({
      'victim/settings.yaml': settingsIn(namespace, version),
      'victim/web.yaml': workload(namespace, `${web.registry}/${repository}:${version}`),
      'healthy/settings.yaml': settingsIn('borders-registry-healthy', version),
    });
    const startedAt = new Date().toISOString();
    lane.border.break(asksForImages, fault.fault());
    const retried = retriedOf(await source.invoke(sqsEvent({ repository: git.url })));
    const hits = lane.border.mend();
    await reconcile.invoke(BOTH);
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
    const { status: found, body: before } = await lane.get('victim', path);
    const isNew = JSON.stringify(before).includes(digest);
    const state = {
      hits,
      startedAt,
      retried,
      status: await lane.status('victim'),
      records: await lane.stores.records.query({ cluster: 'victim', since: startedAt }),
      version: await lane.liveVersion('victim'),
      workload: isNew ? found : 404,
      healthy: { status: await lane.status('healthy'), version: await lane.liveVersion('healthy') },
      command: await lane.plumbline('reconcile', 'victim', '--json'),
    };
    await source.invoke(sqsEvent({ repository: git.url }));
    await reconcile.invoke(BOTH);
    const image = JSON.stringify((await lane.get('victim', path)).body).includes(digest) ? digest : '';
    seen.set(fault.what, { ...state, recovered: { status: await lane.status('victim'), image } });
  }
}, 240_000);
afterAll(() => scope.disposeAsync());

const asksForImages = ({ service, operation, text }: AwsRequest) =>
  service === 'ecr' && operation === 'BatchGetImage' && text.includes(repository);

function settingsIn(namespace: string, version: string): string {
  return `apiVersion: v1
kind: Namespace
metadata:
  name: ${namespace}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: ${namespace}
data:
  version: ${version}
`;
}

function workload(namespace: string, image: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: ${namespace}
spec:
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: ${image}
`;
}

function seenOf(fault: RegistryFault): Seen {
  const found = seen.get(fault.what);
  if (found === undefined) throw new Error(`${fault.what}: it was not tried`);
  return found;
}

describe.each(REGISTRY_FAULTS.map((fault): [string, RegistryFault] => [fault.what, fault]))('%s', (_what, fault) => {
  it('blocks the workload whose image nobody vouches for, and says what was asked and what to do', () => {
    const { hits, status, retried, workload: applied } = seenOf(fault);
    expect(hits).toBeGreaterThan(0);
    expect(retried).toEqual([]);
    expect(status).toMatchObject({ status: 'blocked', failure: { reason: 'ImageUnverifiable' } });
    for (const words of fault.says) expect(status.failure?.message).toContain(words);
    expect(applied).toBe(404);
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
    expect((healthy.status.verifiedAt ?? '') >= startedAt).toBe(true);
  });

  it('is over with the next poll, without a commit', () => {
    const { recovered } = seenOf(fault);
    expect(recovered.status).toMatchObject({ status: 'in sync' });
    expect(recovered.image).toMatch(/^sha256:/);
  });
});

it('an audit that may not ask finds the image unverifiable, never gone, and does not fail for it', async () => {
  lane.border.break(({ service }) => service === 'ecr', answers(403, 'AccessDeniedException'));
  const answer = await audit.invoke({});
  expect(lane.border.mend()).toBeGreaterThan(0);
  expect(answer).toEqual({ result: null });
  const open = await lane.stores.records.query({ cluster: 'victim', kind: 'image', open: true });
  const classes = new Set(open.flatMap((record) => (record.kind === 'run' ? [] : [record.class])));
  expect(classes).toContain('run.unverifiable');
  expect(classes).not.toContain('tag.unresolvable');
  expect(await lane.stores.records.query({ cluster: 'healthy', kind: 'image' })).toEqual([]);
});
