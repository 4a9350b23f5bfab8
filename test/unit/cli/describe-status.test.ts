import { describe, expect, it } from 'vitest';
import { describeStatus, type StatusWord, statusExit } from '../../../lib/cli/describe-status.ts';
import { formatStatus } from '../../../lib/cli/status-table.ts';
import type { ClusterRow, ClusterState } from '../../../lib/fleet/cluster.ts';
import { clusterRow, screen } from './fixtures.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();
const ahead = (seconds: number) => ago(-seconds);
const failure = { reason: 'Unreachable', message: 'prod-eu: the API server does not answer.' };

/** Verified 40 s ago, with an interval of one minute. */
function seen(state: Partial<ClusterState>): ClusterState {
  return {
    cluster: 'prod-eu',
    outcome: 'in-sync',
    revision: 'a'.repeat(40),
    lastRunAt: ago(40),
    observedAt: ago(40),
    verifiedAt: ago(40),
    objects: 12,
    open: 0,
    ...state,
  };
}

const CASES: readonly [behaviour: string, row: Partial<ClusterRow>, state: ClusterState | undefined, word: StatusWord, exit: 0 | 1 | 2][] =
  [
    ['is never run before the first run', {}, undefined, 'never run', 2],
    ['is in sync when the last run verified it', {}, seen({}), 'in sync', 0],
    ['is in sync after a correction', {}, seen({ outcome: 'corrected' }), 'in sync', 0],
    ['is in sync up to three intervals', {}, seen({ lastRunAt: ago(180), observedAt: ago(180) }), 'in sync', 0],
    ['is unknown after three intervals', {}, seen({ lastRunAt: ago(181), observedAt: ago(181) }), 'unknown', 1],
    [
      'counts intervals as long as the row has them',
      { intervalSeconds: 600 },
      seen({ lastRunAt: ago(1700), observedAt: ago(1700) }),
      'in sync',
      0,
    ],
    ['is unknown when runs go on but none saw every object', {}, seen({ observedAt: ago(181) }), 'unknown', 1],
    ['is in sync while the sweep comes round within the hour', {}, seen({ verifiedAt: ago(3780) }), 'in sync', 0],
    ['is unknown when the sweep does not come round', {}, seen({ verifiedAt: ago(3781) }), 'unknown', 1],
    ['is drifting when the last run saw drift', {}, seen({ outcome: 'drifting', open: 2 }), 'drifting', 2],
    ['is drifting when a record is open, whatever the run said', {}, seen({ open: 1 }), 'drifting', 2],
    ['is blocked when objects wait', {}, seen({ outcome: 'blocked' }), 'blocked', 2],
    ['is blocked, not failing, when the failure says what it waits for', {}, seen({ outcome: 'blocked', failure }), 'blocked', 2],
    ['is failing when the last run failed', {}, seen({ outcome: 'failed', failure }), 'failing', 1],
    ['is failing when nothing ran because Git cannot be read', {}, { cluster: 'prod-eu', sourceFailure: failure }, 'failing', 1],
    ['is failing when Git is not followed, though the cluster is as it was', {}, seen({ sourceFailure: failure }), 'failing', 1],
    [
      'stays failing while it backs off',
      {},
      seen({ outcome: 'failed', failure, lastRunAt: ago(900), nextAttemptAt: ahead(60) }),
      'failing',
      1,
    ],
    [
      'is unknown when the attempt is long overdue',
      {},
      seen({ outcome: 'failed', failure, lastRunAt: ago(900), nextAttemptAt: ago(200) }),
      'unknown',
      1,
    ],
    ['is suspended until the time that the row says', { suspendedUntil: ahead(60), suspendedReason: 'upgrade' }, seen({}), 'suspended', 0],
    ['differs while suspended when records are open', { suspendedUntil: ahead(60) }, seen({ open: 1 }), 'suspended', 2],
    ['is no longer suspended after that time', { suspendedUntil: ago(1) }, seen({}), 'in sync', 0],
    [
      'is unknown between the end of a suspension and the next run',
      { suspendedUntil: ago(1) },
      seen({ outcome: 'suspended' }),
      'unknown',
      1,
    ],
    ['is off when the row says so', { mode: 'off' }, seen({}), 'off', 0],
    ['differs when what was rolled out does not work', {}, seen({ rollouts: { progressing: 0, degraded: 1, at: ago(40) } }), 'in sync', 2],
    ['does not differ while it comes up', {}, seen({ rollouts: { progressing: 1, degraded: 0, at: ago(40) } }), 'in sync', 0],
  ];

describe('describeStatus', () => {
  it.each(CASES)('%s', (_, row, state, word, exit) => {
    const status = describeStatus({ cluster: 'prod-eu', row: clusterRow(row) }, state, NOW);
    expect([status.status, statusExit([status])]).toEqual([word, exit]);
  });

  it('is failing, with the reason, when the row cannot be used', () => {
    const invalid = { reason: 'InvalidRow', message: 'cluster prod-eu: mode "enforced" is not a mode.' };
    const status = describeStatus({ cluster: 'prod-eu', invalid }, seen({}), NOW);
    expect(status).toMatchObject({ status: 'failing', failure: invalid });
  });

  it('says how old the verification is, and never a negative age', () => {
    const entry = { cluster: 'prod-eu', row: clusterRow({}) };
    expect(describeStatus(entry, seen({}), NOW).verifiedAgeSeconds).toBe(40);
    expect(describeStatus(entry, seen({ verifiedAt: ahead(5) }), NOW).verifiedAgeSeconds).toBe(0);
  });

  it('lets a failure outweigh differences in the exit status', () => {
    const status = (state: ClusterState) => describeStatus({ cluster: state.cluster, row: clusterRow({}) }, state, NOW);
    expect(statusExit([status(seen({ open: 1 })), status(seen({ outcome: 'failed', failure }))])).toBe(1);
    expect(statusExit([])).toBe(0);
  });
});

describe('formatStatus', () => {
  it('prints one line a cluster and what is wrong beneath', () => {
    const entry = (cluster: string, row: Partial<ClusterRow>) => ({ cluster, row: clusterRow({ cluster, ...row }) });
    const statuses = [
      describeStatus(entry('prod-eu', { mode: 'enforce' }), seen({ rollouts: { progressing: 2, degraded: 1, at: ago(40) } }), NOW),
      describeStatus(entry('prod-us', {}), seen({ outcome: 'drifting', open: 3, held: 1, backedOff: 1 }), NOW),
      describeStatus(entry('staging', {}), seen({ outcome: 'failed', failure, verifiedAt: ago(7500), nextAttemptAt: ahead(30) }), NOW),
      describeStatus(entry('test', { suspendedUntil: '2026-11-25T14:00:00Z', suspendedReason: 'upgrade' }), undefined, NOW),
    ];
    expect(`\n${formatStatus(statuses, NOW, screen())}`).toBe(`
CLUSTER  MODE     STATUS     ROLLOUTS    VERIFIED     OBJECTS  OPEN  REVISION
prod-eu  enforce  in sync    1 degraded  40 s ago     12       0     aaaaaaaaaaaa
  1 object degraded, 2 objects progressing: plumbline status prod-eu
prod-us  observe  drifting   -           40 s ago     12       3     aaaaaaaaaaaa
  3 open records, 1 held, 1 left to a rival: plumbline records prod-us --open
staging  observe  failing    -           2 h 5 m ago  12       0     aaaaaaaaaaaa
  prod-eu: the API server does not answer.
  tried again in 30 s
test     observe  suspended  -           never        -        0     -
  suspended for 2 h, until 14:00:00 (UTC): upgrade
`);
  });
});
