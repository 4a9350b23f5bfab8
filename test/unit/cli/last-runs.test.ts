import { describe, expect, it } from 'vitest';
import type { PlumblineRecord, RunRecord } from '../../../lib/records/record.ts';
import { driftRecord, runRecord } from './fixtures.ts';
import { eksItem, emptyWorld, NOW, runCommand } from './run-command.ts';

const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();
const error = { reason: 'AwsFailed', message: 'DynamoDB UpdateItem of table state-1: it answered 503.' };

/** What `status` says of a cluster whose state says in sync as of 40 s ago, where these records are newer than others. */
async function statusWith(...records: readonly PlumblineRecord[]) {
  const world = emptyWorld();
  world.items.set('prod-eu', eksItem('prod-eu'));
  world.states.set('prod-eu', {
    cluster: 'prod-eu',
    outcome: 'in-sync',
    lastRunAt: ago(40),
    observedAt: ago(41),
    verifiedAt: ago(41),
    open: 0,
  });
  world.records.push(...records);
  const { status: exit, lines } = await runCommand(world, 'status', '--json');
  return { exit, line: lines[0], asked: world.asked.queries };
}

const failed = (fields: Partial<RunRecord>) => runRecord({ outcome: 'failed', at: ago(20), error, ...fields });

describe('a cluster whose last run could not write its state', () => {
  it('is failing by the record of that run, with the reason and the age of what was verified before', async () => {
    const { exit, line, asked } = await statusWith(failed({}));
    expect(line).toMatchObject({ status: 'failing', failure: error, lastRunAt: ago(20), verifiedAt: ago(41) });
    expect(exit).toBe(1);
    expect(asked).toEqual([{ kind: 'run', since: ago(40), cluster: 'prod-eu' }]);
  });

  it.each<[string, RunRecord, string, number]>([
    ['drifting', runRecord({ outcome: 'drifting', at: ago(20) }), 'drifting', 2],
    ['blocked', failed({ outcome: 'blocked' }), 'blocked', 2],
  ])('is %s where that run found it so', async (_what, record, word, status) => {
    const { line, exit } = await statusWith(record);
    expect([line, exit]).toMatchObject([{ status: word }, status]);
  });

  it.each<[string, readonly PlumblineRecord[]]>([
    ['the run that the state speaks of', [failed({ at: ago(45) })]],
    ['a run that went well', [runRecord({ outcome: 'corrected', at: ago(20) }), failed({ at: ago(30) })]],
    ["the source's word, which the state has", [failed({ requests: 0 })]],
    ['a drift', [driftRecord({ at: ago(20) })]],
    ['another cluster', [failed({ cluster: 'prod-us' })]],
  ])('is what its state says when the newest record is of %s', async (_what, records) => {
    const { line, exit } = await statusWith(...records);
    expect([line, exit]).toMatchObject([{ status: 'in sync', lastRunAt: ago(40) }, 0]);
  });
});
