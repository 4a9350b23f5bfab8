import { describe, expect, it } from 'vitest';
import type { KubernetesObject, ManagedFieldsEntry } from '../../../lib/manifests/object.ts';
import { fieldsOfOthers, foreignFields } from '../../../lib/reconcile/foreign-fields.ts';
import { classifyManager } from '../../../lib/reconcile/managers.ts';
import { formatPath } from '../../../lib/reconcile/path.ts';
import { configMap, deployment, IDENTITY, managed, ours, update } from './objects.ts';

const GIT = deployment({ containers: [{ name: 'app', image: 'web:1' }] }, { labels: { app: 'web' } });
const APP = { name: 'app', image: 'web:1' };
const DEBUG = { name: 'debug', image: 'debug:1' };
const inContainers = (fields: object) => ({ 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { ...fields } } } } });
const itemFields = { '.': {}, 'f:name': {}, 'f:image': {}, 'f:imagePullPolicy': {} };

function found(live: KubernetesObject, ...entries: readonly ManagedFieldsEntry[]): readonly string[] {
  return fieldsOfOthers(managed(live, ours(GIT), ...entries), managed(GIT, ours(GIT)), IDENTITY.fieldManager).map(({ path }) =>
    formatPath(path),
  );
}

describe('fields beside ours', () => {
  it.each<[string, KubernetesObject, readonly ManagedFieldsEntry[], readonly string[]]>([
    [
      'a sidecar, as one item',
      deployment({ containers: [APP, DEBUG] }),
      [update('kubectl-patch', inContainers({ 'k:{"name":"debug"}': itemFields }))],
      ['spec.template.spec.containers[name=debug]'],
    ],
    [
      'a variable in our container',
      deployment({ containers: [{ ...APP, env: [{ name: 'X', value: '1' }] }] }),
      [update('node-fetch', inContainers({ 'k:{"name":"app"}': { 'f:env': { '.': {}, 'k:{"name":"X"}': { '.': {}, 'f:value': {} } } } }))],
      ['spec.template.spec.containers[name=app].env[name=X]'],
    ],
    [
      'a label',
      deployment({ containers: [APP] }, { labels: { app: 'web', owner: 'me' } }),
      [update('kubectl-label', { 'f:metadata': { 'f:labels': { 'f:owner': {} } } })],
      ['metadata.labels.owner'],
    ],
    [
      'a field of a manager that is neither a person’s nor a controller’s',
      deployment({ containers: [APP], nodeName: 'a' }),
      [update('custom', { 'f:spec': { 'f:template': { 'f:spec': { 'f:nodeName': {} } } } })],
      ['spec.template.spec.nodeName'],
    ],
    [
      'not a controller’s',
      deployment({ containers: [APP, DEBUG] }),
      [update('kube-controller-manager', inContainers({ 'k:{"name":"debug"}': itemFields }))],
      [],
    ],
    [
      'not one that a controller has too',
      deployment({ containers: [APP, DEBUG] }),
      [
        update('kubectl', inContainers({ 'k:{"name":"debug"}': itemFields })),
        update('kube-controller-manager', inContainers({ 'k:{"name":"debug"}': itemFields })),
      ],
      [],
    ],
    ['not what we own too', GIT, [update('kubectl-edit', inContainers({ 'k:{"name":"app"}': { 'f:image': {} } }))], []],
    ['not what is gone again', GIT, [update('kubectl-edit', inContainers({ 'k:{"name":"debug"}': itemFields }))], []],
    [
      'not what came through a subresource',
      deployment({ containers: [APP], replicas: 3 }),
      [update('kubectl', { 'f:spec': { 'f:template': { 'f:spec': { 'f:replicas': {} } } } }, 0, 'scale')],
      [],
    ],
    [
      'not what others write as a matter of course',
      deployment(
        { containers: [APP] },
        { finalizers: ['x/y'], annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'plumbline.dev/hold-until': 'x' } },
      ),
      [
        update('kubectl', {
          'f:metadata': {
            'f:finalizers': { 'v:"x/y"': {} },
            'f:annotations': { 'f:kubectl.kubernetes.io/last-applied-configuration': {}, 'f:plumbline.dev/hold-until': {} },
          },
        }),
      ],
      [],
    ],
  ])('%s', (_what, live, entries, paths) => expect(found(live, ...entries)).toEqual(paths));

  const others = fieldsOfOthers(
    managed(
      configMap({ spec: { type: 'ClusterIP', affinity: 'ClientIP' }, list: [{ name: 'x' }] }),
      update('kubectl-create', { 'f:spec': { 'f:type': {}, 'f:affinity': {} }, 'f:list': { 'k:{"name":"x"}': { '.': {} } } }),
    ),
    managed(configMap(), ours(configMap())),
    IDENTITY.fieldManager,
  );
  const paths = (alone: KubernetesObject | undefined) => foreignFields(others, alone).map(({ path }) => formatPath(path));

  it('are not foreign where an object from Git alone has them too', () => {
    expect(paths(configMap({ spec: { type: 'ClusterIP', affinity: 'None' } }))).toEqual(['spec.affinity', 'list[name=x]']);
  });
  it('are only told from defaults as items where no such object could be had', () => expect(paths(undefined)).toEqual(['list[name=x]']));
  it('are foreign all the same where they are labels and annotations, which have no defaults', () => {
    const annotated = managed(
      configMap({}, { annotations: { opened: 'yes' } }),
      update('kubectl', { 'f:metadata': { 'f:annotations': { 'f:opened': {} } } }),
    );
    const desired = configMap({}, { labels: { app: 'web' } });
    const fields = fieldsOfOthers(annotated, managed(desired, ours(desired)), IDENTITY.fieldManager);
    expect(foreignFields(fields, undefined).map(({ path }) => formatPath(path))).toEqual(['metadata.annotations.opened']);
  });
});

describe('a field manager', () => {
  it.each([
    ['kubectl-client-side-apply', 'person'],
    ['node-fetch', 'person'],
    ['rancher', 'person'],
    ['k9s', 'person'],
    ['horizontal-pod-autoscaler', 'controller'],
    ['kubelet', 'controller'],
    ['kubelet-impostor', 'unclassified'],
    ['before-first-apply', 'unclassified'],
    ['', 'unclassified'],
  ])('%s is a %s', (manager, expected) => expect(classifyManager(manager)).toBe(expected));
});
