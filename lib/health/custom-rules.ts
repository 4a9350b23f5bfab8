import { groupOf, type KubernetesObject } from '../manifests/object.ts';
import { current, failed, type HealthAssessment, inProgress } from './assessment.ts';
import { type Condition, conditionOf } from './fields.ts';

interface KnownGroup {
  /** Matches the whole group. */
  readonly group: RegExp;
  /** Kinds whose objects are only read by others and have no condition; undefined of groups without any. */
  readonly static?: ReadonlySet<string>;
  /** Conditions that have to be true; any one of `either` is enough. */
  readonly required: readonly string[];
  readonly either?: readonly string[];
  /** Conditions that are true of what will not get better by itself. */
  readonly failed?: readonly string[];
}

const READY = ['Ready'];

/** Groups whose controllers always say how an object is: one without a word of theirs has not been looked at yet. */
const KNOWN_GROUPS: readonly KnownGroup[] = [
  { group: /^cert-manager\.io$/, required: READY },
  { group: /^notification\.toolkit\.fluxcd\.io$/, static: new Set(['Alert', 'Provider']), required: READY },
  { group: /^(?:source|kustomize|helm|image)(?:\.[a-z]+)*\.toolkit\.fluxcd\.io$/, required: READY },
  { group: /^(?:serving|eventing|messaging|sources|flows|operator)\.knative\.dev$/, required: READY },
  {
    group: /^pkg\.crossplane\.io$/,
    static: kinds('DeploymentRuntimeConfig ControllerConfig ImageConfig Lock'),
    required: ['Installed', 'Healthy'],
  },
  {
    group: /^apiextensions\.crossplane\.io$/,
    static: kinds('Composition CompositionRevision EnvironmentConfig Usage'),
    required: ['Established'],
  },
  {
    group: /^(?:[a-z0-9-]+\.)*(?:crossplane|upbound)\.io$/,
    static: kinds('ProviderConfig ClusterProviderConfig ProviderConfigUsage StoreConfig'),
    required: READY,
  },
  { group: /^karpenter\.(?:sh|k8s\.aws)$/, required: READY },
  {
    group: /^(?:[a-z0-9-]+\.)+services\.k8s\.aws$/,
    static: kinds('FieldExport IAMRoleSelector'),
    required: [],
    either: ['Ready', 'ACK.ResourceSynced'],
    failed: ['ACK.Terminal'],
  },
  { group: /^external-secrets\.io$/, required: READY },
  { group: /^keda\.sh$/, static: kinds('TriggerAuthentication ClusterTriggerAuthentication'), required: READY },
  { group: /^(?:[a-z]+\.)?cluster\.x-k8s\.io$/, static: kinds('ClusterClass'), required: [], either: ['Available', 'Ready'] },
  { group: /^kafka\.strimzi\.io$/, required: READY },
];

/**
 * kstatus' last rule: `Ready`, where an object has it; else it is current. Of a known group the conditions are asked for, so that an object
 * which its controller has not seen yet is in progress.
 */
export function assessCustomResource(object: KubernetesObject): HealthAssessment {
  const known = KNOWN_GROUPS.find(({ group }) => group.test(groupOf(object.apiVersion)));
  if (known === undefined || known.static?.has(object.kind) === true) {
    const ready = conditionOf(object, 'Ready');
    return ready === undefined ? current('NoCondition', 'nothing in its status tells its health') : assessCondition(object, 'Ready', ready);
  }
  for (const type of known.failed ?? []) {
    const condition = conditionOf(object, type);
    if (condition?.status === 'True') return failed(condition.reason ?? type, condition.message);
  }
  const either = known.either?.find((type) => conditionOf(object, type) !== undefined) ?? known.either?.[0];
  for (const type of [...known.required, ...(either === undefined ? [] : [either])]) {
    const assessment = assessCondition(object, type, conditionOf(object, type));
    if (assessment.status !== 'current') return assessment;
  }
  return current('Ready', 'its controller says that it is ready');
}

function assessCondition(object: KubernetesObject, type: string, condition: Condition | undefined): HealthAssessment {
  if (condition === undefined) return inProgress('NoStatus', `its controller has not set the condition ${type} yet`);
  const { generation } = object.metadata;
  if (condition.observedGeneration !== undefined && generation !== undefined && condition.observedGeneration < generation)
    return inProgress('LatestGenerationNotObserved', `its condition ${type} is of an older generation`);
  if (condition.status === 'True') return current(condition.reason ?? type, condition.message || `its condition ${type} is true`);
  return inProgress(condition.reason ?? `Not${type}`, condition.message || `its condition ${type} is ${condition.status}`);
}

function kinds(names: string): ReadonlySet<string> {
  return new Set(names.split(' '));
}
