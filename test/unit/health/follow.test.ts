import { describe, expect, it } from 'vitest';
import type { HealthAssessment, HealthStatus } from '../../../lib/health/assessment.ts';
import { asksPods, followUp, type RecordHealth, startFollowing } from '../../../lib/health/follow.ts';
import { assessRemovedJob, type HealthVerdict } from '../../../lib/health/index.ts';
import type { PodReason } from '../../../lib/health/pod-reason.ts';
import { object } from './from-yaml.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const moment = (seconds: number) => new Date(START + seconds * 1000);
const looked = (status: HealthStatus, reason = 'Because', message = 'so it is'): HealthAssessment => ({ status, reason, message });
const CONFIG = object('apiVersion: v1\nkind: ConfigMap');
const begun = startFollowing(CONFIG, moment(0), 600);
const known = (status: HealthVerdict, reason = 'Before'): RecordHealth => ({ ...begun, status, reason });
const PULL: PodReason = { reason: 'ImagePullBackOff', message: 'pod a: no image', conclusive: true };
const PROBE: PodReason = { reason: 'NotReady', message: 'pod a: not ready', conclusive: false };

describe('the verdict', () => {
  it.each([
    ['healthy Because', begun, looked('current'), undefined, 1],
    ['healthy Because', known('timed-out'), looked('current'), undefined, 9000],
    ['healthy Because', known('degraded'), looked('current'), undefined, 60],
    ['progressing Because', begun, looked('in-progress'), undefined, 599],
    ['progressing NotReady', begun, looked('in-progress'), PROBE, 599],
    ['progressing Because', begun, looked('unknown'), undefined, 60],
    ['progressing Because', begun, looked('terminating'), undefined, 60],
    ['degraded Because', begun, looked('failed'), undefined, 1],
    ['degraded ImagePullBackOff', begun, looked('failed'), PULL, 1],
    ['degraded ImagePullBackOff', begun, looked('in-progress'), PULL, 40],
    ['degraded Before', known('degraded'), looked('in-progress'), undefined, 60],
    ['degraded Before', known('degraded'), looked('in-progress'), PROBE, 60],
    ['degraded ImagePullBackOff', known('degraded'), looked('in-progress'), PULL, 60],
    ['degraded Before', known('degraded'), looked('in-progress'), undefined, 9000],
    ['degraded Before', known('degraded'), looked('failed'), PROBE, 60],
    ['degraded Because', known('degraded'), looked('failed'), undefined, 60],
    ['timed-out NotReady', known('timed-out'), looked('in-progress'), PROBE, 900],
    ['degraded ImagePullBackOff', known('timed-out'), looked('in-progress'), PULL, 900],
    ['timed-out Because', begun, looked('in-progress'), undefined, 600],
    ['timed-out NotReady', begun, looked('in-progress'), PROBE, 600],
    ['timed-out Because', begun, looked('unknown'), undefined, 600],
    ['timed-out Because', begun, looked('terminating'), undefined, 600],
    ['degraded Because', known('timed-out'), looked('failed'), undefined, 900],
  ])('is %s', (expected, before, assessment, pod, seconds) => {
    const { health, isOver } = followUp(before, assessment, pod, moment(seconds));
    expect(`${health.status} ${health.reason}`).toBe(expected);
    expect(isOver).toBe(health.status === 'healthy');
  });
});

describe('what a record says', () => {
  it('is the workload and its pod', () => {
    expect(followUp(begun, looked('in-progress', 'LessReady', 'ready: 0 of 2'), PULL, moment(60))).toEqual({
      health: {
        status: 'degraded',
        reason: 'ImagePullBackOff',
        message: 'ready: 0 of 2; pod a: no image',
        at: moment(60).toISOString(),
        since: moment(0).toISOString(),
        deadlineAt: moment(600).toISOString(),
      },
      changed: true,
      isOver: false,
    });
  });

  it('names the deadline that passed', () => {
    expect(followUp(begun, looked('in-progress'), undefined, moment(660)).health.message).toBe(
      'it is not healthy 10 min after it was written: so it is',
    );
  });

  it('does not change with the counts of a message', () => {
    const first = followUp(begun, looked('in-progress', 'LessReady', 'ready: 0 of 2'), undefined, moment(60));
    const second = followUp(first.health, looked('in-progress', 'LessReady', 'ready: 1 of 2'), undefined, moment(120));
    expect(second).toEqual(first);
  });

  it.each([
    ['no news while it goes on', begun, looked('in-progress', 'LessReady'), undefined, false],
    ['news when it stops', begun, looked('failed'), undefined, true],
    ['no news while the trouble lasts', known('degraded', 'ImagePullBackOff'), looked('in-progress'), PULL, false],
    ['news when the trouble is another one', known('degraded', 'OOMKilled'), looked('in-progress'), PULL, true],
    ['no news while nothing comes of it', known('timed-out'), looked('in-progress'), PROBE, false],
    ['news when it is over', known('degraded', 'OOMKilled'), looked('current'), undefined, true],
  ])('is %s', (_what, before, assessment, pod, changed) => {
    const up = followUp(before, assessment, pod, moment(before.status === 'timed-out' ? 660 : 60));
    expect(up.changed).toBe(changed);
    expect(up.health.at).toBe(changed ? moment(60).toISOString() : begun.since);
  });

  it('holds no credentials that a registry or a provider quoted', () => {
    const leaking = { ...PULL, message: 'pod a: https://user:hunter2hunter2@r.io answers 401' };
    expect(followUp(begun, looked('failed'), leaking, moment(60)).health.message).not.toContain('hunter2');
  });
});

describe('the deadline', () => {
  it.each([
    ['that of the settings', CONFIG, 600],
    [
      'what a Deployment allows itself where that is longer',
      object('apiVersion: apps/v1\nkind: Deployment\nspec: {progressDeadlineSeconds: 1800}'),
      1800,
    ],
    [
      'not what it allows itself where that is shorter',
      object('apiVersion: apps/v1\nkind: Deployment\nspec: {progressDeadlineSeconds: 60}'),
      600,
    ],
    ['what a Job allows itself', object('apiVersion: batch/v1\nkind: Job\nspec: {activeDeadlineSeconds: 7200}'), 7200],
  ])('is %s', (_what, desired, seconds) => {
    expect(startFollowing(desired, moment(0), 600).deadlineAt).toBe(moment(seconds).toISOString());
  });
});

describe('pods are asked', () => {
  it.each([
    ['at once of what has failed', looked('failed'), 1, true],
    ['not in the first seconds', looked('in-progress'), 29, false],
    ['when half a minute was not enough', looked('in-progress'), 30, true],
    ['not while they are those of the version before', looked('in-progress', 'LatestGenerationNotObserved'), 60, false],
    ['not of what is well', looked('current'), 60, false],
    ['not of what is being deleted', looked('terminating'), 60, false],
  ])('%s', (_what, assessment, seconds, expected) => {
    expect(asksPods(assessment, begun, moment(seconds))).toBe(expected);
  });
});

describe('a Job that is gone', () => {
  const job = (spec: string) => object(`apiVersion: batch/v1\nkind: Job\nspec: ${spec}`);
  it.each([
    ['was finished, when it has a TTL', job('{ttlSecondsAfterFinished: 60}'), undefined, 'current RemovedByTtl'],
    ['was finished, when it has a TTL of nothing', job('{ttlSecondsAfterFinished: 0}'), 'in-progress', 'current RemovedByTtl'],
    ['stays failed when it was', job('{ttlSecondsAfterFinished: 60}'), 'failed', 'failed JobFailed'],
    ['is missing without a TTL', job('{}'), undefined, undefined],
    ['is no other kind', object('apiVersion: apps/v1\nkind: Deployment\nspec: {ttlSecondsAfterFinished: 60}'), undefined, undefined],
  ] as const)('%s', (_what, desired, last, expected) => {
    const found = assessRemovedJob(desired, last);
    expect(found === undefined ? undefined : `${found.status} ${found.reason}`).toBe(expected);
  });
});
