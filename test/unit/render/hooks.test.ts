import { describe, expect, it } from 'vitest';
import { decideHook } from '../../../lib/render/hooks.ts';

const job = (hook?: string) => ({
  where: 'chart/templates/job.yaml',
  value: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'job', namespace: 'shop', ...(hook === undefined ? {} : { annotations: { 'helm.sh/hook': hook } }) },
  },
});

describe('a Helm hook', () => {
  it.each([
    ['test', undefined, 'left out'],
    ['test-success', 'apply', 'left out'],
    ['pre-delete,post-delete', 'apply', 'left out'],
    ['pre-rollback, post-rollback', 'apply', 'left out'],
    ['pre-install', undefined, 'refused'],
    ['post-upgrade', 'refuse', 'refused'],
    ['test,post-install', undefined, 'refused'],
    ['crd-install', undefined, 'refused'],
    ['pre-install,pre-upgrade', 'apply', 'kept'],
    ['pre-install,pre-upgrade', 'skip', 'left out'],
    [undefined, 'refuse', 'kept'],
  ] as const)('of %s with hooks %s is %s', (events, hooks, expected) => {
    const decided = decideHook(job(events), hooks);
    const became = decided === undefined ? 'left out' : 'reason' in decided ? 'refused' : 'kept';
    expect(became).toBe(expected);
  });

  it('is refused by name, with the remedy', () => {
    expect(decideHook(job('pre-install,post-upgrade'), undefined)).toEqual({
      where: 'chart/templates/job.yaml',
      reason: 'HelmHook',
      message: expect.stringMatching(
        /^Job shop\/job is a Helm hook \(pre-install, post-upgrade\).*Set helm\.hooks in plumbline\.yaml to apply/,
      ),
      object: { apiVersion: 'batch/v1', group: 'batch', kind: 'Job', namespace: 'shop', name: 'job' },
    });
  });
});
