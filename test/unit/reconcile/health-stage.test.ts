import { describe, expect, it } from 'vitest';
import type { FollowedResult, RecordHealth } from '../../../lib/health/index.ts';
import type { AppliedItem, Result } from '../../../lib/reconcile/apply.ts';
import { countRollouts, type FollowedHealth, healthFacts, rememberHealth } from '../../../lib/reconcile/health-stage.ts';
import { waitingFor } from '../../../lib/reconcile/order/ready.ts';
import type { Target } from '../../../lib/reconcile/target.ts';
import type { InventoryObject } from '../../../lib/storage/stores.ts';
import { deployment, target } from './objects.ts';

const NOW = '2026-01-01T00:01:00.000Z';
const web = target(deployment({}), { knownUid: 'u-1' });

const health = (status: RecordHealth['status']): RecordHealth => ({
  status,
  reason: 'Because',
  message: 'of that',
  at: '2026-01-01T00:00:00.000Z',
  since: '2026-01-01T00:00:00.000Z',
  deadlineAt: '2026-01-01T00:10:00.000Z',
});

const item = (fields: Partial<Target> = {}, result: Result = { state: 'left' }): AppliedItem => {
  const about = { ...web, ...fields };
  return {
    target: about,
    comparison: { state: 'unchanged', target: about, uid: 'u-1' },
    action: 'leave',
    carry: [],
    findings: [],
    result,
  };
};

const followed = (status: RecordHealth['status'], isOver: boolean, more: Partial<FollowedResult> = {}): FollowedHealth => ({
  key: web.key,
  health: health(status),
  changed: false,
  isOver,
  item: item(),
  resourceVersion: '7',
  ...more,
});

const told = { status: 'degraded', reason: 'Because', message: 'of that', at: '2026-01-01T00:00:00.000Z' };

describe('what the records say of health', () => {
  it.each([
    ['nothing while it comes up', followed('progressing', false), []],
    ['nothing of what is gone before it was healthy', followed('degraded', true), []],
    ['once that it came up', followed('healthy', true), [{ health: { ...told, status: 'healthy' }, verifiedAt: NOW }]],
    [
      'as long as it lasts that it does not work',
      followed('degraded', false),
      [{ health: told, error: { reason: 'Because', message: 'Deployment shop/web: of that' } }],
    ],
    ['that it took too long', followed('timed-out', false), [{ health: { ...told, status: 'timed-out' } }]],
  ])('is %s', (_what, result, facts) => {
    const said = healthFacts(new Map([[web.key, result]]), NOW);
    expect(said).toMatchObject(facts);
    expect(said).toHaveLength(facts.length);
  });
});

describe('what the next run knows of health', () => {
  const entry: InventoryObject = {
    ...web.id,
    apiVersion: 'apps/v1',
    uid: 'u-1',
    followed: { ...health('progressing'), resourceVersion: '3' },
  };
  const remembered = (result?: FollowedHealth) =>
    rememberHealth({ clusterUid: 'c', objects: [entry] }, new Map(result === undefined ? [] : [[web.key, result]])).objects[0]?.followed;

  it('is how it did, and at which version that was seen', () => {
    expect(remembered(followed('degraded', false))).toEqual({ ...health('degraded'), resourceVersion: '7' });
  });
  it('is nothing once it is healthy', () => expect(remembered(followed('healthy', true))).toBeUndefined());
  it('stays as it was of an object that this run has not met', () => expect(remembered()).toEqual(entry.followed));
});

it('counts what is on the way and what does not work, of what is still in Git', () => {
  const entry = (status: RecordHealth['status'], more: Partial<InventoryObject> = {}): InventoryObject => ({
    ...web.id,
    apiVersion: 'apps/v1',
    followed: health(status),
    ...more,
  });
  const { followed: _came, ...up } = entry('healthy');
  const leaving = entry('degraded', { absent: { since: NOW } });
  const objects = [up, entry('progressing'), entry('degraded'), entry('timed-out'), leaving];
  expect(countRollouts({ objects })).toEqual({ progressing: 1, degraded: 2 });
});

describe('what depends on an object', () => {
  const written = (status: 'current' | 'in-progress'): Result => ({
    state: 'written',
    at: NOW,
    verified: true,
    uid: 'u-1',
    facts: undefined,
    health: { status, reason: 'Because', message: 'of that' },
  });
  const dependent = (action: 'create' | 'update') => ({ ...item({ dependsOn: [web.key] }), action });

  it.each([
    ['is created after it works', 'create', item({}, written('current')), true],
    ['waits while it comes up', 'create', item({}, written('in-progress')), false],
    ['waits while an earlier write of it comes up', 'create', item({ followed: health('progressing') }), false],
    [
      'is created in the run that sees it work',
      'create',
      item({ followed: health('progressing'), looked: followed('healthy', true) }),
      true,
    ],
    [
      'waits while this run sees it come up',
      'create',
      item({ followed: health('progressing'), looked: followed('progressing', false) }),
      false,
    ],
    [
      'waits for what is gone before it was healthy',
      'create',
      item({ followed: health('progressing'), looked: followed('progressing', true) }),
      false,
    ],
    ['is created when it has worked for long', 'create', item(), true],
    ['is kept as Git says it however it does', 'update', item({ followed: health('degraded') }), true],
  ] as const)('%s', (_what, action, dependency, isWritten) => {
    const waits = waitingFor(dependent(action), new Map([[web.key, dependency]]));
    expect(waits === undefined).toBe(isWritten);
  });
});
