import { expect, it } from 'vitest';
import { allowListOf } from '../../../lib/images/allow-list.ts';
import { auditImages } from '../../../lib/images/audit.ts';
import { lockImages } from '../../../lib/images/locks/lock.ts';
import type { ImageRegistry, Resolution } from '../../../lib/images/registry/registry.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import type { RenderedSource } from '../../../lib/source/artifact.ts';
import { memoryLockStore } from '../../helpers/memory-stores.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const never = new AbortController().signal;
const clock = { now: () => new Date('2026-01-01T00:00:00Z') };
const DIGEST = `sha256:${'a'.repeat(64)}`;
const ROLLOUT = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/rollout:1';
const PLAIN = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/plain:1';
const found: Resolution = { state: 'found', digest: DIGEST, mediaType: 'x', platforms: [] };

function registryThatSays(resolution: Resolution): ImageRegistry {
  return {
    resolve: async (references) => new Map(references.map(({ text }) => [text, resolution])),
    settings: async () => new Map(),
  };
}

const rollout: KubernetesObject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template: { spec: { containers: [{ name: 'app', image: ROLLOUT }] } } },
};
const source: RenderedSource = {
  ...rendered('a1', rollout, deployment('api', PLAIN)),
  settings: { images: { paths: [{ group: 'argoproj.io', kind: 'Rollout', path: 'spec.template.spec.containers[*].image' }] } },
};
const lock = (policy: 'lock' | 'require-digest', resolution: Resolution = found) =>
  lockImages(source, policy, { registry: registryThatSays(resolution), locks: memoryLockStore(), clock }, never);

it('locks images of custom resources at the paths that plumbline.yaml names', async () => {
  const { objects, digests, blocked } = await lock('lock');
  expect(JSON.stringify(objects[0])).toContain(`${ROLLOUT}@${DIGEST}`);
  expect(digests.map(({ reference }) => reference)).toEqual([PLAIN, ROLLOUT]);
  expect(blocked).toEqual({});
});

it('blocks a custom resource whose image has no digest where Git must have one, or cannot be resolved', async () => {
  const key = 'argoproj.io/Rollout/shop/web';
  expect((await lock('require-digest')).blocked[key]).toMatchObject({ reason: 'DigestRequired' });
  const gone: Resolution = { state: 'missing', failure: { reason: 'ImageNotFound', message: 'gone' } };
  expect((await lock('lock', gone)).blocked[key]).toMatchObject({ reason: 'TagUnresolvable' });
});

it('audits them, and lists them among what a cluster may run', async () => {
  const artifact = await lock('lock');
  const moved: Resolution = { ...found, digest: `sha256:${'b'.repeat(64)}` };
  const history = { last: async () => new Map(), append: async () => undefined };
  const [audit] = await auditImages([{ cluster: 'prod-eu', artifact }], { registry: registryThatSays(moved), history, clock }, never);
  expect(audit?.findings.filter(({ id }) => id === 'tag.moved').map(({ reference }) => reference)).toEqual([PLAIN, ROLLOUT]);
  expect(audit?.findings.find(({ reference }) => reference === ROLLOUT)?.objects).toMatchObject([{ kind: 'Rollout', name: 'web' }]);
  expect(allowListOf(artifact).images).toContain(`${ROLLOUT.slice(0, -2)}@${DIGEST}`);
});
