import { describe, expect, it } from 'vitest';
import { managedPods } from '../../../lib/images/pods/managed-pods.ts';
import { findInPods } from '../../../lib/images/pods/pod-findings.ts';
import type { JsonObject } from '../../../lib/manifests/json.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { deployment } from '../../helpers/workloads.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const WEB = `registry.example/web:1@${digest('a')}`;
const PROXY = `registry.example/proxy:1@${digest('b')}`;
const paths = [{ group: 'example.com', kind: 'App', path: 'spec.image' }];
const APP: KubernetesObject = {
  apiVersion: 'example.com/v1',
  kind: 'App',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { image: WEB },
};

function pod(owner: JsonObject, image: string, namespace = 'shop'): KubernetesObject {
  const ownerReferences = [{ uid: 'u1', controller: true, ...owner }];
  const containerStatuses = [{ name: 'app', imageID: image.replace(':1@', '@'), image }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-0', namespace, ownerReferences },
    spec: { containers: [{ name: 'app', image }] },
    status: { containerStatuses },
  };
}

const BY_APP = { apiVersion: 'example.com/v1', kind: 'App', name: 'web' };
const BY_SET = { apiVersion: 'example.com/v1', kind: 'AppSet', name: 'web-1' };
const BY_STATEFUL_SET = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web' };

function find(one: KubernetesObject, ...objects: readonly KubernetesObject[]): readonly string[] {
  const live = { pods: [one], nodes: [], replicaSets: [], controllerRevisions: [], jobs: [] };
  const knowledge = { graph: new Map(), standing: new Map(), lastSeen: () => undefined, builds: new Map() };
  const { facts } = findInPods(managedPods(live, { objects, settings: { images: { paths } } }), knowledge);
  return facts.map(({ class: id, changes }) => `${id} ${changes[0]?.path}`);
}

describe('a pod of which no template is known', () => {
  const isSaid = ['run.unverifiable App shop/web [pods]'];
  it.each<[string, KubernetesObject, readonly string[]]>([
    ['is said of the custom resource that controls it', pod(BY_APP, WEB), isSaid],
    ['is said of it whatever its image is', pod(BY_APP, PROXY), isSaid],
    ['is said of the custom resource with its image, where something of that made it', pod(BY_SET, WEB), isSaid],
    ['is not Git’s where neither its controller nor its image is', pod(BY_SET, PROXY), []],
    ['is not Git’s in another namespace', pod(BY_SET, WEB, 'other'), []],
  ])('%s', (_what, one, lines) => {
    expect(find(one, APP)).toEqual(lines);
  });

  it('is said of a StatefulSet whose revision is gone', () => {
    const set = { ...deployment('web', WEB), kind: 'StatefulSet' };
    expect(find(pod(BY_STATEFUL_SET, WEB), set)).toContain('run.unverifiable StatefulSet shop/web [pods]');
  });

  it('is not taken for that of a built-in workload that has its image', () => {
    expect(find(pod(BY_SET, WEB), deployment('web', WEB)).filter((line) => line.startsWith('run.unverifiable'))).toEqual([]);
  });
});
