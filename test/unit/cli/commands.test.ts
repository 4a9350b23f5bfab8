import { describe, expect, it } from 'vitest';
import { driftRecord, runRecord } from './fixtures.ts';
import { eksItem, emptyWorld, NOW, runCommand, type World } from './run-command.ts';

function worldWith(...clusters: readonly string[]): World {
  const world = emptyWorld();
  for (const cluster of clusters) world.items.set(cluster, eksItem(cluster));
  return world;
}

const verified = {
  outcome: 'in-sync',
  lastRunAt: NOW.toISOString(),
  observedAt: NOW.toISOString(),
  verifiedAt: NOW.toISOString(),
  open: 0,
} as const;

describe('status', () => {
  it('prints one JSON line a cluster, and ends with 2 when one differs', async () => {
    const world = worldWith('prod-eu', 'prod-us');
    world.states.set('prod-eu', { cluster: 'prod-eu', ...verified });
    world.states.set('prod-us', { cluster: 'prod-us', ...verified, outcome: 'drifting', open: 2 });
    const result = await runCommand(world, 'status', '--json');
    expect(result.status).toBe(2);
    expect(result.lines).toMatchObject([
      { cluster: 'prod-eu', status: 'in sync', mode: 'observe', open: 0, verifiedAgeSeconds: 0 },
      { cluster: 'prod-us', status: 'drifting', open: 2 },
    ]);
  });

  it('takes its common options before and after its name', async () => {
    const world = worldWith('prod-eu');
    const before = await runCommand(world, '--json', 'status');
    const after = await runCommand(world, 'status', '--json');
    expect(before.lines).toHaveLength(1);
    expect(before.out).toBe(after.out);
  });

  it('shows a row that cannot be used beside those that can, and ends with 1', async () => {
    const world = worldWith('prod-eu');
    world.states.set('prod-eu', { cluster: 'prod-eu', ...verified });
    world.items.set('typo', eksItem('typo', { mode: 'enforced' }));
    const result = await runCommand(world, 'status');
    expect(result.status).toBe(1);
    expect(result.out).toMatch(/prod-eu +observe +in sync/);
    expect(result.out).toContain('attribute mode is "enforced"; accepted: observe, enforce or off');
  });

  it('names what is registered when a cluster is not', async () => {
    const result = await runCommand(worldWith('prod-eu'), 'status', 'prod-ue', '--json');
    expect([result.status, result.out]).toEqual([1, '']);
    expect(result.error).toBe('error: cluster "prod-ue": no such row in the clusters table. Registered: prod-eu.\n');
  });

  it('says what to do when nothing is registered', async () => {
    const result = await runCommand(emptyWorld(), 'status');
    expect(result).toMatchObject({ status: 0, out: 'No cluster is registered. Register one with `plumbline cluster add`.\n' });
  });
});

describe('records', () => {
  it('asks for what its options say', async () => {
    const world = worldWith('prod-eu');
    world.records.push(driftRecord({}), runRecord({}));
    const result = await runCommand(world, 'records', 'prod-eu', '--kind', 'drift', '--since', '1h', '--open', '--limit', '5', '--json');
    expect(world.asked.queries).toEqual([{ cluster: 'prod-eu', kind: 'drift', since: '2026-11-25T11:00:00.000Z', open: true, limit: 5 }]);
    expect(result.lines).toEqual([driftRecord({}), runRecord({})]);
    expect(result.status).toBe(0);
  });

  it.each([
    [['--kind', 'drifts'], '--kind: "drifts" is no kind of record. Give one of drift, rollout, prune, image, rollback, run.'],
    [['--limit', '0'], '--limit: "0" is not a number of records. Give a whole number from 1 to 99999.'],
    [['--since', 'noon'], '--since: "noon" is neither a duration'],
  ])('refuses %j before it asks anything', async (options, message) => {
    const world = worldWith();
    const result = await runCommand(world, 'records', ...options);
    expect([result.status, result.out, world.asked.queries]).toEqual([1, '', []]);
    expect(result.error).toContain(`error: ${message}`);
  });
});

describe('records of a name', () => {
  it('says what is registered when nothing of that name ever was', async () => {
    const result = await runCommand(worldWith('prod-eu'), 'records', 'prod-ue');
    expect([result.status, result.out]).toEqual([1, '']);
    expect(result.error).toContain('Registered: prod-eu.');
  });

  it('shows those of a cluster that was removed', async () => {
    const world = worldWith();
    world.records.push(runRecord({}));
    expect(await runCommand(world, 'records', 'prod-eu')).toMatchObject({ status: 0, error: '' });
  });

  it('says that there are more than it shows', async () => {
    const world = worldWith();
    world.records.push(runRecord({}));
    expect((await runCommand(world, 'records', '--limit', '1')).out).toContain('\nThe newest 1; --limit shows more');
  });
});

describe('images', () => {
  it('ends with 2 when there are findings, and says what to do once for each image', async () => {
    const world = worldWith('prod-eu');
    const reference = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1.4';
    const moved = `image web:1.4 names sha256:${'a'.repeat(64)} since 2026-11-25T11:58:00.123Z: find out who pushed the tag again.`;
    const finding = {
      kind: 'image',
      class: 'tag.moved',
      decision: 'reported',
      changes: [{ path: reference, desired: 'sha256:a', live: 'sha256:b' }],
      error: { reason: 'tag.moved', message: moved },
    } as const;
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
    world.records.push(driftRecord(finding), driftRecord({ ...finding, id: '2', object }));
    const result = await runCommand(world, 'images');
    expect(world.asked.queries).toEqual([{ kind: 'image', open: true }]);
    expect(result.status).toBe(2);
    expect(`\n${result.out}`).toBe(`
CLUSTER  SEVERITY  FINDING    SINCE     OBJECTS
prod-eu  high      tag.moved  11:59:20  ConfigMap shop/settings, Deployment shop/web
  image web:1.4 names sha256:aaaaaaaaaaaa… since 11:58:00: find out who pushed the tag again.
2 open findings in 1 cluster
`);
  });

  it('prints each with its severity, those that matter most first', async () => {
    const world = worldWith('prod-eu');
    for (const id of ['reg.foreign', 'run.mismatch', 'repo.mutable']) world.records.push(driftRecord({ kind: 'image', class: id, id }));
    const { lines } = await runCommand(world, 'images', '--json');
    expect(lines).toMatchObject([
      { class: 'run.mismatch', severity: 'critical' },
      { class: 'repo.mutable', severity: 'high' },
      { class: 'reg.foreign', severity: 'low' },
    ]);
  });

  it('ends with 0 when there are none', async () => {
    expect(await runCommand(worldWith('prod-eu'), 'images', '--json')).toMatchObject({ status: 0, out: '' });
  });
});

describe('plan', () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'settings' };
  const update = { object, action: 'update', changes: [{ path: 'data.colour', live: 'blue', desired: 'green' }] } as const;

  it('prints a line an object that would change and a summary, and ends with 2', async () => {
    const world = worldWith('prod-eu');
    world.plan = async () => ({ cluster: 'prod-eu', revision: 'a'.repeat(40), objects: 3, lines: [update] });
    const result = await runCommand(world, 'plan', 'prod-eu', '--json');
    expect(result.status).toBe(2);
    expect(result.lines).toEqual([
      { cluster: 'prod-eu', ...update },
      {
        kind: 'summary',
        cluster: 'prod-eu',
        revision: 'a'.repeat(40),
        objects: 3,
        create: 0,
        update: 1,
        recreate: 0,
        adopt: 0,
        delete: 0,
        unmanaged: 0,
        keep: 0,
        blocked: 0,
        errors: 0,
        unchanged: 2,
        ignored: 0,
      },
    ]);
  });

  it('shows people the fields that would change and leaves out what would not', async () => {
    const world = worldWith('prod-eu');
    const service = { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' };
    const error = { reason: 'Invalid', message: 'Service shop/api: spec.ports: Required value.' };
    world.plan = async () => ({
      cluster: 'prod-eu',
      revision: 'a'.repeat(40),
      objects: 6,
      ignored: 2,
      lines: [
        { object: service, action: 'create', changes: [], validated: false, after: ['Namespace shop'] },
        update,
        { object: { ...service, name: 'front' }, action: 'adopt', changes: [], from: 'Flux' },
        { object: { ...service, name: 'old' }, action: 'delete', changes: [] },
        { object: { ...service, name: 'stray' }, action: 'unmanaged', changes: [], from: 'kubectl-create' },
        { object: { ...service, name: 'api' }, action: 'error', changes: [], error },
      ],
    });
    const result = await runCommand(world, 'plan', 'prod-eu');
    expect(result.status).toBe(1);
    expect(`\n${result.out}`).toBe(`
prod-eu at aaaaaaaaaaaa
  + Service shop/web (after Namespace shop)
  ~ ConfigMap shop/settings
      data.colour: blue → green
  ~ Service shop/front (adopted from Flux)
  - Service shop/old (no longer in Git)
  ? Service shop/stray (not in Git; field managers: kubectl-create)
  ! Service shop/api
      Service shop/api: spec.ports: Required value.
  6 objects: 1 to create, 1 to update, 1 to adopt, 1 to delete, 1 unmanaged, 1 failed, 2 unchanged; 2 fields ignored
`);
  });

  it('shows people what is not written now, and until when', async () => {
    const world = worldWith('prod-eu');
    const heldUntil = '2026-11-25T18:00:00.000Z';
    world.plan = async () => ({
      cluster: 'prod-eu',
      revision: 'a'.repeat(40),
      objects: 4,
      lines: [
        { ...update, held: [{ path: 'data.colour', decision: 'held', heldUntil }] },
        {
          ...update,
          held: [{ path: 'data.colour', decision: 'backed-off', heldUntil }],
          changes: [],
          waits: { decision: 'held', heldUntil },
        },
        { ...update, changes: [], waits: { decision: 'observed' } },
        { ...update, changes: [], waits: { decision: 'suspended' } },
        { ...update, changes: [], waits: { decision: 'suspended', heldUntil } },
      ],
    });
    expect(`\n${(await runCommand(world, 'plan', 'prod-eu')).out}`).toBe(`
prod-eu at aaaaaaaaaaaa
  ~ ConfigMap shop/settings
      data.colour: blue → green
      data.colour is held until 2026-11-25 18:00 UTC
  ~ ConfigMap shop/settings; waits for a window until 2026-11-25 18:00 UTC
      data.colour is left to a rival until 2026-11-25 18:00 UTC
  ~ ConfigMap shop/settings; only observed, by a rule of plumbline.yaml
  ~ ConfigMap shop/settings; not written: its reconciliation is disabled
  ~ ConfigMap shop/settings; suspended until 2026-11-25 18:00 UTC
  4 objects: 5 to update, 0 unchanged
`);
  });

  it('ends with 0 when nothing would change', async () => {
    const world = worldWith('prod-eu');
    world.plan = async () => ({ cluster: 'prod-eu', revision: 'a'.repeat(40), objects: 3, lines: [] });
    expect((await runCommand(world, 'plan')).status).toBe(0);
  });

  it('goes on with the next cluster when one cannot be planned, and ends with 1', async () => {
    const world = worldWith('prod-eu', 'prod-us');
    world.plan = async (row) => {
      if (row.cluster === 'prod-eu') throw new Error('no answer');
      return { cluster: row.cluster, revision: 'a'.repeat(40), objects: 1, lines: [] };
    };
    const result = await runCommand(world, 'plan', '--json');
    expect(result.status).toBe(1);
    expect(result.error).toBe('error: prod-eu: Unexpected: no answer\n');
    expect(result.lines).toMatchObject([
      { kind: 'summary', cluster: 'prod-eu', error: { reason: 'Unexpected' } },
      { kind: 'summary', cluster: 'prod-us', unchanged: 1 },
    ]);
  });

  it.each([
    [['--path', 'x'], 'Name it'],
    [['prod-eu', '--path', 'x', '--revision', 'y'], 'two desired states'],
  ])('refuses %j', async (args, message) => {
    const world = worldWith('prod-eu');
    const result = await runCommand(world, 'plan', ...args);
    expect([result.status, world.asked.plans]).toEqual([1, []]);
    expect(result.error).toContain(message);
  });

  it('takes a folder relative to where it is called', async () => {
    const world = worldWith('prod-eu');
    world.plan = async () => ({ cluster: 'prod-eu', revision: 'local', objects: 0, lines: [] });
    await runCommand(world, 'plan', 'prod-eu', '--path', 'apps');
    expect(world.asked.plans).toEqual([{ type: 'directory', directory: '/nowhere/apps' }]);
  });
});

describe('reconcile', () => {
  it('prints the records of the run and then a line a cluster', async () => {
    const world = worldWith('prod-eu');
    const corrected = runRecord({ outcome: 'corrected', drifted: 1, corrected: 1 });
    world.reconcile = async () => [driftRecord({ decision: 'corrected' }), corrected];
    const result = await runCommand(world, 'reconcile', 'prod-eu', '--json');
    expect(result.status).toBe(0);
    expect(result.lines).toEqual([driftRecord({ decision: 'corrected' }), corrected]);
  });

  it('prints a run line of a cluster whose run could not begin, goes on, and ends with 1', async () => {
    const world = worldWith('prod-us');
    world.items.set('typo', eksItem('typo', { wave: 'first' }));
    world.reconcile = async (row) => [runRecord({ cluster: row.cluster })];
    const result = await runCommand(world, 'reconcile', '--all', '--json');
    expect(result.status).toBe(1);
    expect(result.lines).toMatchObject([
      { kind: 'run', cluster: 'prod-us', outcome: 'in-sync' },
      {
        kind: 'run',
        cluster: 'typo',
        outcome: 'failed',
        objects: 0,
        requests: 0,
        error: { reason: 'InvalidRow', message: expect.stringContaining('wave') },
      },
    ]);
    expect(result.error).toContain('attribute wave is "first"');
  });

  it.each([
    [['reconcile'], 'no cluster is named. Name one or more'],
    [['reconcile', 'prod-eu', '--all'], 'clusters are named (prod-eu) and --all is given. Give one'],
  ])('refuses %j: it is either some or all', async (args, message) => {
    const result = await runCommand(worldWith('prod-eu'), ...args);
    expect([result.status, result.out]).toEqual([1, '']);
    expect(result.error).toContain(message);
  });
});

describe('what is no command', () => {
  it.each([
    [['staus'], "plumbline: unknown command 'staus'. Did you mean status?", 'cluster, render, plan'],
    [['--json'], 'plumbline: no command is given.', 'cluster, render, plan'],
    [['cluster'], 'plumbline cluster: no subcommand is given.', 'add, list, show'],
    [['cluster', 'shw'], "plumbline cluster: unknown command 'shw'. Did you mean show?", 'add, list, show'],
    [['cluster', 'show'], "plumbline cluster show: missing required argument 'cluster'.", 'plumbline cluster show <cluster> [options]'],
    [
      ['plan', 'a', 'b'],
      "plumbline plan: too many arguments for 'plan'. Expected 1 argument but got 2: a, b.",
      'plumbline plan [cluster] [options]',
    ],
    [['status', '--jsn'], "plumbline status: unknown option '--jsn'. Did you mean --json?", '--stack <name>, --json'],
    [
      ['records', '--kind'],
      "plumbline records: option '--kind <kind>' argument missing.",
      '--kind <kind>, only records of this kind: drift, rollout',
    ],
  ])('%j ends with 1, and says what is wrong, what is accepted and where to read on', async (args, problem, accepted) => {
    const result = await runCommand(emptyWorld(), ...args);
    const [first, second, third, ...rest] = result.error.split('\n');
    expect([result.status, result.out, first]).toEqual([1, '', `error: ${problem}`]);
    expect(second?.startsWith(`Accepted: ${accepted}`)).toBe(true);
    expect(third).toMatch(/^Run `plumbline.* --help` for what each means\.$/);
    expect(rest).toEqual(['']);
  });

  it('cannot be made to move the cursor by an argument', async () => {
    expect((await runCommand(emptyWorld(), '\u001b[2J')).error).not.toContain('\u001b');
  });

  it('shows the help when nothing is asked', async () => {
    const result = await runCommand(emptyWorld());
    expect([result.status, result.error]).toEqual([0, '']);
    expect(result.out).toContain('Usage: plumbline');
  });
});
