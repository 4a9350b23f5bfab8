import { describe, expect, it } from 'vitest';
import { assessHealth, healthPolicy } from '../../../lib/health/index.ts';
import { object } from './from-yaml.ts';

const { rules } = healthPolicy();

function assess(head: string, yaml: string): string {
  const { status, reason } = assessHealth(object(`${head}\n${yaml}`), rules);
  return `${status} ${reason}`;
}

const of = (apiVersion: string, kind: string) => `apiVersion: ${apiVersion}\nkind: ${kind}`;

describe('what goes before the rules of a kind', () => {
  it.each([
    ['terminating Terminating', 'metadata: {generation: 2, deletionTimestamp: "2026-01-01T00:00:00Z"}\nstatus: {observedGeneration: 1}'],
    ['in-progress LatestGenerationNotObserved', 'metadata: {generation: 2}\nstatus: {observedGeneration: 1}'],
    ['in-progress Working', 'status: {conditions: [{type: Reconciling, status: "True", reason: Working}]}'],
    ['failed Stuck', 'status: {conditions: [{type: Stalled, status: "True", reason: Stuck}, {type: Ready, status: "True"}]}'],
    ['current NoCondition', 'status: {conditions: [{type: Reconciling, status: "False"}, {type: Stalled, status: "False"}]}'],
  ])('says %s', (expected, yaml) => {
    expect(assess(of('example.org/v1', 'Thing'), yaml)).toBe(expected);
  });

  it('says what a terminating object waits for', () => {
    const yaml = `${of('v1', 'ConfigMap')}\nmetadata: {deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: [a/b, c/d]}`;
    expect(assessHealth(object(yaml), rules).message).toBe('it is being deleted; it waits for a/b, c/d');
  });
});

const deployment = (status: string, spec = 'replicas: 2, progressDeadlineSeconds: 600') =>
  `metadata: {generation: 1}\nspec: {${spec}}\nstatus: {observedGeneration: 1, ${status}}`;
const AVAILABLE = '{type: Available, status: "True"}';
const NEW = '{type: Progressing, status: "True", reason: NewReplicaSetAvailable}';
const ALL = 'replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2';

describe('a Deployment', () => {
  it.each([
    ['in-progress NotObserved', 'metadata: {generation: 1}\nspec: {replicas: 0}'],
    ['in-progress LessReplicas', deployment('')],
    ['in-progress LessUpdated', deployment('replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2')],
    ['in-progress ExtraPods', deployment('replicas: 3, updatedReplicas: 2, readyReplicas: 3, availableReplicas: 3')],
    ['in-progress LessAvailable', deployment('replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 1')],
    ['in-progress LessReady', deployment('replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 2')],
    ['in-progress ReplicaSetNotAvailable', deployment(`${ALL}, conditions: [${AVAILABLE}]`)],
    ['in-progress DeploymentNotAvailable', deployment(`${ALL}, conditions: [${NEW}, {type: Available, status: "False"}]`)],
    ['current Available', deployment(`${ALL}, conditions: [${NEW}, ${AVAILABLE}]`)],
    ['current Available', deployment(`${ALL}, conditions: [${AVAILABLE}]`, 'replicas: 2')],
    ['current Available', deployment(`${ALL}, conditions: [${AVAILABLE}]`, 'replicas: 2, progressDeadlineSeconds: 2147483647')],
    ['current Available', deployment(`conditions: [${NEW}, ${AVAILABLE}]`, 'replicas: 0, progressDeadlineSeconds: 600')],
    [
      'failed ProgressDeadlineExceeded',
      deployment('replicas: 2, conditions: [{type: Progressing, status: "False", reason: ProgressDeadlineExceeded}]'),
    ],
    ['in-progress FailedCreate', deployment('replicas: 1, conditions: [{type: ReplicaFailure, status: "True", reason: FailedCreate}]')],
    [
      'current Paused',
      deployment(`replicas: 2, readyReplicas: 2, availableReplicas: 2, conditions: [${AVAILABLE}]`, 'replicas: 2, paused: true'),
    ],
    ['in-progress LessReplicas', deployment('', 'replicas: 2, paused: true')],
  ])('is %s', (expected, yaml) => {
    expect(assess(of('apps/v1', 'Deployment'), yaml)).toBe(expected);
  });
});

const statefulSet = (status: string, spec = '') =>
  `metadata: {generation: 1}\nspec: {replicas: 4, ${spec}}\nstatus: {observedGeneration: 1, ${status}}`;

describe('a StatefulSet', () => {
  it.each([
    ['in-progress NotObserved', 'metadata: {generation: 1}\nspec: {replicas: 0}'],
    ['in-progress LessReplicas', statefulSet('currentReplicas: 1')],
    ['in-progress LessReady', statefulSet('replicas: 4, readyReplicas: 2, currentReplicas: 4')],
    ['in-progress ExtraPods', statefulSet('replicas: 8, readyReplicas: 4, currentReplicas: 4')],
    ['in-progress LessCurrent', statefulSet('replicas: 4, readyReplicas: 4, currentReplicas: 2')],
    [
      'in-progress RevisionMismatch',
      statefulSet('replicas: 4, readyReplicas: 4, currentReplicas: 4, currentRevision: a, updateRevision: b'),
    ],
    ['in-progress LessAvailable', statefulSet('replicas: 4, readyReplicas: 4, availableReplicas: 3', 'minReadySeconds: 10')],
    ['current Ready', statefulSet('replicas: 4, readyReplicas: 4, currentReplicas: 4, currentRevision: b, updateRevision: b')],
    [
      'in-progress PartitionRollout',
      statefulSet(
        'replicas: 4, readyReplicas: 4, updatedReplicas: 1, currentRevision: a, updateRevision: b',
        'updateStrategy: {rollingUpdate: {partition: 2}}',
      ),
    ],
    [
      'current PartitionRollout',
      statefulSet(
        'replicas: 4, readyReplicas: 4, updatedReplicas: 2, currentRevision: a, updateRevision: b',
        'updateStrategy: {rollingUpdate: {partition: 2}}',
      ),
    ],
    ['current PartitionRollout', statefulSet('replicas: 4, readyReplicas: 4', 'updateStrategy: {rollingUpdate: {partition: 9}}')],
    [
      'current OnDelete',
      statefulSet('replicas: 4, readyReplicas: 4, currentRevision: a, updateRevision: b', 'updateStrategy: {type: OnDelete}'),
    ],
    ['in-progress LessReady', statefulSet('replicas: 4, readyReplicas: 3', 'updateStrategy: {type: OnDelete}')],
  ])('is %s', (expected, yaml) => {
    expect(assess(of('apps/v1', 'StatefulSet'), yaml)).toBe(expected);
  });
});

const daemonSet = (status: string, spec = '{}') => `metadata: {generation: 1}\nspec: ${spec}\nstatus: {observedGeneration: 1, ${status}}`;

describe('a DaemonSet', () => {
  it.each([
    ['in-progress NotObserved', 'metadata: {generation: 1}'],
    ['in-progress NoDesiredNumber', daemonSet('currentReplicas: 1')],
    ['in-progress LessScheduled', daemonSet('desiredNumberScheduled: 2, currentNumberScheduled: 1')],
    ['in-progress LessUpdated', daemonSet('desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 1')],
    [
      'in-progress LessAvailable',
      daemonSet('desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberReady: 2'),
    ],
    [
      'in-progress LessReady',
      daemonSet('desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 1'),
    ],
    [
      'current Ready',
      daemonSet('desiredNumberScheduled: 1, currentNumberScheduled: 1, updatedNumberScheduled: 1, numberAvailable: 1, numberReady: 1'),
    ],
    ['current Ready', daemonSet('desiredNumberScheduled: 0')],
    [
      'current Ready',
      daemonSet(
        'desiredNumberScheduled: 1, currentNumberScheduled: 1, numberAvailable: 1, numberReady: 1',
        '{updateStrategy: {type: OnDelete}}',
      ),
    ],
  ])('is %s', (expected, yaml) => {
    expect(assess(of('apps/v1', 'DaemonSet'), yaml)).toBe(expected);
  });
});

describe.each([
  ['apps/v1', 'ReplicaSet'],
  ['v1', 'ReplicationController'],
])('a %s %s', (apiVersion, kind) => {
  it.each([
    ['in-progress NotObserved', 'spec: {replicas: 0}'],
    [
      'in-progress FailedCreate',
      'status: {observedGeneration: 1, conditions: [{type: ReplicaFailure, status: "True", reason: FailedCreate}]}',
    ],
    ['in-progress LessLabelled', 'status: {observedGeneration: 1, replicas: 1}'],
    ['in-progress LessAvailable', 'status: {observedGeneration: 1, replicas: 1, fullyLabeledReplicas: 1}'],
    ['in-progress LessReady', 'status: {observedGeneration: 1, replicas: 1, fullyLabeledReplicas: 1, availableReplicas: 1}'],
    [
      'in-progress ExtraPods',
      'status: {observedGeneration: 1, replicas: 2, fullyLabeledReplicas: 2, availableReplicas: 2, readyReplicas: 2}',
    ],
    ['current Available', 'status: {observedGeneration: 1, replicas: 1, fullyLabeledReplicas: 1, availableReplicas: 1, readyReplicas: 1}'],
  ])('is %s', (expected, yaml) => {
    expect(assess(of(apiVersion, kind), yaml)).toBe(expected);
  });
});

describe('a Job', () => {
  it.each([
    ['in-progress JobNotStarted', 'status: {}'],
    ['in-progress JobRunning', 'status: {startTime: "2026-01-01T00:00:00Z", active: 1}'],
    ['current Complete', 'status: {succeeded: 1, conditions: [{type: Complete, status: "True"}]}'],
    ['failed BackoffLimitExceeded', 'status: {conditions: [{type: Failed, status: "True", reason: BackoffLimitExceeded}]}'],
    ['failed DeadlineExceeded', 'status: {conditions: [{type: FailureTarget, status: "True", reason: DeadlineExceeded}]}'],
    ['current Suspended', 'status: {conditions: [{type: Suspended, status: "True"}]}'],
    ['in-progress JobRunning', 'status: {startTime: "2026-01-01T00:00:00Z", conditions: [{type: Suspended, status: "False"}]}'],
  ])('is %s', (expected, yaml) => {
    expect(assess(of('batch/v1', 'Job'), yaml)).toBe(expected);
  });
});

describe('a Pod', () => {
  it.each([
    ['in-progress PodNotObserved', 'spec: {}'],
    ['current Ready', 'status: {phase: Running, conditions: [{type: Ready, status: "True"}]}'],
    ['in-progress PodRunningNotReady', 'status: {phase: Running, conditions: [{type: Ready, status: "False"}]}'],
    [
      'failed ContainerCrashLooping',
      'status: {phase: Running, containerStatuses: [{name: a, state: {waiting: {reason: CrashLoopBackOff}}}]}',
    ],
    ['current Succeeded', 'status: {phase: Succeeded, conditions: [{type: Ready, status: "False"}]}'],
    ['failed Evicted', 'status: {phase: Failed, reason: Evicted}'],
    ['in-progress Unschedulable', 'status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable}]}'],
    ['in-progress PodPending', 'status: {phase: Pending, conditions: [{type: PodScheduled, status: "True"}]}'],
    ['unknown PodUnknown', 'status: {phase: Unknown}'],
    ['unknown UnknownPhase', 'status: {phase: Elsewhere}'],
  ])('is %s', (expected, yaml) => {
    expect(assess(of('v1', 'Pod'), yaml)).toBe(expected);
  });
});

describe('other built-in kinds', () => {
  it.each([
    ['v1', 'PersistentVolumeClaim', 'in-progress NotBound', 'spec: {}'],
    ['v1', 'PersistentVolumeClaim', 'in-progress NotBound', 'status: {phase: Pending}'],
    ['v1', 'PersistentVolumeClaim', 'current Bound', 'status: {phase: Bound}'],
    ['v1', 'PersistentVolumeClaim', 'failed Lost', 'status: {phase: Lost}'],
    [
      'v1',
      'PersistentVolumeClaim',
      'in-progress FileSystemResizePending',
      'status: {phase: Bound, conditions: [{type: FileSystemResizePending, status: "True"}]}',
    ],
    [
      'v1',
      'PersistentVolumeClaim',
      'failed ControllerResizeError',
      'status: {phase: Bound, conditions: [{type: ControllerResizeError, status: "True"}]}',
    ],
    ['v1', 'PersistentVolume', 'current Available', 'status: {phase: Available}'],
    ['v1', 'PersistentVolume', 'in-progress NotAvailable', 'status: {phase: Pending}'],
    ['v1', 'PersistentVolume', 'failed Failed', 'status: {phase: Failed}'],
    ['v1', 'Service', 'current Stored', 'spec: {type: ClusterIP}'],
    ['v1', 'Service', 'current Stored', 'spec: {type: ExternalName}'],
    ['v1', 'Service', 'in-progress NoLoadBalancer', 'spec: {type: LoadBalancer, clusterIP: 10.0.0.1}\nstatus: {loadBalancer: {}}'],
    [
      'v1',
      'Service',
      'current LoadBalancerReady',
      'spec: {type: LoadBalancer, clusterIP: 10.0.0.1}\nstatus: {loadBalancer: {ingress: [{hostname: a}]}}',
    ],
    ['v1', 'Namespace', 'current Active', 'status: {phase: Active}'],
    ['v1', 'Namespace', 'in-progress NotActive', 'status: {}'],
    ['v1', 'ConfigMap', 'current Stored', 'data: {}'],
    ['v1', 'Secret', 'current Stored', 'data: {}'],
    ['batch/v1', 'CronJob', 'current Stored', 'spec: {}'],
    ['networking.k8s.io/v1', 'Ingress', 'current Stored', 'status: {loadBalancer: {}}'],
    ['policy/v1', 'PodDisruptionBudget', 'in-progress NotObserved', 'metadata: {generation: 1}'],
    [
      'policy/v1',
      'PodDisruptionBudget',
      'current Observed',
      'metadata: {generation: 1}\nstatus: {observedGeneration: 1, conditions: [{type: DisruptionAllowed, status: "False", reason: InsufficientPods}]}',
    ],
    [
      'policy/v1',
      'PodDisruptionBudget',
      'failed SyncFailed',
      'metadata: {generation: 1}\nstatus: {observedGeneration: 1, conditions: [{type: DisruptionAllowed, status: "False", reason: SyncFailed}]}',
    ],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'in-progress Installing', 'spec: {}'],
    [
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'in-progress Installing',
      'status: {conditions: [{type: Established, status: "False", reason: Installing}]}',
    ],
    [
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'failed ListKindConflict',
      'status: {conditions: [{type: NamesAccepted, status: "False", reason: ListKindConflict}]}',
    ],
    [
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'current Established',
      'status: {conditions: [{type: NamesAccepted, status: "True"}, {type: Established, status: "True"}]}',
    ],
    ['apiregistration.k8s.io/v1', 'APIService', 'in-progress NotAvailable', 'spec: {}'],
    [
      'apiregistration.k8s.io/v1',
      'APIService',
      'in-progress ServiceNotFound',
      'status: {conditions: [{type: Available, status: "False", reason: ServiceNotFound}]}',
    ],
    ['apiregistration.k8s.io/v1', 'APIService', 'current Available', 'status: {conditions: [{type: Available, status: "True"}]}'],
    ['autoscaling/v2', 'HorizontalPodAutoscaler', 'in-progress NotObserved', 'spec: {}'],
    [
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      'in-progress FailedGetResourceMetric',
      'status: {conditions: [{type: AbleToScale, status: "True"}, {type: ScalingActive, status: "False", reason: FailedGetResourceMetric}]}',
    ],
    [
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      'current ScalingActive',
      'status: {conditions: [{type: AbleToScale, status: "True"}, {type: ScalingActive, status: "False", reason: ScalingDisabled}]}',
    ],
    ['autoscaling/v1', 'HorizontalPodAutoscaler', 'current Observed', 'status: {desiredReplicas: 0}'],
  ])('%s %s is %s', (apiVersion, kind, expected, yaml) => {
    expect(assess(of(apiVersion, kind), yaml)).toBe(expected);
  });
});

describe('a custom resource', () => {
  const ready = (status: string, more = '') => `status: {conditions: [{type: Ready, status: "${status}", reason: Because${more}}]}`;
  it.each([
    ['example.org/v1', 'Thing', 'current NoCondition', 'spec: {}'],
    ['example.org/v1', 'Thing', 'current Because', ready('True')],
    ['example.org/v1', 'Thing', 'in-progress Because', ready('False')],
    ['example.org/v1', 'Thing', 'in-progress Because', ready('Unknown')],
    [
      'example.org/v1',
      'Thing',
      'in-progress LatestGenerationNotObserved',
      `metadata: {generation: 2}\n${ready('True', ', observedGeneration: 1')}`,
    ],
    ['gateway.networking.k8s.io/v1', 'Gateway', 'current NoCondition', 'spec: {}'],
    ['cert-manager.io/v1', 'Certificate', 'in-progress NoStatus', 'spec: {}'],
    ['cert-manager.io/v1', 'Certificate', 'in-progress Because', ready('False')],
    ['cert-manager.io/v1', 'Certificate', 'current Ready', ready('True')],
    ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'in-progress NoStatus', 'spec: {}'],
    ['source.toolkit.fluxcd.io/v1', 'GitRepository', 'in-progress NoStatus', 'spec: {}'],
    ['image.toolkit.fluxcd.io/v1', 'ImagePolicy', 'in-progress NoStatus', 'spec: {}'],
    ['notification.toolkit.fluxcd.io/v1', 'Receiver', 'in-progress NoStatus', 'spec: {}'],
    ['notification.toolkit.fluxcd.io/v1beta3', 'Alert', 'current NoCondition', 'spec: {}'],
    ['serving.knative.dev/v1', 'Service', 'in-progress NoStatus', 'spec: {}'],
    ['s3.aws.upbound.io/v1beta1', 'Bucket', 'in-progress NoStatus', 'spec: {}'],
    ['aws.upbound.io/v1beta1', 'ProviderConfig', 'current NoCondition', 'spec: {}'],
    ['pkg.crossplane.io/v1', 'Provider', 'in-progress NoStatus', 'status: {conditions: [{type: Installed, status: "True"}]}'],
    [
      'pkg.crossplane.io/v1',
      'Provider',
      'current Ready',
      'status: {conditions: [{type: Installed, status: "True"}, {type: Healthy, status: "True"}]}',
    ],
    ['apiextensions.crossplane.io/v1', 'CompositeResourceDefinition', 'in-progress NoStatus', 'spec: {}'],
    ['apiextensions.crossplane.io/v1', 'Composition', 'current NoCondition', 'spec: {}'],
    ['karpenter.sh/v1', 'NodePool', 'in-progress NoStatus', 'spec: {}'],
    ['karpenter.k8s.aws/v1', 'EC2NodeClass', 'in-progress NoStatus', 'spec: {}'],
    ['s3.services.k8s.aws/v1alpha1', 'Bucket', 'in-progress NoStatus', 'spec: {}'],
    ['s3.services.k8s.aws/v1alpha1', 'Bucket', 'current Ready', 'status: {conditions: [{type: ACK.ResourceSynced, status: "True"}]}'],
    [
      's3.services.k8s.aws/v1alpha1',
      'Bucket',
      'failed ACK.Terminal',
      'status: {conditions: [{type: ACK.ResourceSynced, status: "True"}, {type: ACK.Terminal, status: "True"}]}',
    ],
    ['external-secrets.io/v1', 'ExternalSecret', 'in-progress NoStatus', 'spec: {}'],
    ['generators.external-secrets.io/v1alpha1', 'Password', 'current NoCondition', 'spec: {}'],
    ['keda.sh/v1alpha1', 'ScaledObject', 'in-progress NoStatus', 'spec: {}'],
    ['keda.sh/v1alpha1', 'TriggerAuthentication', 'current NoCondition', 'spec: {}'],
    ['infrastructure.cluster.x-k8s.io/v1beta2', 'AWSCluster', 'in-progress NoStatus', 'spec: {}'],
    ['kafka.strimzi.io/v1', 'Kafka', 'in-progress NoStatus', 'spec: {}'],
  ])('%s %s is %s', (apiVersion, kind, expected, yaml) => {
    expect(assess(of(apiVersion, kind), yaml)).toBe(expected);
  });
});

it('cuts what a controller says at a length that a record can hold', () => {
  const message = 'x'.repeat(5000);
  const stalled = object(`${of('example.org/v1', 'Thing')}\nstatus: {conditions: [{type: Stalled, status: "True", message: ${message}}]}`);
  expect(assessHealth(stalled, rules).message).toBe(`${'x'.repeat(1000)}…`);
});
