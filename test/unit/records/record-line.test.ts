import { expect, it } from 'vitest';
import type { RunRecord } from '../../../lib/records/index.ts';
import { formatRecordLine } from '../../../lib/records/index.ts';

const run: RunRecord = {
  cluster: 'prod-eu',
  id: '01M8885844WAKQT8QG0BJ2925V',
  kind: 'run',
  at: '2026-11-25T02:22:06.498Z',
  runId: '01M888583JQW7AN26WVTGEYC9M',
  revision: '',
  sequence: 1,
  event: 'resolved',
  outcome: 'blocked',
  objects: 0,
  drifted: 0,
  corrected: 0,
  created: 0,
  failed: 0,
  requests: 0,
  durationMs: 12,
};

it('writes every field of a record on one line, empty ones too', () => {
  const line = formatRecordLine(run);
  expect(line).not.toContain('\n');
  expect(JSON.parse(line)).toEqual({ level: 'INFO', message: 'record', ...run });
});

it('writes an integer beyond 2^53 as the number that it is', () => {
  const changes = [{ path: 'spec.serial', desired: 9_007_199_254_740_993n, live: 1 }];
  const object = { apiVersion: 'v1', kind: 'Widget', namespace: '', name: 'w' };
  const line = formatRecordLine({ ...run, kind: 'drift', object, class: 'value', changes, decision: 'observed' });
  expect(line).toContain('"desired":9007199254740993,');
});
