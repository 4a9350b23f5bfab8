import { expect, it } from 'vitest';
import { digest, livePods, memoryImageContents, type PlayedPod, playedRegistry } from '../../helpers/live-pods.ts';
import { memoryLockStore } from '../../helpers/memory-stores.ts';
import { rendered } from '../../helpers/workloads.ts';
import { eksItem, emptyWorld, runCommand, type World } from './run-command.ts';

const WEB = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/web@${digest('a')}`;
const owner = { kind: 'ReplicaSet', name: 'web-1', above: 'web' };
const running: PlayedPod = { name: 'web-1-x', image: WEB, imageId: WEB, owner };
const untagged = WEB.replace(/@.*/, ':1');

function worldWith(pod: PlayedPod): World {
  const world = emptyWorld();
  world.items.set('prod-eu', eksItem('prod-eu'));
  const live = livePods([pod]);
  const kinds: Readonly<Record<string, (typeof live)['pods']>> = { Pod: live.pods, Node: live.nodes, ReplicaSet: live.replicaSets };
  const unused = () => Promise.reject(new Error('not asked for in this test'));
  const connect: World['images']['pods']['connect'] = async () => ({
    requests: 0,
    clusterUid: unused,
    serverVersion: unused,
    discover: unused,
    get: unused,
    list: async ({ kind }) => kinds[kind] ?? [],
    async *listInPages({ kind }) {
      yield* kinds[kind] ?? [];
    },
    listMetadata: unused,
    apply: unused,
    patch: unused,
    create: unused,
    delete: unused,
    close: async () => {},
  });
  const template = { spec: { containers: [{ name: 'app', image: pod.owner?.template ?? pod.image }] } };
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: 'shop', name: 'web' }, spec: { template } };
  world.desired = async () => ({
    ...rendered('b2', web),
    schemaVersion: 1,
    renderedAt: '2026-01-01T00:00:00Z',
    digests: [],
    findings: [],
    blocked: {},
  });
  const pods = { ...world.images.pods, connect, contents: playedRegistry(), store: memoryImageContents() };
  return { ...world, images: { ...world.images, pods, locks: memoryLockStore() } };
}

it.each<[string, PlayedPod, number, string]>([
  ['what Git meant', running, 0, 'verdict   match'],
  ['other bytes', { ...running, imageId: WEB.replace(/@.*/, `@${digest('b')}`) }, 2, 'verdict   mismatch'],
  ['nothing yet', { name: 'web-1-x', image: WEB, owner }, 2, 'not started'],
  ['a template without a digest', { ...running, image: untagged }, 2, 'its template has no digest'],
  ['a debug container beside it', { ...running, debug: 'busybox:1' }, 2, 'a debug container'],
  [
    'an image that was patched',
    { ...running, image: 'busybox:1', owner: { ...owner, template: WEB } },
    2,
    'was changed after the pod was made',
  ],
])('images trace of a pod that runs %s', async (_what, pod, status, text) => {
  const result = await runCommand(worldWith(pod), 'images', 'trace', 'prod-eu', 'shop/web-1-x');
  expect(result.out.replace(/ +/g, ' ')).toContain(text.replace(/ +/g, ' '));
  expect(result.status).toBe(status);
});
