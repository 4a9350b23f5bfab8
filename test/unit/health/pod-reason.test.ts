import { describe, expect, it } from 'vitest';
import { podReasonOf } from '../../../lib/health/pod-reason.ts';
import { podSelectorOf } from '../../../lib/health/workload-pods.ts';
import { object } from './from-yaml.ts';

const NOW = new Date('2026-01-01T00:10:00Z');
const JOB = object('apiVersion: batch/v1\nkind: Job');
const DEPLOYMENT = object('apiVersion: apps/v1\nkind: Deployment');

const pod = (yaml: string, name = 'web-1') => {
  const read = object(`apiVersion: v1\nkind: Pod\n${yaml}`);
  return { ...read, metadata: { ...read.metadata, name } };
};
const replicaSet = (hash: string, revision: number, more = '') =>
  object(
    `apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {labels: {pod-template-hash: ${hash}}, ownerReferences: [{uid: u1}], annotations: {deployment.kubernetes.io/revision: "${revision}"}}\n${more}`,
  );
const reason = (pods: ReturnType<typeof pod>[], workload = JOB, replicaSets: ReturnType<typeof replicaSet>[] = []) =>
  podReasonOf(workload, { pods, replicaSets }, NOW);

const onNode = (status: string) => `spec: {nodeName: n}\nstatus: {phase: Pending, ${status}}`;

describe('what a pod says', () => {
  it.each([
    [
      'an image that cannot be pulled',
      onNode('containerStatuses: [{name: app, image: "r.io/a:1", state: {waiting: {reason: ImagePullBackOff, message: not found}}}]'),
      { reason: 'ImagePullBackOff', message: 'pod web-1: container app cannot get its image r.io/a:1: not found', conclusive: true },
    ],
    [
      'an image of an init container',
      onNode('initContainerStatuses: [{name: init, image: "r.io/i:1", state: {waiting: {reason: ErrImagePull}}}]'),
      { reason: 'ImagePullBackOff', message: 'pod web-1: container init cannot get its image r.io/i:1', conclusive: true },
    ],
    [
      'a Secret that is not there',
      onNode('containerStatuses: [{name: app, state: {waiting: {reason: CreateContainerConfigError, message: secret "x" not found}}}]'),
      {
        reason: 'CreateContainerConfigError',
        message: 'pod web-1: container app cannot be started: secret "x" not found',
        conclusive: true,
      },
    ],
    [
      'a crash loop, without what the container printed',
      onNode(
        'containerStatuses: [{name: app, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 2, reason: Error, message: password=hunter2}}}]',
      ),
      {
        reason: 'CrashLoopBackOff',
        message: 'pod web-1: container app crashes again and again (restarted 4 times); last: Error, exit code 2',
        conclusive: true,
      },
    ],
    [
      'a crash loop for want of memory',
      onNode(
        'containerStatuses: [{name: app, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: OOMKilled}}}]',
      ),
      {
        reason: 'OOMKilled',
        message: 'pod web-1: container app crashes again and again (restarted 4 times); last: OOMKilled, exit code 137',
        conclusive: true,
      },
    ],
    [
      'a container that ended, which may be started again',
      onNode('containerStatuses: [{name: app, state: {terminated: {exitCode: 1, reason: Error}}}]'),
      { reason: 'Error', message: 'pod web-1: container app ended: Error, exit code 1', conclusive: false },
    ],
    [
      'no node for a moment',
      'status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: 0/3 nodes, lastTransitionTime: "2026-01-01T00:06:00Z"}]}',
      { reason: 'Unschedulable', message: 'pod web-1: 0/3 nodes', conclusive: false },
    ],
    [
      'no node for longer than one takes to come',
      'status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: 0/3 nodes, lastTransitionTime: "2026-01-01T00:05:00Z"}]}',
      { reason: 'Unschedulable', message: 'pod web-1: 0/3 nodes', conclusive: true },
    ],
    ['no scheduler', 'status: {phase: Pending}', { reason: 'Pending', message: 'pod web-1: no node has it yet', conclusive: false }],
    [
      'a gate, however long it waits',
      'status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: SchedulingGated, lastTransitionTime: "2026-01-01T00:00:00Z"}]}',
      { reason: 'SchedulingGated', message: 'pod web-1: no node has it yet', conclusive: false },
    ],
    [
      'a readiness probe',
      'spec: {nodeName: n}\nstatus: {phase: Running, containerStatuses: [{name: app, ready: false, started: true, state: {running: {}}}]}',
      { reason: 'NotReady', message: 'pod web-1: container app runs and is not ready, as its readiness probe says', conclusive: false },
    ],
    [
      'a startup probe',
      'spec: {nodeName: n}\nstatus: {phase: Running, containerStatuses: [{name: app, ready: false, started: false, state: {running: {}}}]}',
      { reason: 'NotReady', message: 'pod web-1: container app has not started yet, as its startup probe says', conclusive: false },
    ],
    [
      'a readiness gate',
      'spec: {nodeName: n, readinessGates: [{conditionType: elb/web}]}\nstatus: {phase: Running, conditions: [{type: ContainersReady, status: "True"}, {type: elb/web, status: "False", message: Initial}], containerStatuses: [{name: app, ready: true, state: {running: {}}}]}',
      { reason: 'ReadinessGate', message: 'pod web-1: its readiness gate elb/web is not true: Initial', conclusive: false },
    ],
    [
      'an eviction',
      'spec: {nodeName: n}\nstatus: {phase: Failed, reason: Evicted, message: no disk}',
      { reason: 'Evicted', message: 'pod web-1: no disk', conclusive: false },
    ],
    [
      'containers that are being created',
      onNode('containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]'),
      { reason: 'ContainerCreating', message: 'pod web-1: container app is not started yet', conclusive: false },
    ],
    ['readiness', 'spec: {nodeName: n}\nstatus: {phase: Running, conditions: [{type: Ready, status: "True"}]}', undefined],
    ['success', 'spec: {nodeName: n}\nstatus: {phase: Succeeded}', undefined],
    [
      'an end that is wanted',
      'metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}\nspec: {nodeName: n}\nstatus: {phase: Failed}',
      undefined,
    ],
  ])('of %s', (_what, yaml, expected) => {
    expect(reason([pod(yaml)])).toEqual(expected);
  });
});

const CRASHING = 'containerStatuses: [{name: app, restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}}]';

describe('which pod speaks', () => {
  it('is the one that waiting does not help, and others of its kind are counted', () => {
    const pods = [
      pod(
        'spec: {nodeName: n}\nstatus: {phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]}',
        'a',
      ),
      pod(onNode(CRASHING), 'b'),
      pod(onNode(CRASHING), 'c'),
    ];
    expect(reason(pods)?.message).toMatch(/^pod b \(and 1 more\): container app crashes/);
  });

  it('is one of the newest ReplicaSet, since the old one may be what is being mended', () => {
    const old = pod(`metadata: {labels: {pod-template-hash: old}}\n${onNode(CRASHING)}`);
    const sets = [replicaSet('old', 9), replicaSet('new', 10)];
    expect(reason([old], DEPLOYMENT, sets)).toBeUndefined();
    expect(reason([old], DEPLOYMENT, [replicaSet('old', 9)])?.reason).toBe('CrashLoopBackOff');
  });

  it('is one of the update revision of a StatefulSet', () => {
    const set = object('apiVersion: apps/v1\nkind: StatefulSet\nstatus: {updateRevision: web-2}');
    expect(reason([pod(`metadata: {labels: {controller-revision-hash: web-1}}\n${onNode(CRASHING)}`)], set)).toBeUndefined();
    expect(reason([pod(`metadata: {labels: {controller-revision-hash: web-2}}\n${onNode(CRASHING)}`)], set)?.conclusive).toBe(true);
  });

  it('is none where the API server refused to create any', () => {
    const failure = (message: string) =>
      `status: {conditions: [{type: ReplicaFailure, status: "True", reason: FailedCreate, message: "${message}"}]}`;
    expect(reason([], DEPLOYMENT, [replicaSet('new', 2, failure('exceeded quota: q'))])).toEqual({
      reason: 'QuotaExceeded',
      message: 'its pods cannot be created: exceeded quota: q',
      conclusive: true,
    });
    expect(reason([], DEPLOYMENT, [replicaSet('old', 1, failure('exceeded quota: q')), replicaSet('new', 2)])).toBeUndefined();
    const workload = object(`apiVersion: apps/v1\nkind: Deployment\n${failure('violates PodSecurity')}`);
    expect(reason([], workload)).toMatchObject({ reason: 'FailedCreate', conclusive: true });
  });
});

describe('the pods of a workload are selected', () => {
  it.each([
    ['apps/v1', 'Deployment', '{matchLabels: {app: web, tier: front}}', 'app=web,tier=front'],
    ['v1', 'ReplicationController', '{app: web}', 'app=web'],
    [
      'apps/v1',
      'DaemonSet',
      '{matchExpressions: [{key: a, operator: In, values: [x, y]}, {key: b, operator: NotIn, values: [z]}, {key: c, operator: Exists}, {key: d, operator: DoesNotExist}]}',
      'a in (x,y),b notin (z),c,!d',
    ],
    ['apps/v1', 'Deployment', '{}', undefined],
    ['v1', 'Service', '{app: web}', undefined],
  ])('%s %s by %s', (apiVersion, kind, selector, expected) => {
    expect(podSelectorOf(object(`apiVersion: ${apiVersion}\nkind: ${kind}\nspec: {selector: ${selector}}`))).toBe(expected);
  });
});
