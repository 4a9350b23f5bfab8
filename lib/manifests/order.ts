import { groupOf, type KubernetesObject } from './object.ts';

/** 1 goes first. Deleting goes the other way. */
export type Stage = 1 | 2 | 3 | 4 | 5;

const STAGE_OF_KIND: Readonly<Record<string, Stage>> = {
  'apiextensions.k8s.io/CustomResourceDefinition': 1,
  '/Namespace': 1,
  'rbac.authorization.k8s.io/ClusterRole': 1,
  '/ResourceQuota': 3,
  '/LimitRange': 3,
  '/ServiceAccount': 3,
  'rbac.authorization.k8s.io/Role': 3,
  'rbac.authorization.k8s.io/RoleBinding': 3,
  'rbac.authorization.k8s.io/ClusterRoleBinding': 3,
  '/ConfigMap': 3,
  '/Secret': 3,
  '/PersistentVolume': 3,
  '/PersistentVolumeClaim': 3,
  '/Service': 3,
  'apiregistration.k8s.io/APIService': 5,
};

/**
 * The stage in which an object is applied: 1 CRDs, Namespaces, ClusterRoles; 2 `…Class` kinds; 3 what workloads refer to; 4 workloads, custom
 * resources and the rest; 5 admission policies, webhooks and APIServices, which could keep the others out if they came first.
 */
export function stageOf(object: Pick<KubernetesObject, 'apiVersion' | 'kind'>): Stage {
  const group = groupOf(object.apiVersion);
  const known = STAGE_OF_KIND[`${group}/${object.kind}`];
  if (known !== undefined) return known;
  if (group === 'admissionregistration.k8s.io') return 5;
  return object.kind.endsWith('Class') ? 2 : 4;
}
