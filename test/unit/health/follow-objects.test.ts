import { describe, expect, it } from 'vitest';
import { assessHealth, type FollowedObject, followObjects, healthPolicy, startFollowing } from '../../../lib/health/index.ts';
import { ApiError, type ApiResource, type KubernetesClient } from '../../../lib/kubernetes/index.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { object } from './from-yaml.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const { rules } = healthPolicy();
const signal = new AbortController().signal;
const oneByOne = () => undefined;
const resource: ApiResource = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true, verbs: ['get'] };

const PENDING = object(
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {generation: 1}\nspec: {selector: {matchLabels: {app: web}}}\nstatus: {observedGeneration: 1}',
);
const CURRENT = object('apiVersion: v1\nkind: ConfigMap');
const NO_IMAGE = object(
  'apiVersion: v1\nkind: Pod\nspec: {nodeName: n}\nstatus: {phase: Pending, containerStatuses: [{name: app, image: x, state: {waiting: {reason: ErrImagePull}}}]}',
);

/** A cluster that holds some objects by name, and counts what it is asked. */
function cluster(
  live: Readonly<Record<string, KubernetesObject | Error>>,
  pods: readonly KubernetesObject[] | Error = [],
  replicaSets: readonly KubernetesObject[] = [],
) {
  const asked: string[] = [];
  const client: Pick<KubernetesClient, 'get' | 'list' | 'listInPages'> = {
    async *listInPages(_resource, { labelSelector }) {
      asked.push(`pages ${labelSelector}`);
      for (const [name, found] of Object.entries(live)) {
        if (found instanceof Error) throw found;
        yield { ...found, metadata: { ...found.metadata, namespace: 'shop', name } };
      }
    },
    get: async (_resource, { name }) => {
      asked.push(`get ${name}`);
      const found = live[name];
      if (found instanceof Error) throw found;
      return found;
    },
    list: async ({ kind }, { labelSelector, namespace, atMost }) => {
      asked.push(`list ${kind} ${namespace} ${labelSelector} ${atMost}`);
      if (pods instanceof Error) throw pods;
      return kind === 'Pod' ? pods : replicaSets;
    },
  };
  return { client, asked };
}

const followed = (name: string, changes: Partial<FollowedObject> = {}): FollowedObject => ({
  key: name,
  id: { namespace: 'shop', name },
  resource,
  desired: PENDING,
  seen: undefined,
  before: startFollowing(PENDING, new Date(START), 600),
  ...changes,
});
const minute = (minutes: number) => new Date(START + minutes * 60_000);
const forbidden = new ApiError({ status: 403, reason: 'Forbidden', message: 'list of Pod: not allowed' });

describe('followed objects', () => {
  it('are read unless the run has seen them', async () => {
    const { client, asked } = cluster({ a: CURRENT });
    const results = await followObjects(
      [followed('a'), followed('b', { seen: assessHealth(CURRENT, rules) })],
      { client, rules, listing: oneByOne, now: minute(0) },
      signal,
    );
    expect(results.map(({ key, health }) => `${key} ${health.status}`)).toEqual(['a healthy', 'b healthy']);
    expect(asked).toEqual(['get a']);
  });

  it('are degraded with the reason of their pods, which costs two short lists', async () => {
    const newest = object(
      'apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {labels: {pod-template-hash: new}, ownerReferences: [{uid: u1}]}',
    );
    const pod = { ...NO_IMAGE, metadata: { ...NO_IMAGE.metadata, labels: { 'pod-template-hash': 'new' } } };
    const { client, asked } = cluster({ a: PENDING }, [pod], [newest]);
    const [result] = await followObjects([followed('a')], { client, rules, listing: oneByOne, now: minute(1) }, signal);
    expect(result?.health).toMatchObject({ status: 'degraded', reason: 'ImagePullBackOff' });
    expect(asked).toEqual(['get a', 'list ReplicaSet shop app=web 100', 'list Pod shop app=web,pod-template-hash=new 50']);
  });

  it('are never healthy when they cannot be read', async () => {
    const { client } = cluster({ a: new ApiError({ status: 503, reason: 'Unavailable', message: 'no answer' }) });
    const at = async (now: Date) => (await followObjects([followed('a')], { client, rules, listing: oneByOne, now }, signal))[0]?.health;
    expect(await at(minute(1))).toMatchObject({ status: 'progressing', reason: 'NotReadable', message: 'no answer' });
    expect(await at(minute(10))).toMatchObject({ status: 'timed-out', reason: 'NotReadable' });
  });

  it('say so when their pods may not be read', async () => {
    const { client } = cluster({ a: PENDING }, forbidden);
    const [result] = await followObjects([followed('a')], { client, rules, listing: oneByOne, now: minute(1) }, signal);
    expect(result?.health).toMatchObject({ status: 'progressing', reason: 'PodsUnreadable' });
  });

  it('are let go when they are gone, and a Job that its TTL removed is healthy', async () => {
    const { client } = cluster({});
    const job = object('apiVersion: batch/v1\nkind: Job\nspec: {ttlSecondsAfterFinished: 0}');
    const results = await followObjects(
      [followed('a'), followed('b', { desired: job })],
      { client, rules, listing: oneByOne, now: minute(1) },
      signal,
    );
    expect(results).toMatchObject([
      { key: 'a', changed: false, isOver: true, health: { status: 'progressing' } },
      { key: 'b', changed: true, isOver: true, health: { status: 'healthy', reason: 'RemovedByTtl' } },
    ]);
  });

  it('keep what their pods said until their pods have their turn again', async () => {
    const failing = object(
      'apiVersion: apps/v1\nkind: Deployment\nspec: {selector: {matchLabels: {app: web}}}\nstatus: {observedGeneration: 1, conditions: [{type: Progressing, reason: ProgressDeadlineExceeded}]}',
    );
    const before = { ...startFollowing(PENDING, new Date(START), 600), status: 'degraded', reason: 'OOMKilled' } as const;
    const many = Array.from({ length: 30 }, (_, index) => followed(`d${index}`, { before }));
    const { client, asked } = cluster(Object.fromEntries(many.map(({ key }) => [key, failing])), [NO_IMAGE]);
    const results = await followObjects(many, { client, rules, listing: oneByOne, now: minute(11) }, signal);
    expect(asked.filter((call) => call.startsWith('list Pod'))).toHaveLength(20);
    expect(Map.groupBy(results, (result) => result.health.reason).get('ImagePullBackOff')).toHaveLength(20);
    expect(Map.groupBy(results, (result) => result.health.reason).get('OOMKilled')).toHaveLength(10);
  });

  describe('of which there are many', () => {
    const many = Array.from({ length: 300 }, (_, index) => `d${index}`);
    const look = (live: Parameters<typeof cluster>[0], pods: readonly KubernetesObject[] = []) => {
      const { client, asked } = cluster(live, pods);
      const listing = (_resource: ApiResource, count: number) => (count > 20 ? { labelSelector: 'ours' } : undefined);
      const objects = many.map((name) => followed(name));
      return { asked, results: followObjects(objects, { client, rules, listing, now: minute(1) }, signal) };
    };
    const all = (of: KubernetesObject) => Object.fromEntries(many.map((name) => [name, of]));

    it('are read in pages, all of them at once', async () => {
      const { asked, results } = look(all(CURRENT));
      expect((await results).every(({ health }) => health.status === 'healthy')).toBe(true);
      expect(asked).toEqual(['pages ours']);
    });

    it('are asked for their pods as any other, some in each run', async () => {
      const { asked, results } = look(all(PENDING), [NO_IMAGE]);
      expect(Map.groupBy(await results, ({ health }) => health.status).get('degraded')).toHaveLength(20);
      expect(asked.filter((call) => call.startsWith('list Pod'))).toHaveLength(20);
    });

    it('are read one by one where the pages lack them, and let go when they are gone', async () => {
      const { d7: _gone, ...others } = all(CURRENT);
      const { asked, results } = look(others);
      expect(Object.groupBy(await results, ({ health }) => health.status).progressing).toMatchObject([{ key: 'd7', isOver: true }]);
      expect(asked).toEqual(['pages ours', 'get d7']);
    });

    it('are never healthy because their pages could not be read', async () => {
      const gone = new ApiError({ status: 410, reason: 'Expired', message: 'too old' });
      const unavailable = new ApiError({ status: 503, reason: 'Unavailable', message: 'no answer' });
      const broken = Object.fromEntries(many.map((name, index) => [name, index === 50 ? gone : index < 50 ? CURRENT : unavailable]));
      const { asked, results } = look(broken);
      const byStatus = Object.groupBy(await results, ({ health }) => health.status);
      expect([byStatus.healthy?.length, byStatus.progressing?.length]).toEqual([50, 250]);
      // No more one by one than in any run.
      expect(asked.filter((call) => call.startsWith('get'))).toHaveLength(200);
    });
  });

  it('have their turn in later runs when there are very many', async () => {
    const names = Array.from({ length: 450 }, (_, index) => `d${index}`);
    const looked = new Set<string>();
    for (const minutes of [1, 2, 3]) {
      const { client, asked } = cluster({});
      const results = await followObjects(
        names.map((name) => followed(name)),
        { client, rules, listing: oneByOne, now: minute(minutes) },
        signal,
      );
      expect(asked).toHaveLength(200);
      for (const { key, isOver } of results) if (isOver) looked.add(key);
    }
    expect(looked.size).toBe(450);
  });
});
