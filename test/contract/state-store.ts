import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { StateStore } from '../../lib/storage/index.ts';

/** What every state store promises. */
export function stateStoreContract(create: () => StateStore): void {
  const freshCluster = () => `c-${randomUUID()}`;

  it('merges what it is given, removes what is null and leaves the rest alone', async () => {
    const state = create();
    const cluster = freshCluster();
    const failure = { reason: 'Refused', message: 'the API server said no' };
    await state.update(cluster, { revision: 'a', outcome: 'failed', failure, open: 2 });
    await state.update(cluster, { outcome: 'in-sync', failure: null, open: 0 });
    expect(await state.get(cluster)).toEqual({ cluster, revision: 'a', outcome: 'in-sync', open: 0 });
    expect(await state.list()).toContainEqual({ cluster, revision: 'a', outcome: 'in-sync', open: 0 });
  });

  it('keeps what is held and fought over until it is removed', async () => {
    const state = create();
    const cluster = freshCluster();
    const fight = {
      key: 'apps/Deployment/shop/web',
      path: 'spec.replicas',
      rival: 'autotuner',
      correctedAt: ['2027-01-01T00:00:00.000Z'],
      retreats: 0,
    };
    const contested = [
      { ...fight, retreats: 2, until: '2027-01-01T00:10:00.000Z' },
      { ...fight, path: 'spec.paused' },
    ];
    await state.update(cluster, { held: 1, backedOff: 2, contested });
    expect(await state.get(cluster)).toEqual({ cluster, held: 1, backedOff: 2, contested });
    await state.update(cluster, { held: null, backedOff: null, contested: null });
    expect(await state.get(cluster)).toEqual({ cluster });
  });

  it('keeps how rollouts do', async () => {
    const state = create();
    const cluster = freshCluster();
    const rollouts = { progressing: 1, degraded: 2, at: '2027-01-01T00:00:00.000Z' };
    await state.update(cluster, { rollouts });
    expect(await state.get(cluster)).toEqual({ cluster, rollouts });
  });

  it('pins the first uid of a cluster, whatever is tried later', async () => {
    const state = create();
    const cluster = freshCluster();
    const pinned = await Promise.all(['uid-1', 'uid-2', 'uid-3'].map((uid) => state.pinClusterUid(cluster, uid)));
    expect(new Set(pinned).size).toBe(1);
    expect(await state.pinClusterUid(cluster, 'uid-4')).toBe(pinned[0]);
    expect((await state.get(cluster))?.clusterUid).toBe(pinned[0]);
  });

  it('knows nothing of a cluster that was deleted or never seen', async () => {
    const state = create();
    const cluster = freshCluster();
    await state.update(cluster, { revision: 'a' });
    await state.delete(cluster);
    expect(await state.get(cluster)).toBeUndefined();
    expect((await state.list()).map((one) => one.cluster)).not.toContain(cluster);
  });
}
