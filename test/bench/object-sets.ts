import { writeFile } from 'node:fs/promises';
import { stringifyJson } from '../../lib/manifests/json.ts';
import type { KubernetesObject } from '../../lib/manifests/object.ts';
import { kindsFixture } from '../cluster/kinds/kinds-fixture.ts';
import type { ObjectSet } from './engines/engine.ts';
import { realisticApplications } from './realistic-applications.ts';

/** Kinds that teams keep in Git beside their applications, and that any cluster takes without an operator or a node. */
const OTHER_KINDS: ReadonlySet<string> = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'CSIDriver',
  'CSINode',
  'CSIStorageCapacity',
  'ControllerRevision',
  'CronJob',
  'DaemonSet',
  'DeviceClass',
  'Ingress',
  'IngressClass',
  'Job',
  'LimitRange',
  'NetworkPolicy',
  'Node',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'PodTemplate',
  'PriorityClass',
  'ReplicaSet',
  'ReplicationController',
  'ResourceClaim',
  'ResourceClaimTemplate',
  'ResourceQuota',
  'Role',
  'RoleBinding',
  'RuntimeClass',
  'Secret',
  'StatefulSet',
  'StorageClass',
  'VolumeAttachment',
  'VolumeAttributesClass',
]);

/** 40 kinds: realistic applications that scale by themselves, and one object or more of every other kind. */
export function realisticSet(): readonly KubernetesObject[] {
  const fixture = kindsFixture().objects;
  const namespaces = new Set(fixture.filter(({ kind }) => OTHER_KINDS.has(kind)).map(({ metadata }) => metadata.namespace));
  const others = fixture.filter(({ kind, metadata }) => OTHER_KINDS.has(kind) || (kind === 'Namespace' && namespaces.has(metadata.name)));
  return [...others, ...realisticApplications()];
}

export async function writeSet(objects: readonly KubernetesObject[], file: string): Promise<ObjectSet> {
  await writeFile(file, stringifyJson({ apiVersion: 'v1', kind: 'List', items: [...objects] }));
  return { objects, file };
}
