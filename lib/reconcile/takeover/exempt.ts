import { groupOf, type KubernetesObject } from '../../manifests/object.ts';
import { formatPath, type Path } from '../path.ts';

/**
 * What is nobody's mischief, whoever owns it: never taken over and in no record. Finalizers are their controllers' to remove; `restartedAt`
 * is how a restart is asked for; `plumbline.dev` annotations are how people talk to us; the rest the cluster allocates.
 */
const EXEMPT: readonly RegExp[] = [
  /^status(\.|$)/,
  /^metadata\.(finalizers|ownerReferences)/,
  /^metadata\.annotations\["kubectl\.kubernetes\.io\/last-applied-configuration"\]$/,
  /^metadata\.annotations\["deployment\.kubernetes\.io\/revision"\]$/,
  /^metadata\.labels\["kubernetes\.io\/metadata\.name"\]$/,
  /^metadata\.annotations\["plumbline\.dev\//,
  /\.annotations\["kubectl\.kubernetes\.io\/restartedAt"\]$/,
];

const EXEMPT_OF_KIND: Readonly<Record<string, RegExp>> = {
  '/Pod': /\[name=kube-api-access-|kubernetes\.io\/serviceaccount\]/,
  '/Service': /^spec\.(clusterIPs?|healthCheckNodePort|ports\[[^\]]*\]\.nodePort)(\[|$)/,
  '/PersistentVolumeClaim': /^spec\.volumeName$/,
  '/Namespace': /^spec\.finalizers/,
  '/ReplicationController': /^spec\.replicas$/,
  'apps/Deployment': /^spec\.replicas$/,
  'apps/ReplicaSet': /^spec\.replicas$/,
  'apps/StatefulSet': /^spec\.replicas$/,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': /\.caBundle$/,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': /\.caBundle$/,
  'apiextensions.k8s.io/CustomResourceDefinition': /\.caBundle$/,
  'apiregistration.k8s.io/APIService': /\.caBundle$/,
  'batch/Job': /\b(controller-uid|job-name)\b/,
};

/** `replicas` that Git does not state are whoever's who scales: without an owner they would fall back to one. */
export function isExempt({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>, path: Path): boolean {
  const text = formatPath(path);
  return EXEMPT.some((pattern) => pattern.test(text)) || (EXEMPT_OF_KIND[`${groupOf(apiVersion)}/${kind}`]?.test(text) ?? false);
}
