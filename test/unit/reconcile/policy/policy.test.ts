import { expect, it } from 'vitest';
import { policyOf } from '../../../../lib/reconcile/policy/index.ts';
import { parseSettings } from '../../../../lib/settings/index.ts';

const row = { cluster: 'prod', mode: 'enforce', intervalSeconds: 60, graceSeconds: 60, holdLimitSeconds: 3600 } as const;

/** What docs/settings.md shows. */
const SETTINGS = `
policy:
  - { kind: Deployment.apps, labels: { tier: batch }, grace: 30m }
  - { namespace: sandbox-*, mode: observe }
windows:
  - { kind: deny, schedule: '0 18 * * 5', duration: 62h, timeZone: Europe/Berlin, applies: [rollout] }
  - { kind: allow, schedule: '0 22 * * *', duration: 6h, applies: [drift] }
`;

function policyAt(moment: string) {
  const parsed = parseSettings(SETTINGS);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return policyOf(row, parsed.settings, new Date(moment));
}

it('is what the row and plumbline.yaml say', () => {
  expect(policyAt('2026-01-03T12:00:00Z')).toEqual({
    mode: 'enforce',
    suspended: false,
    now: new Date('2026-01-03T12:00:00Z'),
    graceSeconds: 60,
    holdLimitSeconds: 3600,
    // Three corrections half an hour and a minute apart, and half as long again.
    fightSeconds: 3 * 1860 * 1.5,
    // A Saturday: rollouts wait for Monday, drift for the night.
    closed: { rollout: { until: new Date('2026-01-05T07:00:00Z') }, drift: { until: new Date('2026-01-03T22:00:00Z') } },
    rules: [
      { kind: 'Deployment.apps', labels: { tier: 'batch' }, graceSeconds: 1800 },
      { namespace: 'sandbox-*', mode: 'observe' },
    ],
  });
});

it('closes for each of drift and rollouts only what the windows are about', () => {
  expect(policyAt('2026-01-03T23:00:00Z').closed).toEqual({ rollout: { until: new Date('2026-01-05T07:00:00Z') } });
  expect(policyAt('2026-01-06T12:00:00Z').closed).toEqual({ drift: { until: new Date('2026-01-06T22:00:00Z') } });
  expect(policyAt('2026-01-06T23:00:00Z').closed).toEqual({});
});

it('has no rules and no windows without settings', () => {
  expect(policyOf(row, undefined, new Date())).toMatchObject({ closed: {}, rules: [] });
});

it.each([
  ['of a minute, a quarter of an hour', 60, 0, 900],
  ['far apart, as long as three of them take and half of that', 1800, 0, 8100],
  ['that wait before they correct, their waits too', 60, 1740, 8100],
])('takes three corrections for a fight within, of runs %s', (_what, intervalSeconds, graceSeconds, fightSeconds) => {
  expect(policyOf({ ...row, intervalSeconds, graceSeconds }, undefined, new Date())).toMatchObject({ fightSeconds });
});
