import { describe, expect, it } from 'vitest';
import type { Discovery } from '../../../lib/kubernetes/client.ts';
import { createDiscovery } from '../../../lib/kubernetes/discovery.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { type History, readHistory } from '../../../lib/reconcile/history.ts';
import { desiredKeys } from '../../../lib/reconcile/prune/index.ts';
import { targetArtifact } from '../../../lib/reconcile/target.ts';
import type { Artifact } from '../../../lib/source/artifact.ts';
import { memoryArtifactStore } from '../../helpers/memory-stores.ts';
import { configMap, IDENTITY } from './objects.ts';

const resource = (group: string, version: string, kind: string, namespaced: boolean) => ({
  group,
  version,
  kind,
  plural: `${kind.toLowerCase()}s`,
  namespaced,
  verbs: ['get', 'patch'],
});
const DISCOVERY: Discovery = createDiscovery([
  { apiVersion: 'v1', resources: [resource('', 'v1', 'ConfigMap', true), resource('', 'v1', 'Namespace', false)] },
  { apiVersion: 'metrics.example.com/v1', resources: [], gap: 'metrics.example.com/v1: its server is down.' },
]);
const object = (apiVersion: string, kind: string, metadata: KubernetesObject['metadata'], fields = {}): KubernetesObject => ({
  apiVersion,
  kind,
  metadata,
  ...fields,
});
const CRD = object(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  { name: 'widgets.example.com' },
  { spec: { group: 'example.com', names: { kind: 'Widget' } } },
);
const WIDGET = object('example.com/v1', 'Widget', { name: 'one' });

function artifact(objects: readonly KubernetesObject[], fields: Partial<Artifact> = {}): Artifact {
  return {
    schemaVersion: 1,
    repository: 'https://git.example/shop.git',
    reference: 'main',
    revision: 'a'.repeat(40),
    path: 'apps',
    objects,
    problems: [],
    digests: [],
    findings: [],
    blocked: {},
    renderedAt: '2026-01-01T00:00:00.000Z',
    ...fields,
  };
}

const targeted = (objects: readonly KubernetesObject[], fields: Partial<Artifact> = {}) =>
  targetArtifact(artifact(objects, fields), {
    discovery: DISCOVERY,
    identity: IDENTITY,
    history: () => undefined,
    stopOf: () => undefined,
  });

describe('a desired object becomes a target', () => {
  it('in the namespace of its release when it names none', () => {
    const objects = [
      object('v1', 'ConfigMap', { name: 'a' }),
      object('v1', 'ConfigMap', { name: 'b', namespace: 'other' }),
      object('v1', 'Namespace', { name: 'c' }),
    ];
    const keys = targeted(objects, { defaultNamespace: 'shop' }).targets.map(({ key }) => key);
    expect(keys).toEqual(['/ConfigMap/shop/a', '/ConfigMap/other/b', '/Namespace//c']);
  });

  it('with the scope that the cluster gives its kind, and our label', () => {
    const { targets } = targeted([
      object('v1', 'ConfigMap', { name: 'a' }),
      object('v1', 'Namespace', { name: 'shop', namespace: 'shop' }),
      configMap({}, { labels: { 'plumbline.dev/owner': 'forged', app: 'web' } }),
    ]);
    expect(targets.map(({ key, stage }) => [key, stage])).toEqual([
      ['/ConfigMap/default/a', 3],
      ['/Namespace//shop', 1],
      ['/ConfigMap/shop/settings', 3],
    ]);
    expect(targets[1]?.object.metadata).toEqual({ name: 'shop', labels: { 'plumbline.dev/owner': 'test.prod' } });
    expect(targets[2]?.object.metadata.labels).toEqual({ 'plumbline.dev/owner': 'test.prod', app: 'web' });
  });

  it.each<[string, readonly KubernetesObject[], Partial<Artifact>, readonly string[]]>([
    ['an unknown kind fails', [WIDGET], {}, ['failed unknown-kind UnknownKind']],
    [
      'a kind that discovery cannot tell of fails',
      [object('metrics.example.com/v1', 'Gauge', { name: 'g' })],
      {},
      ['failed unknown-kind DiscoveryGap'],
    ],
    [
      'of two manifests that are one object neither is taken',
      [configMap({}, { namespace: 'default' }), object('v1', 'ConfigMap', { name: 'settings' })],
      {},
      ['failed manifest DuplicateIdentity', 'failed manifest DuplicateIdentity'],
    ],
    [
      'a withheld image blocks its object',
      [configMap()],
      { blocked: { '/ConfigMap/shop/settings': { reason: 'ImageUnresolvable', message: 'x' } } },
      ['blocked image ImageUnresolvable'],
    ],
    [
      'a problem of a file is the file’s',
      [],
      { problems: [{ where: 'a.yaml:1', reason: 'InvalidYaml', message: 'x' }] },
      ['failed manifest InvalidYaml'],
    ],
  ])('or is said why not: %s', (_what, objects, fields, expected) => {
    const { targets, untargeted } = targeted(objects, fields);
    expect(targets).toEqual([]);
    expect(untargeted.map(({ decision, class: problem, failure }) => `${decision} ${problem} ${failure?.reason}`)).toEqual(expected);
  });

  describe('unless what is known of its images is against rolling it out', () => {
    const failure = { reason: 'DigestMissing', message: 'gone' };
    const [before, now] = [configMap({ data: { colour: 'red' } }), configMap({ data: { colour: 'blue' } })];
    const stopped = (objects: readonly KubernetesObject[], history: History) =>
      targetArtifact(artifact(objects), {
        discovery: DISCOVERY,
        identity: IDENTITY,
        history,
        stopOf: (written) => (written === now || written.kind === 'Widget' ? failure : undefined),
      });
    const was = (object: KubernetesObject | undefined) => () => ({ baseline: { object } });

    it.each<[string, History, boolean]>([
      ['it is new', () => undefined, true],
      ['Git has changed it', was(before), true],
      ['it is not known what it was', was(undefined), true],
      ['Git says of it what it said before', was(now), false],
    ])('when %s', (_what, history, isStopped) => {
      const { targets, untargeted } = stopped([now], history);
      expect(targets).toHaveLength(isStopped ? 0 : 1);
      expect(untargeted).toMatchObject(isStopped ? [{ decision: 'blocked', class: 'image', failure, id: { namespace: 'shop' } }] : []);
    });

    it('when its kind is only about to be defined', () => {
      const { waiting, untargeted } = stopped([WIDGET, CRD], () => undefined);
      expect(waiting).toEqual([]);
      expect(untargeted).toContainEqual(expect.objectContaining({ decision: 'blocked', failure }));
    });

    it('and leaves what depends on it in its place', () => {
      const depends = configMap({}, { name: 'after', annotations: { 'plumbline.dev/depends-on': 'ConfigMap/settings' } });
      const { targets, untargeted } = stopped([now, depends], () => undefined);
      expect(untargeted).toHaveLength(1);
      expect(targets).toMatchObject([{ key: '/ConfigMap/shop/after', dependsOn: ['/ConfigMap/shop/settings'] }]);
    });
  });

  it('later, when its kind is defined in the same desired state', () => {
    const { waiting, untargeted } = targeted([WIDGET, CRD]);
    expect(waiting).toMatchObject([{ object: WIDGET, definition: { name: 'widgets.example.com' } }]);
    expect(untargeted).toMatchObject([{ object: { kind: 'CustomResourceDefinition' } }]);
  });

  it('and keeps every key that it may have from being taken for removed', () => {
    const keys = desiredKeys(
      targeted([WIDGET, CRD], {
        problems: [
          {
            where: 'a.yaml:1',
            reason: 'X',
            message: 'x',
            object: { apiVersion: 'v1', group: '', kind: 'ConfigMap', namespace: 'shop', name: 'broken' },
          },
        ],
      }),
    );
    expect([...keys]).toEqual(
      expect.arrayContaining(['example.com/Widget//one', 'example.com/Widget/default/one', '/ConfigMap/shop/broken']),
    );
  });

  it('the desired state is incomplete when a file hides what is in it', () => {
    expect(targeted([configMap()]).complete).toBe(true);
    expect(targeted([], { problems: [{ where: 'a.yaml:1', reason: 'InvalidYaml', message: 'x' }] }).complete).toBe(false);
  });
});

describe('the history of an object', () => {
  const id = { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'settings', apiVersion: 'v1' };
  const signal = AbortSignal.timeout(5_000);

  it('is the version of the artifact that the object itself is at', async () => {
    const store = memoryArtifactStore();
    const old = await store.put(artifact([configMap({ data: { a: 'old' } })]));
    const now = artifact([configMap({ data: { a: 'new' } }), object('v1', 'ConfigMap', { name: 'other', namespace: 'shop' })]);
    const inventory = {
      objects: [
        { ...id, artifact: old, uid: 'u' },
        { ...id, name: 'other', artifact: 'now' },
      ],
    };
    const history = await readHistory(inventory, { digest: 'now', artifact: now }, store, signal);
    expect(history(id, configMap())).toEqual({ uid: 'u', baseline: { object: configMap({ data: { a: 'old' } }) } });
    expect(history({ ...id, name: 'other' }, configMap())?.baseline?.object).toBe(now.objects[1]);
    expect(history({ ...id, name: 'never' }, configMap())).toBeUndefined();
  });

  it('is known to be there, but not what it was, when the artifact is gone', async () => {
    const history = await readHistory(
      { objects: [{ ...id, artifact: 'gone' }] },
      { digest: 'now', artifact: artifact([]) },
      memoryArtifactStore(),
      signal,
    );
    expect(history(id, configMap())).toEqual({ baseline: { object: undefined } });
  });

  it('is none for an object that was declared and never applied', async () => {
    const history = await readHistory({ objects: [id] }, { digest: 'now', artifact: artifact([]) }, memoryArtifactStore(), signal);
    expect(history(id, configMap())).toEqual({});
  });

  it('finds a manifest that left its namespace to the cluster', async () => {
    const written = object('v1', 'ConfigMap', { name: 'settings' });
    const entry = { ...id, namespace: 'default', artifact: 'now' };
    const history = await readHistory(
      { objects: [entry] },
      { digest: 'now', artifact: artifact([written]) },
      memoryArtifactStore(),
      signal,
    );
    expect(history(entry, configMap({}, { namespace: 'default' }))?.baseline?.object).toBe(written);
  });
});
