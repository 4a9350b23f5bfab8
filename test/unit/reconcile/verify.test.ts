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
  desired: GIT,
  uid: 'u',
  resourceVersion: '1',
  rollout: [],
  drift: [{ class: 'value', differences: diffObjects(LIVE, dryRun), actor: { manager: 'unknown' } }],
  foreign: [],
  fields: appliedFields(dryRun, IDENTITY.fieldManager) ?? {},
  ownershipLost: false,
  facts: undefined,
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
  ])('%s', (_what, answer, verified) => expect(isVerified(answer, comparison, IDENTITY.fieldManager, [])).toBe(verified));
});

describe('what the server chooses anew each time', () => {
  const service = (type: string, ...nodePorts: readonly (number | undefined)[]) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { type, ports: nodePorts.map((nodePort, index) => ({ port: 80 + index, ...(nodePort === undefined ? {} : { nodePort }) })) },
  });
  const git = service('NodePort', undefined, undefined);
  const predicted = managed(service('NodePort', 30_001, 30_002), ours(git));
  const chosen = (live: ReturnType<typeof service>): PresentComparison => ({
    ...comparison,
    target: target(git),
    desired: git,
    drift: [{ class: 'value', differences: diffObjects(live, predicted), actor: { manager: 'unknown' } }],
    fields: appliedFields(predicted, IDENTITY.fieldManager) ?? {},
  });

  it.each([
    ['beside a value of Git', service('ClusterIP', undefined, undefined)],
    ['inside an item of Git', service('NodePort', 30_001)],
  ])('may be another value than the dry-run had: %s', (_where, live) => {
    const answer = (type: string) => managed(service(type, 31_111, 31_222), ours(git));
    expect(isVerified(answer('NodePort'), chosen(live), IDENTITY.fieldManager, [])).toBe(true);
    expect(isVerified(managed(service('NodePort', 31_111), ours(git)), chosen(live), IDENTITY.fieldManager, [])).toBe(false);
  });

  it('leaves what Git says as it was to be', () => {
    const answer = managed(service('LoadBalancer', 31_111, 31_222), ours(git));
    expect(isVerified(answer, chosen(service('ClusterIP', undefined, undefined)), IDENTITY.fieldManager, [])).toBe(false);
  });
});
