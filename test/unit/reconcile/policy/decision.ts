import { expect } from 'vitest';
import type { Contest } from '../../../../lib/fleet/contest.ts';
import type { Comparison, PresentComparison } from '../../../../lib/reconcile/compare.ts';
import { decide } from '../../../../lib/reconcile/decide.ts';
import type { Difference } from '../../../../lib/reconcile/diff.ts';
import { formatPath } from '../../../../lib/reconcile/path.ts';
import type { Policy, TargetMemory } from '../../../../lib/reconcile/policy/index.ts';
import { configMap, target } from '../objects.ts';

export const now = new Date('2026-01-01T12:00:00Z');
export const ENFORCE: Policy = {
  mode: 'enforce',
  suspended: false,
  now,
  graceSeconds: 0,
  holdLimitSeconds: 86_400,
  fightSeconds: 900,
  closed: {},
  rules: [],
};
export const NOTHING: TargetMemory = { driftSince: new Map(), contested: [] };
export const opened = (driftClass: string, at: string): TargetMemory => ({ ...NOTHING, driftSince: new Map([[driftClass, at]]) });
export const evening = new Date('2026-01-01T18:00:00Z');

export const difference = (field: string, owner?: string): Difference => ({
  path: [{ field: 'data' }, { field }],
  shape: 'changed',
  desired: 'ours',
  live: 'theirs',
  ...(owner === undefined ? {} : { owner }),
});
export const actor = { manager: 'kubectl-edit' };
export const drift = (...differences: readonly Difference[]) => ({ class: 'value', differences, actor });

export const git = configMap({ data: { a: 'ours', b: 'ours' } }, { labels: { tier: 'front' } });
export const ours = target(git, { baseline: { object: git } });
export const present = (fields: Partial<PresentComparison>): Comparison => ({
  state: 'present',
  target: ours,
  desired: git,
  uid: 'u',
  resourceVersion: '1',
  rollout: [],
  drift: [],
  foreign: [],
  fields: {},
  ownershipLost: false,
  facts: undefined,
  ...fields,
});
export const a = difference('a', 'kubectl-edit');
export const b = difference('b', 'kubectl-edit');
export const drifted = present({ drift: [drift(a)] });
export const absent = (fields: Parameters<typeof target>[1], annotations: Record<string, string> = {}): Comparison => ({
  state: 'absent',
  target: target(configMap({}, { annotations }), fields),
  validated: false,
});
export const recreated = configMap({}, { annotations: { 'plumbline.dev/on-immutable': 'recreate' } });
export const immutable = {
  state: 'immutable',
  target: target(recreated, { baseline: { object: recreated } }),
  uid: 'u',
  resourceVersion: '1',
  failure: { reason: 'Invalid', message: 'data is immutable' },
  marks: {},
} as const;
export const missing = absent({ baseline: { object: git } });

export const fight = (field: string, fields: Partial<Contest> = {}): Contest => ({
  key: ours.key,
  path: `data.${field}`,
  rival: 'kubectl-edit',
  correctedAt: ['2026-01-01T11:57:00.000Z', '2026-01-01T11:58:00.000Z', '2026-01-01T11:59:00.000Z'],
  retreats: 0,
  ...fields,
});
export const fighting = (...contested: readonly Contest[]): TargetMemory => ({ ...NOTHING, contested });

export type Row = readonly [
  what: string,
  comparison: Comparison,
  policy: Partial<Policy>,
  memory: TargetMemory,
  action: string,
  findings: readonly string[],
];

export function expectDecision(
  _what: string,
  comparison: Comparison,
  policy: Partial<Policy>,
  memory: TargetMemory,
  action: string,
  findings: readonly string[],
): void {
  const item = decide(comparison, { ...ENFORCE, ...policy }, () => memory);
  const shown = item.findings.map(({ kind, class: findingClass, decision, heldUntil, differences }) =>
    [kind, findingClass, decision, heldUntil?.slice(11, 16), differences.map(({ path }) => formatPath(path).slice(-1)).join('')]
      .filter((word) => word !== undefined && word !== '')
      .join(' '),
  );
  const around = item.carry.map(({ path }) => ` around ${formatPath(path)}`).join('');
  expect({ action: `${item.action}${around}`, findings: shown }).toEqual({ action, findings });
}
