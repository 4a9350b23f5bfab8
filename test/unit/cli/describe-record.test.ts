import { describe, expect, it } from 'vitest';
import { describeActor, describeChanges, formatRecords } from '../../../lib/cli/describe-record.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import { driftRecord, runRecord, screen } from './fixtures.ts';

const NOW = new Date('2026-11-25T12:00:00Z');

const corrected = driftRecord({
  decision: 'corrected',
  actor: { manager: 'kubectl-edit', operation: 'Update', at: '2026-11-25T11:58:35Z' },
  correctedAt: '2026-11-25T11:59:21.923Z',
  verifiedAt: '2026-11-25T11:59:22Z',
  durationMs: 1800,
});
const forbidden = driftRecord({
  object: { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' },
  class: 'missing',
  changes: [],
  actor: { manager: 'unknown' },
  error: { reason: 'Forbidden', message: 'Service shop/web: services is forbidden. Grant create to the role.' },
  decision: 'failed',
});

describe('formatRecords', () => {
  it('shows a line a record, and beneath it what changed, who did, and what became of it', () => {
    const records = [
      runRecord({ outcome: 'corrected', drifted: 1, corrected: 1 }),
      corrected,
      forbidden,
      driftRecord({ kind: 'rollout', class: 'created', changes: [], decision: 'applied', verifiedAt: '2026-11-25T11:59:22Z' }),
    ];
    expect(`\n${formatRecords(records, NOW, screen())}`).toBe(`
WHEN (UTC)  CLUSTER  OBJECT                   KIND/CLASS       WHO               DECISION
11:59:21    prod-eu  42 objects               run              -                 corrected
  1 drifted, 1 corrected
11:59:20    prod-eu  ConfigMap shop/settings  drift/value      kubectl-edit      corrected
  data.colour: blue → green
  corrected 47 s after the change, 1.8 s after it was seen, and verified
11:59:20    prod-eu  Service shop/web         drift/missing    unknown           failed
  who: unknown (removed; needs audit logs)
  Service shop/web: services is forbidden. Grant create to the role.
  open for 40 s since it was seen
11:59:20    prod-eu  ConfigMap shop/settings  rollout/created  Git aaaaaaaaaaaa  applied, verified
`);
  });

  it('says of an image what the message says, once', () => {
    const message = `image web:1.4 is locked to sha256:${'a'.repeat(64)}; find out who pushed it.`;
    const changes = [{ path: 'web:1.4', desired: 'sha256:a', live: 'sha256:b' }];
    const finding = driftRecord({
      kind: 'image',
      class: 'tag.moved',
      decision: 'reported',
      changes,
      error: { reason: 'tag.moved', message },
    });
    expect(`\n${formatRecords([finding], NOW, screen())}`).toBe(`
WHEN (UTC)  CLUSTER  OBJECT                   KIND/CLASS       WHO  DECISION
11:59:20    prod-eu  ConfigMap shop/settings  image/tag.moved  -    reported
  image web:1.4 is locked to sha256:aaaaaaaaaaaa…; find out who pushed it.
`);
  });

  it.each([80, 100, 140])('is no wider than a terminal of %i columns', (columns) => {
    const image = (tag: string) => `111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/recommendations:${tag}@sha256:${'0'.repeat(64)}`;
    const records = [
      runRecord({}),
      forbidden,
      driftRecord({
        cluster: 'production-eu-central',
        object: { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'recommendations', name: 'recommendations-worker-primary' },
        changes: [
          { path: 'spec.template.spec.containers[name=recommendations].image', live: image('1'), desired: image('2') },
          { path: 'data.config', live: `${'x'.repeat(500)}a`, desired: `${'x'.repeat(500)}b` },
          { path: `metadata.annotations[${'long.example.com/'.repeat(20)}]`, live: 'a' },
        ],
        actor: { manager: 'a-controller-with-a-long-name', user: 'ada.lovelace@example.com' },
      }),
    ];
    const widths = formatRecords(records, NOW, screen(columns))
      .split('\n')
      .map((line) => [...line].length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
  });

  it('cannot be made to move the cursor or end a line by a value from a cluster', () => {
    const record = driftRecord({ changes: [{ path: 'data.x', live: '\u001b[2Jgone\nfake row', desired: 'x' }] });
    const table = formatRecords([record], NOW, screen());
    expect(table).not.toContain('\u001b');
    expect(table.trimEnd().split('\n')).toHaveLength(4);
    expect(table).toContain('\\u001b[2Jgone\\u000afake row');
  });
});

describe('describeActor', () => {
  const removed = { who: 'unknown', why: 'removed; needs audit logs' };
  const CASES: readonly [behaviour: string, record: Partial<ObjectRecord>, actor: ReturnType<typeof describeActor>][] = [
    ['names the field manager', {}, { who: 'kubectl-edit' }],
    [
      'names a person only where an audit log did',
      { actor: { manager: 'kubectl-edit', user: 'ada@example.com' } },
      { who: 'ada@example.com (kubectl-edit)' },
    ],
    ['says why a removed object has nobody', { class: 'missing', actor: { manager: 'unknown' } }, removed],
    [
      'says why a removed field has nobody',
      { class: 'metadata', changes: [{ path: 'metadata.labels.team', desired: 'shop' }], actor: { manager: 'unknown' } },
      removed,
    ],
    [
      'does not say removed of what was reordered',
      { class: 'list-order', actor: { manager: 'unknown' } },
      { who: 'unknown', why: 'needs audit logs' },
    ],
    ['says Git and the commit of a rollout', { kind: 'rollout' }, { who: 'Git aaaaaaaaaaaa' }],
    ['says Git and the commit of what is no longer there', { kind: 'prune' }, { who: 'Git aaaaaaaaaaaa' }],
  ];
  it.each(CASES)('%s', (_, record, actor) => {
    expect(describeActor(driftRecord(record))).toEqual(actor);
  });
});

describe('describeChanges', () => {
  it('counts what it leaves out of many', () => {
    const changes = Array.from({ length: 10 }, (_, index) => ({ path: `p${index}`, live: 0, desired: 1 }));
    const lines = describeChanges(driftRecord({ changes }), screen()).map((line) => line.map(({ text }) => text).join(''));
    expect(lines).toHaveLength(9);
    expect(lines[0]).toBe('p0: 0 → 1');
    expect(lines.at(-1)).toBe('and 2 more paths (--json has all)');
  });
});
