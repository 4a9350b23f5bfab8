/**
 * What kind of program a field manager is: a `person`'s tool, whose fields do not belong beside ours; a `controller`, whose fields do; or
 * `unclassified`, whose fields are open drift until somebody decides.
 */
export type ManagerClass = 'person' | 'controller' | 'unclassified';

/** kubectl in all its verbs, Lens (which writes as node-fetch), k9s, Rancher. */
const TOOLS_OF_PEOPLE = /^(kubectl|node-fetch|k9s|rancher)/i;

const CONTROLLERS = new Set([
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'cloud-controller-manager',
  'aws-cloud-controller-manager',
  'cluster-autoscaler',
  'horizontal-pod-autoscaler',
  'vpa-updater',
  'vpa-recommender',
  'vpa-admission-controller',
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'daemonset-controller',
  'job-controller',
  'cronjob-controller',
  'endpoint-controller',
  'endpointslice-controller',
  'service-controller',
  'namespace-controller',
  'node-controller',
  'persistent-volume-binder',
  'clusterrole-aggregation-controller',
]);

export function classifyManager(manager: string): ManagerClass {
  if (TOOLS_OF_PEOPLE.test(manager)) return 'person';
  return CONTROLLERS.has(manager) ? 'controller' : 'unclassified';
}
