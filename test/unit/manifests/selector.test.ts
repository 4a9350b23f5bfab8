import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { type ObjectSelector, selects } from '../../../lib/manifests/selector.ts';

const web: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', labels: { tier: 'front', team: 'shop' } },
};
const namespace: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };

describe('which objects a rule is about', () => {
  it.each<[ObjectSelector, KubernetesObject, boolean]>([
    [{}, web, true],
    [{ kind: 'Deployment' }, web, true],
    [{ kind: 'Deployment.apps' }, web, true],
    [{ kind: 'Deployment.extensions' }, web, false],
    [{ kind: 'deployment' }, web, false],
    [{ kind: 'Namespace' }, namespace, true],
    [{ name: 'web' }, web, true],
    [{ name: 'we' }, web, false],
    [{ name: 'we*' }, web, true],
    [{ name: '*' }, web, true],
    [{ namespace: 'shop' }, web, true],
    [{ namespace: 'sho*' }, web, true],
    [{ namespace: 'front' }, web, false],
    [{ namespace: 'shop' }, namespace, false],
    [{ labels: { tier: 'front' } }, web, true],
    [{ labels: { tier: 'front', team: 'pay' } }, web, false],
    [{ labels: { tier: '' } }, namespace, false],
    [{ kind: 'Deployment', name: 'web', namespace: 'shop', labels: { team: 'shop' } }, web, true],
    [{ kind: 'Deployment', name: 'api', namespace: 'shop' }, web, false],
  ])('%j of %j: %s', (selector, object, selected) => {
    expect(selects(selector, object)).toBe(selected);
  });
});
