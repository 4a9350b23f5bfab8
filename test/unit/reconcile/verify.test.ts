import { describe, expect, it } from 'vitest';
import type { PresentComparison } from '../../../lib/reconcile/compare.ts';
import { diffObjects } from '../../../lib/reconcile/diff.ts';
import { appliedFields } from '../../../lib/reconcile/managed-fields.ts';
import { isVerified } from '../../../lib/reconcile/verify.ts';
import { deployment, IDENTITY, managed, ours, target, update } from './objects.ts';

const GIT = deployment({ containers: [{ name: 'a', image: 'a:1' }, { name: 'b' }] }, { labels: { app: 'web' } });
const LIVE = deployment({ containers: [{ name: 'b' }, { name: 'a', image: 'a:2' }] }, { labels: { app: 'web' } });
const dryRun = managed(GIT, ours(GIT));

const comparison: PresentComparison = {
  state: 'present',
  target: target(GIT),
  uid: 'u',
  resourceVersion: '1',
  rollout: [],
  drift: [{ class: 'value', differences: diffObjects(LIVE, dryRun), actor: { manager: 'unknown' } }],
  foreign: undefined,
  fields: appliedFields(dryRun, IDENTITY.fieldManager) ?? {},
  ownershipLost: false,
};

describe('a write is verified', () => {
  it.each([
    ['when the answer shows every path as desired', dryRun, true],
    [
      'whatever else is in the answer',
      managed(deployment({ containers: [{ name: 'a', image: 'a:1' }, { name: 'x' }, { name: 'b' }] }), ours(GIT)),
      true,
    ],
    [
      'but not when a webhook had the last word',
      managed(deployment({ containers: [{ name: 'a', image: 'a:3' }, { name: 'b' }] }), ours(GIT)),
      false,
    ],
    [
      'but not when the order is still another',
      managed(deployment({ containers: [{ name: 'b' }, { name: 'a', image: 'a:1' }] }), ours(GIT)),
      false,
    ],
    ['but not when an item is missing', managed(deployment({ containers: [{ name: 'a', image: 'a:1' }] }), ours(GIT)), false],
    ['but not when the fields are not ours', managed(GIT, update('kubectl', {})), false],
  ])('%s', (_what, answer, verified) => expect(isVerified(answer, comparison, IDENTITY.fieldManager)).toBe(verified));
});
