import { describe, expect, it } from 'vitest';
import { SAVED_QUERIES } from '../../../infra/constructs/saved-queries.ts';
import { runQuery } from '../../helpers/log-insights.ts';

const line = (fields: object) => ({ message: 'record', at: '2026-11-25T02:00:00Z', cluster: 'a', ...fields });
const opened = line({ kind: 'drift', event: 'opened', decision: 'observed', id: 'opened' });
const corrected = line({ kind: 'drift', event: 'corrected', decision: 'corrected', id: 'corrected' });
const verified = line({ kind: 'drift', event: 'verified', decision: 'corrected', id: 'verified' });
const rollout = line({ kind: 'rollout', event: 'opened', decision: 'applied', id: 'rollout' });
const image = line({ kind: 'image', event: 'opened', class: 'tag.moved', id: 'image' });
const failedRun = (cluster: string, at: string, reason: string, message: string) =>
  line({ kind: 'run', outcome: 'failed', cluster, at, error: { reason, message } });

const all = [
  opened,
  corrected,
  verified,
  rollout,
  image,
  line({ kind: 'run', outcome: 'in-sync' }),
  failedRun('a', '2026-11-25T02:00:00Z', 'Unreachable', 'first'),
  failedRun('b', '2026-11-25T02:01:00Z', 'Unreachable', 'second'),
  failedRun('b', '2026-11-25T02:00:00Z', 'Unauthorized', 'third'),
];

describe('the saved queries', () => {
  it('find what drifted, each once, and no rollout', () => {
    expect(runQuery(SAVED_QUERIES.drift.commands, all)).toEqual([opened]);
  });

  it('find what was corrected once the server showed it, and not before', () => {
    expect(runQuery(SAVED_QUERIES.corrected.commands, all)).toEqual([verified]);
  });

  it('find images', () => {
    expect(runQuery(SAVED_QUERIES.images.commands, all)).toEqual([image]);
  });

  it('count failed runs by reason, most first, with the last message', () => {
    expect(runQuery(SAVED_QUERIES.failures.commands, all)).toEqual([
      { 'error.reason': 'Unreachable', runs: 2, clusters: 2, lastMessage: 'second' },
      { 'error.reason': 'Unauthorized', runs: 1, clusters: 1, lastMessage: 'third' },
    ]);
  });
});

describe('runQuery', () => {
  it.each([['parse @message "*"'], ['filter kind like /drift/'], ['sort kind'], ['stats avg(durationMs) as d by kind']])(
    'refuses %s, which it does not understand',
    (command) => {
      expect(() => runQuery([command], all)).toThrow(/not understood/);
    },
  );

  it('sorts and limits', () => {
    expect(runQuery(['sort id desc', 'limit 2'], [opened, verified, image]).map(({ id }) => id)).toEqual(['verified', 'opened']);
  });
});
