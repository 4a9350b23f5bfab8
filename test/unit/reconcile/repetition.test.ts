import { expect, it } from 'vitest';
import type { ClusterState } from '../../../lib/fleet/cluster.ts';
import { repeatsLast, type Said } from '../../../lib/reconcile/repetition.ts';

const refused = { reason: 'Unreachable', message: 'cluster a: it does not answer (gave up after 5012 ms)' };
const last: ClusterState = { cluster: 'a', lastRunAt: '2027-01-01T00:00:00.000Z', outcome: 'in-sync', revision: 'one' };
const failed: ClusterState = { ...last, outcome: 'failed', failure: refused };
const said: Said = { outcome: 'in-sync', failure: undefined, revision: 'one' };

it.each<[string, ClusterState | undefined, Said, boolean]>([
  ['the first run', undefined, said, false],
  ['the first run after a status of the schedule', { cluster: 'a', outcome: 'in-sync', revision: 'one' }, said, false],
  ['in sync as before', last, said, true],
  ['another outcome', last, { ...said, outcome: 'drifting' }, false],
  ['another revision', last, { ...said, revision: 'two' }, false],
  [
    'the same failure, after another time',
    failed,
    { outcome: 'failed', failure: { ...refused, message: refused.message.replace('5012', '4999') } },
    true,
  ],
  ['another reason', failed, { outcome: 'failed', failure: { ...refused, reason: 'TlsVerification' } }, false],
  ['other words', failed, { outcome: 'failed', failure: { ...refused, message: 'cluster a: its name does not resolve' } }, false],
  ['a failure that is over', failed, said, false],
])('%s repeats what was said last: %#', (_what, before, now, repeats) => {
  expect(repeatsLast(before, now)).toBe(repeats);
});
