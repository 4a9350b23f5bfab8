import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../lib/manifests/json.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../../../lib/manifests/object.ts';
import { besideIgnored, fieldRulesOf, isIgnored } from '../../../lib/reconcile/field-rules.ts';
import { builtInRules, expandPointer, parsePointer } from '../../../lib/reconcile/ignore/index.ts';
import { formatPath } from '../../../lib/reconcile/path.ts';
import type { IgnoreRule } from '../../../lib/settings/field-settings.ts';
import { configMap, deployment, IDENTITY, managed, ours, update } from './objects.ts';

describe('a JSON pointer', () => {
  const value = {
    data: { 'a/b': 1, c: 2 },
    list: [
      { name: 'x', n: 1 },
      { name: 'y', n: 2 },
    ],
    plain: ['p', 'q'],
  };
  const hints = [{ 'f:list': { 'k:{"name":"x"}': {} } }];
  it.each([
    ['/data/c', ['data.c']],
    ['/data/a~1b', ['data["a/b"]']],
    ['/data/*', ['data["a/b"]', 'data.c']],
    ['/data/missing', ['data.missing']],
    ['/missing/data', []],
    ['/list/*/n', ['list[name=x].n', 'list[name=y].n']],
    ['/list/1/n', ['list[name=y].n']],
    ['/list/name=y', ['list[name=y]']],
    ['/list/n=1/name', ['list[name=x].name']],
    ['/list/name=z/n', []],
    ['/plain/1', ['plain[1]']],
  ])('%s names %j', (pointer, paths) => {
    expect([...expandPointer(parsePointer(pointer), value, hints)].map(formatPath)).toEqual(paths);
  });
});

const colours = { 'f:data': { 'f:colour': {} } };

/** What is applied of a ConfigMap with this data, beside a live one with that, and what is ignored of it. */
function beside(git: JsonObject, live: JsonObject, rules: IgnoreRule[], ...others: readonly ManagedFieldsEntry[]) {
  const desired = configMap({ data: git }, { labels: { tier: 'front' } });
  const object = managed(configMap({ data: live }, { labels: { tier: 'other' } }), ours(desired), ...others);
  const { desired: applied, ignored } = besideIgnored(
    desired,
    object,
    fieldRulesOf({ objects: [], settings: { ignore: rules } }),
    IDENTITY.fieldManager,
  );
  return { data: applied.data, ignored: ignored.map(formatPath) };
}

const POINTER = { pointers: ['/data/colour'] };

describe('an ignored field', () => {
  const git = { colour: 'blue', size: 'large' };
  it('is applied as it is live, so that it stays ours and is not changed', () => {
    expect(beside(git, { colour: 'red', size: 'small' }, [POINTER])).toEqual({
      data: { colour: 'red', size: 'large' },
      ignored: ['data.colour'],
    });
  });
  it('is released where another manager owns it, by apply or by update', () => {
    expect(beside(git, { colour: 'red' }, [POINTER], update('kubectl', colours)).data).toEqual({ size: 'large' });
    expect(beside(git, { colour: 'red' }, [POINTER], { ...update('flux', colours), operation: 'Apply' }).data).toEqual({ size: 'large' });
  });
  it('is not released to an entry of the status', () => {
    expect(beside(git, { colour: 'red' }, [POINTER], update('kubelet', colours, 0, 'status')).data).toEqual({
      colour: 'red',
      size: 'large',
    });
  });
  it('that is gone from the cluster is not put back', () => {
    expect(beside(git, { size: 'large' }, [POINTER]).data).toEqual({ size: 'large' });
  });
  it('that Git no longer states and that is ours is kept, and one that is nobody’s is not claimed', () => {
    const desired = configMap({ data: { size: 'large' } });
    const live = managed(configMap({ data: { colour: 'red', free: 'yes' } }), ours(configMap({ data: { colour: 'red' } })));
    const rules = fieldRulesOf({ objects: [], settings: { ignore: [{ pointers: ['/data/*'] }] } });
    expect(besideIgnored(desired, live, rules, IDENTITY.fieldManager).desired.data).toEqual({ colour: 'red' });
  });
  it('of several managers is released leaf by leaf', () => {
    const resources = { limits: { cpu: '1', memory: '1Gi' } };
    const git = deployment({ containers: [{ name: 'app', resources }] });
    const entry = update('sizer', {
      'f:spec': {
        'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"app"}': { 'f:resources': { 'f:limits': { 'f:cpu': {} } } } } } },
      },
    });
    const live = managed(
      deployment({ containers: [{ name: 'app', resources: { limits: { cpu: '4', memory: '2Gi' } } }] }),
      ours(git),
      entry,
    );
    const rules = fieldRulesOf({ objects: [], settings: { ignore: [{ pointers: ['/spec/template/spec/containers/*/resources'] }] } });
    expect(besideIgnored(git, live, rules, IDENTITY.fieldManager).desired).toEqual(
      deployment({ containers: [{ name: 'app', resources: { limits: { memory: '2Gi' } } }] }),
    );
  });
  it('covers what is inside of it and nothing beside it', () => {
    const path = [{ field: 'data' }, { field: 'a' }];
    expect([
      isIgnored([path], [...path, { field: 'b' }]),
      isIgnored([path], [{ field: 'data' }]),
      isIgnored([path], [{ field: 'data' }, { field: 'b' }]),
    ]).toEqual([true, false, false]);
  });
});

describe('a rule', () => {
  it.each<[string, IgnoreRule, boolean]>([
    ['of everything', POINTER, true],
    ['of the kind', { kind: 'ConfigMap', ...POINTER }, true],
    ['of another kind', { kind: 'Secret', ...POINTER }, false],
    ['of another group', { group: 'apps', ...POINTER }, false],
    ['of the name', { name: 'sett*', namespace: 'shop', ...POINTER }, true],
    ['of another namespace', { namespace: 'sho', ...POINTER }, false],
    ['of the label that Git has', { labels: { tier: 'front' }, ...POINTER }, true],
    ['of the label that somebody gave it', { labels: { tier: 'other' }, ...POINTER }, false],
    ['of a manager that owns the field', { managers: ['kube*'], ...POINTER }, true],
    ['of a manager that does not', { managers: ['terraform'], ...POINTER }, false],
    ['of a manager alone', { managers: ['kubectl'] }, true],
  ])('%s', (_what, rule, holds) => {
    const { ignored } = beside({ colour: 'blue' }, { colour: 'red' }, [rule], update('kubectl', colours));
    expect(ignored).toEqual(holds ? ['data.colour'] : []);
  });
});

describe('what is ignored without being asked', () => {
  const autoscaler = (apiVersion: string, kind: string, spec: JsonObject): KubernetesObject => ({
    apiVersion,
    kind,
    metadata: { name: 'x' },
    spec,
  });
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  it.each<[string, KubernetesObject, readonly string[]]>([
    ['replicas under an HPA', autoscaler('autoscaling/v2', 'HorizontalPodAutoscaler', { scaleTargetRef: target }), ['/spec/replicas']],
    [
      'replicas under KEDA, which need not name the kind',
      autoscaler('keda.sh/v1alpha1', 'ScaledObject', { scaleTargetRef: { name: 'web' } }),
      ['/spec/replicas'],
    ],
    [
      'resources under a VPA',
      autoscaler('autoscaling.k8s.io/v1', 'VerticalPodAutoscaler', { targetRef: target }),
      ['/spec/template/spec/containers/*/resources', '/spec/template/spec/initContainers/*/resources'],
    ],
    [
      'nothing under a VPA that only recommends',
      autoscaler('autoscaling.k8s.io/v1', 'VerticalPodAutoscaler', { targetRef: target, updatePolicy: { updateMode: 'Off' } }),
      [],
    ],
    ['nothing for what is no autoscaler', autoscaler('example.com/v1', 'HorizontalPodAutoscaler', { scaleTargetRef: target }), []],
  ])('%s', (_what, object, pointers) => {
    expect(builtInRules([object], 'shop')).toEqual(
      pointers.length === 0 ? [] : [{ group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web', pointers }],
    );
  });

  const workload = (spec: JsonObject) => ({ ...deployment({}), spec: { ...spec, template: { spec: { containers: [] } } } });
  const scaled = { 'f:spec': { 'f:replicas': {} } };
  const rules = fieldRulesOf({ objects: [] });
  it.each<[string, JsonObject, readonly ManagedFieldsEntry[], unknown, number]>([
    ['replicas that Git does not state stay ours', {}, [], 7, 0],
    [
      'replicas that a controller scales are released',
      { replicas: 2 },
      [update('kube-controller-manager', scaled, 0, 'scale')],
      undefined,
      1,
    ],
    ['replicas that a person scales are Git’s', { replicas: 2 }, [update('kubectl', scaled, 0, 'scale')], 2, 0],
  ])('%s', (_what, spec, entries, replicas, count) => {
    const live = managed(workload({ replicas: 7 }), ours(workload({ replicas: 7 })), ...entries);
    const { desired, ignoredCount } = besideIgnored(workload(spec), live, rules, IDENTITY.fieldManager);
    expect(Object(desired.spec).replicas).toBe(replicas);
    expect(ignoredCount).toBe(count);
  });
});
