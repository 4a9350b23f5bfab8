import { expect, it } from 'vitest';
import { type AllowedImage, managedPods } from '../../../lib/images/pods/managed-pods.ts';
import { findInPods } from '../../../lib/images/pods/pod-findings.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { deployment } from '../../helpers/workloads.ts';

const WEB = 'registry.example/web:1';
const PROXY = 'mesh.example/proxy:1.2';
const labels = { app: 'web' };
const containers = [{ name: 'c0', image: WEB, securityContext: { readOnlyRootFilesystem: true } }];
const replicaSet: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: 'web-1',
    namespace: 'shop',
    uid: 'u1',
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u0', controller: true }],
  },
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
};
const pod = (name: string, images: readonly string[], owned: boolean): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'shop',
    ...(owned ? { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'u1', controller: true }] } : {}),
  },
  spec: { containers: images.map((image, index) => ({ ...containers[0], name: `c${index}`, image })) },
});

function find(...allowed: readonly AllowedImage[]): readonly string[] {
  const pods = [pod('web-1-a', [WEB, PROXY], true), pod('copy', [WEB], false)];
  const live = { pods, nodes: [], replicaSets: [replicaSet], controllerRevisions: [], jobs: [] };
  const knowledge = { graph: new Map(), standing: new Map(), lastSeen: () => undefined, builds: new Map() };
  const managed = managedPods(live, { objects: [deployment('web', WEB)], settings: { images: { allowed: [...allowed] } } });
  return findInPods(managed, knowledge).facts.map(({ class: id }) => id);
}

const reason = 'it is meant to be there';
it.each<[string, readonly AllowedImage[], readonly string[]]>([
  ['nothing', [], ['pod.injected', 'pod.debug-copy']],
  ['the image', [{ finding: 'pod.injected', image: PROXY, reason }], ['pod.debug-copy']],
  ['every tag of it', [{ finding: 'pod.injected', image: 'mesh.example/proxy:*', reason }], ['pod.debug-copy']],
  ['another image', [{ finding: 'pod.injected', image: 'mesh.example/proxy', reason }], ['pod.injected', 'pod.debug-copy']],
  ['the image for another finding', [{ finding: 'pod.debug-copy', image: PROXY, reason }], ['pod.injected', 'pod.debug-copy']],
  ['copies', [{ finding: 'pod.debug-copy', image: 'registry.example/*', reason }], ['pod.injected']],
])('says what plumbline.yaml does not allow where it allows %s', (_what, allowed, ids) => {
  expect(find(...allowed).filter((id) => id.startsWith('pod.'))).toEqual(ids);
});
