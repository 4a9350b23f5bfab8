import { describe, expect, it } from 'vitest';
import { wantedImages } from '../../../lib/images/pods/audit-pods.ts';
import { readImageGraph } from '../../../lib/images/pods/image-graph.ts';
import { managedPods } from '../../../lib/images/pods/managed-pods.ts';
import { findInPods, type PodFacts } from '../../../lib/images/pods/pod-findings.ts';
import type { NoAnswer } from '../../../lib/images/registry/registry.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import {
  digest,
  index,
  livePods,
  memoryImageContents,
  type PlayedPod,
  type PlayedRegistry,
  playedRegistry,
  single,
} from '../../helpers/live-pods.ts';

const never = new AbortController().signal;
const EU = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const US = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const [A, B, ARM] = [digest('a'), digest('b'), digest('c')];
const WEB = `${EU}/web:1@${A}`;
const gone: NoAnswer = { state: 'missing', failure: { reason: 'ImageNotFound', message: 'gone' } };
const denied: NoAnswer = { state: 'unverifiable', failure: { reason: 'AccessDeniedException', message: 'denied' } };

function workload(kind: string, name: string, image: string, apiVersion = 'apps/v1'): KubernetesObject {
  const template = { spec: { containers: [{ name: 'app', image, securityContext: { readOnlyRootFilesystem: true } }] } };
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template };
  return { apiVersion, kind, metadata: { namespace: 'shop', name }, spec };
}

function replica(image: string, more: Partial<PlayedPod> = {}): PlayedPod {
  const imageId = `${image.replace(/:[^@]*@/, '@')}`;
  return { name: 'web-1-x', image, imageId, owner: { kind: 'ReplicaSet', name: 'web-1', above: 'web' }, ...more };
}

/** One process that looks at clusters, an hour apart where `hour` says so. */
function auditor(registry: PlayedRegistry) {
  const store = memoryImageContents();
  const seen = new Map<string, number>();
  let hour = 0;
  return {
    pass: (hours: number) => {
      hour += hours;
    },
    async look(
      objects: readonly KubernetesObject[],
      pods: readonly PlayedPod[],
      nodes?: Readonly<Record<string, string>>,
    ): Promise<PodFacts> {
      const managed = managedPods(livePods(pods, nodes), { objects });
      const clock = { now: () => new Date(Date.UTC(2026, 0, 1, hour)) };
      return findInPods(managed, await readImageGraph(wantedImages(managed), { contents: registry, store, seen, clock }, never));
    },
  };
}

const lines = ({ facts }: PodFacts) => facts.map(({ class: id, changes }) => `${id} ${changes[0]?.path}`).sort();
const messages = ({ facts }: PodFacts) => facts.map(({ error }) => error?.message ?? '').join('\n');

function open(id: string, desired: string | undefined, at = '2026-01-01T00:00:00Z', path = 'Deployment shop/web [app]'): ObjectRecord {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
  const common = { cluster: 'prod-eu', id: 'r', at, runId: 'r', revision: 'a1', sequence: 1, event: 'opened' } as const;
  const changes = [{ path, ...(desired === undefined ? {} : { desired }) }];
  return { ...common, kind: 'image', object, class: id, changes, decision: 'reported' };
}

describe('an image whose registry does not say whether it is still there', () => {
  it.each<[string, NoAnswer]>([
    ['denied', denied],
    ['throttled', { state: 'unverifiable', failure: { reason: 'RegistryFailed', message: 'registry answers HTTP 429' } }],
    ['schema 1', { state: 'unverifiable', failure: { reason: 'SchemaVersion1', message: 'the manifest is of schema version 1' } }],
    ['nested', { state: 'unverifiable', failure: { reason: 'NestedIndex', message: 'the index holds another index' } }],
  ])('is no pass, though what runs is what is meant: %s', async (_what, answer) => {
    const registry = playedRegistry();
    registry.answers.set(A, answer);
    const found = await auditor(registry).look([workload('Deployment', 'web', WEB)], [replica(WEB)]);
    expect(found.verdicts.map(({ verdict }) => verdict)).toEqual(['match']);
    expect(lines(found)).toEqual(['run.unverifiable Deployment shop/web [app]']);
    expect(messages(found)).toContain(`(${answer.failure.reason}: ${answer.failure.message})`);
    expect(found.closes(open('digest.missing', A))).toBe(false);
  });

  it('says so too of what was read an hour ago, and is done when the registry answers again', async () => {
    const registry = playedRegistry();
    const process = auditor(registry);
    const look = () => process.look([workload('Deployment', 'web', WEB)], [replica(WEB)]);
    expect(lines(await look())).toEqual([]);
    registry.answers.set(A, denied);
    process.pass(1);
    expect(lines(await look())).toEqual(['run.unverifiable Deployment shop/web [app]']);
    registry.answers.delete(A);
    const again = await look();
    expect(lines(again)).toEqual([]);
    expect(again.closes(open('run.unverifiable', A))).toBe(true);
  });

  it.each<[string, NoAnswer, readonly string[]]>([
    ['is gone', gone, ['digest.missing']],
    ['is not what its digest names', { state: 'unverifiable', failure: { reason: 'DigestMismatch', message: 'x' } }, ['run.unverifiable']],
    ['could not be read, without which bytes are compared', denied, []],
  ])('is held against its config: one that %s', async (_what, answer, ids) => {
    const registry = { ...playedRegistry(), config: async () => answer };
    const found = await auditor(registry).look([workload('Deployment', 'web', WEB)], [replica(WEB)]);
    expect(lines(found)).toEqual(ids.map((id) => `${id} Deployment shop/web [app]`));
  });
});

describe('one digest in two repositories', () => {
  const both = [workload('Deployment', 'web', WEB), workload('Deployment', 'api', `${US}/web:1@${A}`)];
  const pods = [replica(WEB), replica(`${US}/web:1@${A}`, { name: 'api-1-x', owner: { kind: 'ReplicaSet', name: 'api-1', above: 'api' } })];

  it('is missing only where it was deleted', async () => {
    const registry = playedRegistry();
    registry.answers.set(`${US}/web@${A}`, gone);
    expect(lines(await auditor(registry).look(both, pods))).toEqual(['digest.missing Deployment shop/api [app]']);
  });

  it('is not taken for present in one because it is in the other', async () => {
    const registry = playedRegistry();
    registry.answers.set(`${US}/web@${A}`, denied);
    const found = await auditor(registry).look(both, pods);
    expect(lines(found)).toEqual(['run.unverifiable Deployment shop/api [app]']);
    const api = 'Deployment shop/api [app]';
    expect(found.closes(open('digest.missing', A, undefined, api))).toBe(false);
    expect(found.closes(open('digest.missing', A))).toBe(true);
  });
});

describe('the existence of an image', () => {
  it('is that of what the nodes need of an index, now and each hour', async () => {
    const registry = playedRegistry();
    registry.answers.set(A, index(A, { amd64: B, arm64: ARM }));
    const process = auditor(registry);
    const look = () => process.look([workload('Deployment', 'web', WEB)], [replica(WEB)]);
    registry.answers.set(ARM, gone);
    expect(lines(await look())).toEqual([]);
    registry.answers.set(B, gone);
    process.pass(1);
    expect(lines(await look())).toEqual(['digest.missing Deployment shop/web [app]']);
    expect(registry.asked.map((call) => call.length)).toEqual([1, 1, 2]);
  });

  it('of a child that is gone before it was ever read is missing, and no mere unknown', async () => {
    const registry = playedRegistry();
    registry.answers.set(A, index(A, { amd64: B }));
    registry.answers.set(B, gone);
    expect(lines(await auditor(registry).look([workload('Deployment', 'web', WEB)], [replica(WEB)]))).toContain(
      'digest.missing Deployment shop/web [app]',
    );
  });

  it('is asked for what has no pod now: CronJobs, workloads of no replicas, and image volumes', async () => {
    const registry = playedRegistry();
    for (const one of [A, B, ARM]) registry.answers.set(one, gone);
    const web = workload('Deployment', 'web', WEB);
    const volumes = [{ name: 'model', image: { reference: `${EU}/model@${ARM}` } }];
    const mounting = { ...web, spec: { template: { spec: { containers: [{ name: 'app', image: WEB }], volumes } } } };
    const found = await auditor(registry).look([mounting, workload('CronJob', 'backup', `${EU}/backup@${B}`, 'batch/v1')], []);
    expect(lines(found)).toEqual([
      'digest.missing CronJob shop/backup [app]',
      'digest.missing Deployment shop/web [app]',
      'digest.missing Deployment shop/web [volume model]',
    ]);
    expect(messages(found)).toContain('its next pod will not start');
  });

  it('closes the alarm in every cluster once it was seen since, also where another cluster had it asked', async () => {
    const registry = playedRegistry();
    const process = auditor(registry);
    const look = () => process.look([workload('Deployment', 'web', WEB)], [replica(WEB)]);
    await look();
    const notAsked = await look();
    expect(notAsked.closes(open('digest.missing', A, '2025-12-31T23:00:00Z'))).toBe(true);
    expect(notAsked.closes(open('digest.missing', A, '2026-01-01T00:30:00Z'))).toBe(false);
  });
});

describe('pods of Git', () => {
  it('that nothing controls are held against the platform of their node', async () => {
    const registry = playedRegistry();
    const bare = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'shop', name: 'tool' },
      spec: { containers: [{ name: 'app', image: WEB }] },
    };
    const pod = { name: 'tool', image: WEB, imageId: `${EU}/web@${A}`, node: 'arm' };
    const found = await auditor(registry).look([bare], [pod], { arm: 'arm64' });
    expect(found.verdicts.map(({ verdict }) => verdict)).toEqual(['wrong-platform']);
  });

  it.each([
    ['a ReplicationController', 'ReplicationController', 'v1'],
    ['a custom resource', 'Cluster', 'v1'],
    ['a StatefulSet whose revision is not there', 'StatefulSet', 'v1'],
  ])('of %s are unverifiable, and close nothing', async (_what, kind, apiVersion) => {
    const owner = { kind, name: 'db' };
    const found = await auditor(playedRegistry()).look([workload(kind, 'db', WEB, apiVersion)], [replica(WEB, { owner })]);
    expect(lines(found)).toEqual([`run.unverifiable ${kind} shop/db [pods]`]);
    expect(found.closes(open('run.mismatch', A, undefined, `${kind} shop/db [app]`))).toBe(false);
    expect(found.closes(open('run.mismatch', A, undefined, `${kind} shop/other [app]`))).toBe(true);
  });

  it('whose controller Git does not have are not ours to judge', async () => {
    const found = await auditor(playedRegistry()).look(
      [workload('Deployment', 'web', WEB)],
      [replica(WEB, { owner: { kind: 'Cluster', name: 'db' } })],
    );
    expect(lines(found)).toEqual([]);
  });
});

it('shows no credentials of references that somebody wrote into a pod', async () => {
  const evil = 'robot:hunter2@evil.example/web:1';
  const patched = replica(evil, {
    imageId: `${EU}/web@${A}`,
    owner: { kind: 'ReplicaSet', name: 'web-1', above: 'web', template: WEB },
    debug: 'robot:hunter2@evil.example/debug:1',
  });
  const found = await auditor(playedRegistry()).look([workload('Deployment', 'web', WEB)], [patched]);
  expect(lines(found)).toEqual(['pod.ephemeral Deployment shop/web [debugger]', 'pod.image-patched Deployment shop/web [app]']);
  expect(JSON.stringify(found.facts)).not.toContain('hunter2');
  expect(found.facts.map(({ changes }) => changes[0]?.live)).toEqual(['***@evil.example/web:1', '***@evil.example/debug:1']);
});

it('finds a copy of a pod whose image has credentials without showing them', async () => {
  const image = 'robot:hunter2@evil.example/web:1';
  const pods = [replica(image, { imageId: '' }), { name: 'copy', image, owner: undefined }].map(({ owner, ...pod }) =>
    owner === undefined ? pod : { ...pod, owner },
  );
  const found = await auditor(playedRegistry()).look([workload('Deployment', 'web', image)], pods);
  expect(lines(found)).toContain('pod.debug-copy Pod shop/copy');
  expect(JSON.stringify(found.facts)).not.toContain('hunter2');
});

it('reads what is meant of an index and of what runs in one call where both are known', async () => {
  const registry = playedRegistry();
  registry.answers.set(A, { state: 'found', manifest: single(A) });
  const process = auditor(registry);
  await process.look([workload('Deployment', 'web', WEB)], [replica(WEB)]);
  await process.look([workload('Deployment', 'web', WEB)], [replica(WEB)]);
  expect(registry.asked).toHaveLength(1);
});
