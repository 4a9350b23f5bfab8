import { describe, expect, it } from 'vitest';
import { createColors } from '../../../lib/cli/colors.ts';
import { describeActor, describeChanges, formatRecords } from '../../../lib/cli/describe-record.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import { driftRecord, runRecord } from './fixtures.ts';

describe('formatRecords', () => {
  it('shows what changed, who did, what was done and whether it was seen', () => {
    const records = [
      runRecord({ outcome: 'corrected', drifted: 1, corrected: 1 }),
      driftRecord({ decision: 'corrected', correctedAt: '2026-11-25T11:59:21.923Z', verifiedAt: '2026-11-25T11:59:22Z', durationMs: 1800 }),
      driftRecord({
        object: { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' },
        class: 'missing',
        changes: [],
        actor: { manager: 'unknown' },
        error: { reason: 'Forbidden', message: 'Service shop/web: services is forbidden. Grant create to the role.' },
        decision: 'failed',
      }),
    ];
    expect(`\n${formatRecords(records, createColors(false))}`).toBe(`
WHEN                  CLUSTER  KIND   OBJECT                   CLASS      WHAT CHANGED                                             WHO                                  DECISION   CORRECTED IN  VERIFIED
2026-11-25 11:59:21Z  prod-eu  run    -                        corrected  42 objects, 1 drifted, 1 corrected, 0 created, 0 failed  -                                    -          -             -
2026-11-25 11:59:20Z  prod-eu  drift  ConfigMap shop/settings  value      data.colour: blue → green                                kubectl-edit                         corrected  1.8 s         yes
2026-11-25 11:59:20Z  prod-eu  drift  Service shop/web         missing    the whole object                                         unknown (removed; needs audit logs)  failed     -             no
  Service shop/web: services is forbidden. Grant create to the role.
`);
  });

  it('cannot be made to move the cursor or end a line by a value from a cluster', () => {
    const record = driftRecord({ changes: [{ path: 'data.x', live: '\u001b[2Jgone\nfake row', desired: 'x' }] });
    const table = formatRecords([record], createColors(false));
    expect(table).not.toContain('\u001b');
    expect(table.trimEnd().split('\n')).toHaveLength(2);
    expect(table).toContain('\\u001b[2Jgone\\u000afake row');
  });
});

describe('describeActor', () => {
  const CASES: readonly [behaviour: string, record: Partial<ObjectRecord>, text: string][] = [
    ['names the field manager', {}, 'kubectl-edit'],
    [
      'names a person only where an audit log did',
      { actor: { manager: 'kubectl-edit', user: 'ada@example.com' } },
      'ada@example.com (kubectl-edit)',
    ],
    ['says why a removed object has nobody', { class: 'missing', actor: { manager: 'unknown' } }, 'unknown (removed; needs audit logs)'],
    [
      'says why a removed field has nobody',
      { class: 'metadata', changes: [{ path: 'metadata.labels.team', desired: 'shop' }], actor: { manager: 'unknown' } },
      'unknown (removed; needs audit logs)',
    ],
    ['does not say removed of what was reordered', { class: 'list-order', actor: { manager: 'unknown' } }, 'unknown (needs audit logs)'],
    ['says Git and the commit of a rollout', { kind: 'rollout' }, 'Git aaaaaaaaaaaa'],
  ];
  it.each(CASES)('%s', (_, record, text) => {
    expect(describeActor(driftRecord(record))).toBe(text);
  });
});

describe('describeChanges', () => {
  it('keeps both ends of a long value and counts what it leaves out', () => {
    const digest = `registry.example.com/shop/web:1.4@sha256:${'0'.repeat(60)}beef`;
    const changes = Array.from({ length: 10 }, (_, index) => ({ path: `p${index}`, live: digest, desired: 1 }));
    const lines = describeChanges(driftRecord({ changes }));
    expect(lines).toHaveLength(9);
    expect(lines[0]).toBe('p0: registry.example.com/sho…0000000000000000000beef → 1');
    expect(lines.at(-1)).toBe('and 2 more paths');
  });

  it('says only that a value of a Secret changed', () => {
    const changes = [{ path: 'data.password', live: '(redacted)', desired: '(redacted)' }];
    expect(describeChanges(driftRecord({ changes }))).toEqual(['data.password: changed (redacted)']);
  });

  it('says absent for a side that is not there, and writes large integers as they are', () => {
    expect(describeChanges(driftRecord({ changes: [{ path: 'a', live: [9007199254740993n] }] }))).toEqual([
      'a: [9007199254740993] → (absent)',
    ]);
  });
});
