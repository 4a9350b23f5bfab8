import { describe, expect, it } from 'vitest';
import { describeRollouts, type RolloutsStatus, rolloutLines, rolloutsCell, withDegraded } from '../../../lib/cli/describe-rollouts.ts';
import { formatLine } from '../../../lib/cli/table.ts';
import type { Mode, RolloutHealth } from '../../../lib/fleet/cluster.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import { driftRecord, screen } from './fixtures.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();
const seen = (progressing: number, degraded: number, at = ago(40)): RolloutHealth => ({ progressing, degraded, at });

const CASES: readonly [behaviour: string, mode: Mode, RolloutHealth | undefined, shown: string][] = [
  ['are healthy when all that was written came up', 'enforce', seen(0, 0), 'healthy'],
  ['are progressing while one is not healthy yet', 'enforce', seen(2, 0), '2 progressing'],
  ['are degraded when one does not work, whatever else is on the way', 'enforce', seen(2, 1), '1 degraded'],
  ['are unknown where no run has looked', 'enforce', undefined, 'unknown'],
  ['are as they were seen up to three intervals', 'enforce', seen(0, 0, ago(180)), 'healthy'],
  ['are unknown after three intervals, also where they were healthy', 'enforce', seen(0, 0, ago(181)), 'unknown'],
  ['are none where nothing is written', 'observe', seen(0, 0), '-'],
  ['are followed to their end where nothing is written any more', 'observe', seen(0, 1), '1 degraded'],
  ['are nobody’s concern in a cluster that is off', 'off', seen(0, 1), '-'],
];

describe('the rollouts of a cluster', () => {
  it.each(CASES)('%s', (_behaviour, mode, rollouts, shown) => {
    expect(rolloutsCell(describeRollouts({ mode, intervalSeconds: 60 }, rollouts, NOW)).text).toBe(shown);
  });
});

describe('what does not work', () => {
  const health = (name: string, fields: Partial<ObjectRecord> = {}): ObjectRecord =>
    driftRecord({
      kind: 'rollout',
      class: 'health',
      object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name },
      health: {
        status: 'degraded',
        reason: 'ImagePullBackOff',
        message: '1 of 2 replicas are available; pod web-1: container app cannot get its image shop/web:2',
        at: ago(300),
      },
      ...fields,
    });
  const recordsOf = (...records: readonly ObjectRecord[]) => ({ listOpen: async () => records });
  const status = (degraded: number, progressing = 0): { readonly cluster: string; readonly rollouts: RolloutsStatus } => ({
    cluster: 'prod-eu',
    rollouts: { health: 'degraded', progressing, degraded, at: ago(40) },
  });
  const linesOf = async (...records: readonly ObjectRecord[]) => {
    const { rollouts } = await withDegraded(status(records.length, 1), recordsOf(...records), AbortSignal.timeout(1000));
    return rolloutLines('prod-eu', rollouts, NOW, screen(200)).map((line) => formatLine(line, screen().colors));
  };

  it('is told with the reason of its pods, by its open records alone', async () => {
    const read = await withDegraded(status(1), recordsOf(health('web'), driftRecord({})), AbortSignal.timeout(1000));
    expect(read.rollouts.objects).toEqual([{ object: health('web').object, ...health('web').health }]);
  });

  it('is not asked for where everything works', async () => {
    const listOpen = () => Promise.reject(new Error('asked'));
    expect(await withDegraded(status(0), { listOpen }, AbortSignal.timeout(1000))).toEqual(status(0));
  });

  it('is a line an object, with how long it has been so', async () => {
    const timedOut = {
      status: 'timed-out',
      reason: 'NotReady',
      message: 'it is not healthy 10 min after it was written',
      at: ago(60),
    } as const;
    expect(await linesOf(health('web'), health('api', { health: timedOut }))).toEqual([
      'Deployment shop/web: degraded for 5 m: ImagePullBackOff: 1 of 2 replicas are available; pod web-1: container app cannot get its image shop/web:2',
      'Deployment shop/api: timed out for 1 m: NotReady: it is not healthy 10 min after it was written',
      '1 object progressing',
    ]);
  });

  it('is counted where there is much of it', async () => {
    const lines = await linesOf(...Array.from({ length: 13 }, (_, index) => health(`web-${index}`)));
    expect(lines).toHaveLength(12);
    expect(lines[10]).toBe('and 3 more: plumbline records prod-eu --kind rollout --open');
  });
});
