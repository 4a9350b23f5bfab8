import { describe, expect, it } from 'vitest';
import { tracePod } from '../../../lib/images/pods/trace.ts';
import type { ImageLock } from '../../../lib/images/types.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { digest, livePods, memoryImageContents, type PlayedPod, playedRegistry } from '../../helpers/live-pods.ts';

const never = new AbortController().signal;
const WEB = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web';
const [NEW, OLD, OLDEST] = [digest('a'), digest('b'), digest('c')];
const owner = { kind: 'ReplicaSet', name: 'web-1', above: 'web' };

function lock(tag: string, locked: string, generation: number, firstRevision: string): ImageLock {
  const resolvedAt = '2026-01-01T00:00:00Z';
  return { reference: `${WEB}:${tag}`, digest: locked, mediaType: 'x', platforms: [], resolvedAt, generation, firstRevision };
}

function workload(kind: string, image: string): KubernetesObject {
  const spec = { template: { spec: { containers: [{ name: 'app', image }] } } };
  return { apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1', kind, metadata: { namespace: 'shop', name: 'web' }, spec };
}

/** A cluster that is meant to run `web:2`, of commit `b2`; `web:1` was locked twice before. */
function trace(pod: Partial<PlayedPod> & { readonly image: string }, kind = 'Deployment') {
  const live = livePods([{ name: 'web-1-x', owner, ...pod }]);
  const kinds: Readonly<Record<string, readonly KubernetesObject[]>> = { Pod: live.pods, Node: live.nodes, ReplicaSet: live.replicaSets };
  const locks = {
    list: async () => [lock('1', OLD, 2, 'a2')],
    generation: async (_repository: string, _reference: string, generation: number) =>
      generation === 1 ? lock('1', OLDEST, 1, 'a1') : undefined,
  };
  const connect = async () => ({
    list: async ({ kind: listed }: { readonly kind: string }) => kinds[listed] ?? [],
    async *listInPages({ kind: listed }: { readonly kind: string }) {
      yield* kinds[listed] ?? [];
    },
    close: async () => {},
  });
  const artifact = { objects: [workload(kind, `${WEB}:2@${NEW}`)], digests: [lock('2', NEW, 1, 'b1')], revision: 'b2' };
  const clock = { now: () => new Date(0) };
  const deps = { connect, contents: playedRegistry(), store: memoryImageContents(), seen: new Map<string, number>(), clock, locks };
  return tracePod({ row: clusterRow('prod-eu'), artifact }, { namespace: 'shop', name: 'web-1-x' }, deps, never);
}

describe('the commit of a container', () => {
  it('is the desired one where the pod is of what is desired', async () => {
    const [traced] = await trace({ image: `${WEB}:2@${NEW}`, imageId: `${WEB}@${NEW}` });
    expect(traced).toMatchObject({ reference: `${WEB}:2`, revision: 'b2', lock: { firstRevision: 'b1' }, verdict: 'match' });
  });

  it.each([
    ['an older template', OLD, 'a2', 2],
    ['an older generation of its lock', OLDEST, 'a1', 1],
  ])('is not that of %s, whose lock is found all the same', async (_what, locked, firstRevision, generation) => {
    const [traced] = await trace({ image: `${WEB}:1@${locked}`, imageId: `${WEB}@${locked}` });
    expect(traced).toMatchObject({ reference: `${WEB}:1`, lock: { digest: locked, firstRevision, generation }, verdict: 'match' });
    expect(traced).not.toHaveProperty('revision');
  });

  it('and its lock are not known where nobody locked it', async () => {
    const [traced] = await trace({ image: `${WEB}:1@${digest('d')}` });
    expect(traced).toMatchObject({ reference: `${WEB}:1@${digest('d')}` });
    expect(traced).not.toHaveProperty('lock');
  });
});

it('follows containers that no template has, and says what was changed', async () => {
  const template = `${WEB}:2@${NEW}`;
  const patched = await trace({
    image: 'robot:hunter2@evil.example/web:1',
    imageId: `${WEB}@${NEW}`,
    owner: { ...owner, template },
    debug: 'busybox:1',
  });
  expect(patched.map(({ container, reference, changed }) => [container, reference, changed])).toEqual([
    ['app', `${WEB}:2`, 'pod.image-patched'],
    ['debugger', 'busybox:1', 'pod.ephemeral'],
  ]);
});

it('follows a pod whose template is not known as far as that goes', async () => {
  const image = `${WEB}:2@${NEW}`;
  const traced = await trace(
    { image, imageId: `${WEB}@${NEW}`, owner: { kind: 'ReplicationController', name: 'web' } },
    'ReplicationController',
  );
  expect(traced).toMatchObject([{ container: 'app', node: 'amd', imageId: `${WEB}@${NEW}`, verdict: 'unverifiable' }]);
});
