import type { DesiredSettings } from '../settings/settings.ts';

/**
 * What kind of program a field manager is: a `person`'s tool, whose fields do not belong beside ours; a `controller`, whose fields do; or
 * `unclassified`, whose fields are open drift until somebody decides.
 */
export type ManagerClass = 'person' | 'controller' | 'unclassified';

export type ClassifyManager = (manager: string) => ManagerClass;

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

/**
 * Under these names the server sums up what many wrote: everything that was there before anybody applied, and the oldest of more than ten
 * managers. Taking that over would take finalizers and scale workloads to one, whatever a setting says of the name.
 */
const SUMS_OF_MANY = new Set(['before-first-apply', 'ancient-changes']);

/** By what `plumbline.yaml` says of managers, else by what is known of them. */
export function managerClassifier(settings: DesiredSettings['managers'] = {}): ClassifyManager {
  const { people = [], controllers = [] } = settings;
  return (manager) => {
    if (SUMS_OF_MANY.has(manager)) return 'unclassified';
    if (controllers.some((pattern) => matchesName(pattern, manager))) return 'controller';
    if (people.some((pattern) => matchesName(pattern, manager))) return 'person';
    if (TOOLS_OF_PEOPLE.test(manager)) return 'person';
    return CONTROLLERS.has(manager) ? 'controller' : 'unclassified';
  };
}

/** `*` at the end of a pattern stands for any rest. */
export function matchesName(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
