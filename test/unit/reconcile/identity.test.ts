import { describe, expect, it } from 'vitest';
import { writerIdentity } from '../../../lib/reconcile/identity.ts';

describe('the identity under which a row writes', () => {
  it('has the deployment and the row in it', () => {
    expect(writerIdentity('main', 'prod-eu')).toEqual({ fieldManager: 'plumbline-main-prod-eu', owner: 'main.prod-eu' });
  });

  it.each([
    ['long', 'a'.repeat(30), 'b'.repeat(100)],
    ['of other characters', 'main', 'prod/eu ü'],
    ['ending in a dot', 'main', 'prod.'],
  ])('fits a label and tells its row from others, be the name %s', (_what, deployment, cluster) => {
    const { owner, fieldManager } = writerIdentity(deployment, cluster);
    expect(owner).toMatch(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/);
    expect(fieldManager.length).toBeLessThanOrEqual(128);
    expect(writerIdentity(deployment, `${cluster}x`).owner).not.toBe(owner);
  });
});
