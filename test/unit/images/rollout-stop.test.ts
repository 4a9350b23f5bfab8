import { describe, expect, it } from 'vitest';
import { rolloutPlace, seenNodes } from '../../../lib/images/gate/rollout-place.ts';
import { rolloutStop } from '../../../lib/images/gate/rollout-stop.ts';
import type { Platform, RolloutImage } from '../../../lib/images/types.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';

const IMAGE = `registry.example/web:1@sha256:${'a'.repeat(64)}`;
const [AMD, ARM, V8, WINDOWS]: readonly [Platform, Platform, Platform, Platform] = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64' },
  { os: 'linux', architecture: 'arm64', variant: 'v8' },
  { os: 'windows', architecture: 'amd64' },
];

const workload = (spec: object = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template: { spec: { containers: [{ name: 'app', image: IMAGE }], ...spec } } },
});
const affinity = (...terms: readonly object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
});
const expression = (operator: string, ...values: readonly string[]) => ({
  matchExpressions: [{ key: 'kubernetes.io/arch', operator, values }],
});
const index = (...platforms: readonly Platform[]): RolloutImage => ({ isIndex: true, platforms });

describe('nodes that an image has nothing for', () => {
  it.each<[string, RolloutImage, readonly Platform[], object, string | undefined]>([
    ['fit', index(AMD, ARM), [AMD], {}, undefined],
    ['fit whatever their variant', index(V8), [ARM], {}, undefined],
    ['stop an index without them', index(ARM), [AMD], {}, 'NoPlatform'],
    ['stop a single manifest of another platform', { isIndex: false, platforms: [ARM] }, [AMD], {}, 'PlatformPin'],
    ['stop one for another system', index(WINDOWS), [AMD], {}, 'NoPlatform'],
    ['stop nothing while some fit', index(ARM), [AMD, ARM], {}, undefined],
    ['stop nothing while no node is known', index(ARM), [], {}, undefined],
    ['stop nothing while the image is not known', {}, [AMD], {}, undefined],
    [
      'count where a selector takes the workload',
      index(ARM),
      [AMD, ARM],
      { nodeSelector: { 'kubernetes.io/arch': 'amd64' } },
      'NoPlatform',
    ],
    ['do not count where a selector keeps it away', index(ARM), [AMD, ARM], { nodeSelector: { 'kubernetes.io/arch': 'arm64' } }, undefined],
    ['may come, for a selector that none matches yet', index(ARM), [AMD], { nodeSelector: { 'kubernetes.io/arch': 'arm64' } }, undefined],
    ['are not told by another label', index(ARM), [AMD], { nodeSelector: { disk: 'fast' } }, 'NoPlatform'],
    ['count where affinity takes it', index(ARM), [AMD, ARM], affinity(expression('In', 'amd64')), 'NoPlatform'],
    ['do not count where affinity keeps it away', index(ARM), [AMD, ARM], affinity(expression('NotIn', 'amd64')), undefined],
    ['count where one term of several takes it', index(WINDOWS), [AMD, ARM], affinity(expression('In', 'arm64'), {}), 'NoPlatform'],
    ['are all possible by an operator that says nothing of them', index(ARM), [AMD], affinity(expression('Exists')), 'NoPlatform'],
  ])('%s', (_what, image, platforms, spec, reason) => {
    expect(rolloutStop(workload(spec), { images: { [IMAGE]: image } }, { platforms })?.reason).toBe(reason);
  });

  it('are named with what the image has', () => {
    const { message = '' } = rolloutStop(workload(), { images: { [IMAGE]: index(V8, WINDOWS) } }, { platforms: [AMD] }) ?? {};
    expect(message).toContain("has images for linux/arm64/v8, windows/amd64, and this cluster's nodes are linux/amd64; build it for them.");
  });
});

describe('what a registry says against an image', () => {
  const stops = [
    { reason: 'DigestMissing', message: 'gone.' },
    { reason: 'DigestNotReplicated', message: 'not there.', region: 'us-east-1' },
  ];
  it.each<[string, string | undefined, string]>([
    ['of a cluster elsewhere', 'eu-west-1', 'gone.'],
    ['of one in that region', 'us-east-1', 'gone. not there.'],
    ['of one in none', undefined, 'gone.'],
  ])('stops a rollout %s', (_what, region, message) => {
    const place = { platforms: [], ...(region === undefined ? {} : { region }) };
    expect(rolloutStop(workload(), { images: { [IMAGE]: { stops } } }, place)).toEqual({ reason: 'DigestMissing', message });
  });

  it('stops no rollout of what does not use it', () => {
    expect(rolloutStop(workload(), { images: { other: { stops } } }, { platforms: [] })).toBeUndefined();
    expect(rolloutStop(workload(), {}, { platforms: [AMD] })).toBeUndefined();
  });

  it('stops that of a custom resource, where plumbline.yaml says where its images are', () => {
    const custom = { apiVersion: 'example.com/v1', kind: 'App', metadata: { name: 'web' }, spec: { image: IMAGE } };
    const paths = [{ group: 'example.com', kind: 'App', path: 'spec.image' }];
    const images = { [IMAGE]: { ...index(ARM), stops } };
    expect(rolloutStop(custom, { images }, { platforms: [AMD] })).toBeUndefined();
    expect(rolloutStop(custom, { images, settings: { images: { paths } } }, { platforms: [AMD] })?.message).toMatch(
      /^gone\. image .* has images for/,
    );
  });
});

describe('the nodes of a cluster', () => {
  const seenAt = new Date('2026-01-01T00:00:00Z');
  it.each([
    ['are known for three hours', '2026-01-01T03:00:00Z', ['linux/amd64', 'linux/arm64']],
    ['and then not', '2026-01-01T03:00:01Z', []],
  ])('%s', (_what, now, platforms) => {
    const place = rolloutPlace(clusterRow('prod-eu'), seenNodes([ARM, AMD, ARM], seenAt.toISOString()), new Date(now));
    expect(place.platforms.map(({ os, architecture }) => `${os}/${architecture}`)).toEqual(platforms);
  });

  it('are not known before the audit has seen any', () => {
    expect(rolloutPlace(clusterRow('prod-eu'), undefined, seenAt).platforms).toEqual([]);
  });
});
