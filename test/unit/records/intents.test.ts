import { expect, it } from 'vitest';
import type { Fact } from '../../../lib/records/fact.ts';
import { prepareIntents } from '../../../lib/records/intents.ts';

const run = { runId: 'r', revision: 'a', startedAt: '2026-01-01T00:00:00.000Z' };
const fact = (kind: string, changes: Fact['changes']): Fact => ({
  kind: 'drift',
  class: 'value',
  object: { apiVersion: 'v1', kind, namespace: 'shop', name: 'db' },
  changes,
  decision: 'corrected',
});
let last = 0;
const newId = (at: number) => `${at}-${last++}`;

it('keeps no value of a Secret, and gives each record its id', () => {
  const changes = [{ path: 'data.password', desired: 'aHVudGVyMg==', live: 'b3RoZXI=' }];
  const { intents } = prepareIntents({ ...run, facts: [fact('Secret', changes), fact('ConfigMap', [])] }, newId);
  expect(intents.map(({ id, at }) => [id, at])).toEqual([
    ['1767225600000-0', run.startedAt],
    ['1767225600000-1', run.startedAt],
  ]);
  expect(intents[0]?.fact.changes).toEqual([{ path: 'data.password', desired: '(redacted)', live: '(redacted)' }]);
});

it('has a bound over all changes of a run', () => {
  const large = Array.from({ length: 12 }, (_, index) => ({ path: `data.${index}`, desired: 'x'.repeat(10_000) }));
  const { intents } = prepareIntents({ ...run, facts: Array.from({ length: 200 }, () => fact('ConfigMap', large)) }, newId);
  expect(JSON.stringify(intents).length).toBeLessThan(9 * 1024 * 1024);
  expect(intents.at(-1)?.fact.changes).toEqual([{ path: '(12 paths, left out for their size)' }]);
});
