import { describe, expect, it } from 'vitest';
import { rowItem } from '../../../lib/cli/row-item.ts';
import { parseRow } from '../../../lib/fleet/parse-row.ts';
import { clusterRow, driftRecord } from './fixtures.ts';
import { eksItem, emptyWorld, NOW, runCommand, type World } from './run-command.ts';

const REPOSITORY = 'https://git.example.com/fleet.git';
const ADD = ['cluster', 'add', 'prod-eu', '--repo', REPOSITORY, '--path', 'clusters/prod-eu'];

function worldWith(item: Readonly<Record<string, string | number>>): World {
  const world = emptyWorld();
  world.items.set(String(item.cluster), item);
  return world;
}

describe('cluster add', () => {
  it('registers a cluster on EKS with nothing but what was said', async () => {
    const world = emptyWorld();
    const result = await runCommand(world, ...ADD, '--eks', 'prod', '--region', 'eu-west-1');
    expect(result.status).toBe(0);
    expect(world.items.get('prod-eu')).toEqual({
      cluster: 'prod-eu',
      repository: REPOSITORY,
      path: 'clusters/prod-eu',
      eksName: 'prod',
      region: 'eu-west-1',
    });
  });

  it('prints the access that the role needs, of the mode that was asked for', async () => {
    const observe = await runCommand(emptyWorld(), ...ADD, '--eks', 'prod', '--region', 'eu-west-1');
    expect(observe.out).toContain('--principal-arn arn:aws:iam::111122223333:role/plumbline-reconcile');
    expect(observe.out).toContain('--kubernetes-groups plumbline:observe');
    expect(observe.out).toContain('kind: ValidatingAdmissionPolicy');
    const role = 'arn:aws:iam::444455556666:role/plumbline-member';
    const enforce = await runCommand(emptyWorld(), ...ADD, '--eks', 'prod', '--region', 'eu-west-1', '--role', role, '--mode', 'enforce');
    expect(enforce.out).toContain(`--principal-arn ${role}`);
    expect(enforce.out.replace(/\s+/g, ' ')).toContain(
      `1. Role: ${role} lets arn:aws:iam::111122223333:role/plumbline-reconcile assume it.`,
    );
    expect(enforce.out).toContain('name: plumbline-enforce');
  });

  it('says in a few lines what an administrator has to do, and puts the commands last, with every check as a line', async () => {
    const { out } = await runCommand(emptyWorld(), ...ADD, '--eks', 'prod', '--region', 'eu-west-1');
    const [told = '', commands = ''] = out.split('\n\naws eks create-access-entry');
    expect(told.split('\n').length).toBeLessThan(14);
    expect(told.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(told).toContain('2. ClusterRole: plumbline-observe for that group, with a policy');
    expect(commands.trimEnd().endsWith('\nEOF')).toBe(true);
  });

  it('registers it although a check failed, and says that the check was made from here', async () => {
    const result = await runCommand(emptyWorld(), ...ADD, '--eks', 'prod', '--region', 'eu-west-1');
    expect(result.out).toContain('Checked from here');
    expect(result.out).toContain('  ok      repository: main is at aaaaaaaaaaaa\n');
    expect(result.out).toContain('  failed  reachable: no answer.\n          Check the network from here.\n');
  });

  it('prints the row and the checks as one JSON line', async () => {
    const result = await runCommand(emptyWorld(), ...ADD, '--eks', 'prod', '--region', 'eu-west-1', '--json');
    expect(result.lines).toMatchObject([{ cluster: 'prod-eu', mode: 'observe', checks: [{ ok: true }, { ok: false }] }]);
  });

  it('leaves a cluster of that name as it is', async () => {
    const item = eksItem('prod-eu');
    const world = worldWith(item);
    const result = await runCommand(world, ...ADD, '--eks', 'other', '--region', 'eu-west-1');
    expect(result.status).toBe(1);
    expect(result.error).toContain('it is registered already');
    expect(world.items.get('prod-eu')).toBe(item);
  });

  it.each([
    [[], 'nothing says how the cluster is reached'],
    [['--eks', 'a', '--endpoint', 'https://b'], '--eks and --endpoint both say'],
    [['--eks', 'a'], '--region is missing'],
    [['--endpoint', 'https://b'], '--endpoint needs --ca FILE and --cluster-secret NAME'],
    [['--endpoint', 'https://b', '--ca', 'none.pem', '--cluster-secret', 's'], '/nowhere/none.pem cannot be read'],
    [['--kubeconfig', 'none'], 'kubeconfig /nowhere/none: it cannot be read (ENOENT)'],
    [['--eks', 'a', '--region', 'eu-west-1', '--mode', 'enforced'], 'attribute mode is "enforced"'],
    [['--eks', 'a', '--region', 'eu-west-1', '--interval', '10s'], 'a duration of at least a minute'],
  ])('refuses %j and registers nothing', async (options, message) => {
    const world = emptyWorld();
    const result = await runCommand(world, ...ADD, ...options);
    expect([result.status, result.out, world.items.size]).toEqual([1, '', 0]);
    expect(result.error).toContain(message);
  });

  it('refuses an SSH repository with the remedy', async () => {
    const args = ['cluster', 'add', 'x', '--repo', 'git@git.example.com:fleet.git', '--eks', 'a', '--region', 'eu-west-1'];
    const result = await runCommand(emptyWorld(), ...args);
    expect(result.error).toContain('use the HTTPS URL of the repository');
  });
});

describe('cluster list and show', () => {
  it('prints the parsed rows, and the ones that are none with their reason', async () => {
    const world = worldWith(eksItem('prod-eu'));
    world.items.set('typo', eksItem('typo', { mod: 'enforce' }));
    const result = await runCommand(world, 'cluster', 'list', '--json');
    expect(result.status).toBe(1);
    expect(result.lines).toMatchObject([
      { cluster: 'prod-eu', mode: 'observe', intervalSeconds: 60, connection: { type: 'eks', eksName: 'prod-eu' } },
      { cluster: 'typo', invalid: { reason: 'InvalidRow', message: expect.stringContaining('attribute mod is not known') } },
    ]);
  });

  it('lists for people how each is reached', async () => {
    const result = await runCommand(worldWith(eksItem('prod-eu')), 'cluster', 'list');
    expect(`\n${result.out}`).toBe(`
CLUSTER  MODE     EVERY  REACHED BY              FOLLOWS
prod-eu  observe  1 m    EKS prod-eu, eu-west-1  . at main of https://git.example.com/fleet.git
`);
  });

  it('shows a row with its settings', async () => {
    const world = worldWith(eksItem('prod-eu', { labels: 'team=shop' }));
    world.states.set('prod-eu', { cluster: 'prod-eu', clusterUid: 'uid-1' });
    const result = await runCommand(world, 'cluster', 'show', 'prod-eu');
    expect(result.status).toBe(0);
    expect(result.out).toMatch(/^labels +team=shop$/m);
    expect(result.out).toMatch(/^interval +60s$/m);
    expect(result.out).toMatch(/^clusterUid +uid-1$/m);
  });
});

describe('cluster set', () => {
  it('sets and removes attributes', async () => {
    const world = worldWith(eksItem('prod-eu', { grace: '5m' }));
    const result = await runCommand(world, 'cluster', 'set', 'prod-eu', 'mode=enforce', 'grace=');
    expect(result.status).toBe(0);
    expect(world.items.get('prod-eu')).toEqual(eksItem('prod-eu', { mode: 'enforce' }));
  });

  it.each([
    [['mode=enforced'], 'attribute mode is "enforced"'],
    [['colour=green'], 'attribute colour is not known'],
    [['region='], 'attribute region is not set'],
    [['mode'], '"mode" is not attribute=value'],
    [['cluster=other'], 'a row cannot be renamed'],
    [['mode=off', 'mode=observe'], 'mode is given twice'],
  ])('leaves the row as it is when %j would break it', async (assignments, message) => {
    const item = eksItem('prod-eu');
    const world = worldWith(item);
    const result = await runCommand(world, 'cluster', 'set', 'prod-eu', ...assignments);
    expect(result.status).toBe(1);
    expect(result.error).toContain(message);
    expect(world.items.get('prod-eu')).toBe(item);
  });

  it('can put an invalid row right', async () => {
    const world = worldWith(eksItem('prod-eu', { mode: 'enforced' }));
    expect((await runCommand(world, 'cluster', 'set', 'prod-eu', 'mode=enforce')).status).toBe(0);
  });
});

describe('cluster suspend and resume', () => {
  it('suspends until a time, for a reason, and ends it', async () => {
    const world = worldWith(eksItem('prod-eu'));
    await runCommand(world, 'cluster', 'suspend', 'prod-eu', '--for', '2h', '--reason', 'node upgrade');
    expect(world.items.get('prod-eu')).toEqual(
      eksItem('prod-eu', { suspendedUntil: '2026-11-25T14:00:00.000Z', suspendedReason: 'node upgrade' }),
    );
    expect((await runCommand(world, 'status')).out).toContain('suspended for 2 h, until 14:00:00 (UTC): node upgrade');
    await runCommand(world, 'cluster', 'resume', 'prod-eu');
    expect(world.items.get('prod-eu')).toEqual(eksItem('prod-eu'));
  });

  it.each([[['--for', '2h']], [['--reason', 'why']], [['--for', '2h', '--reason', ' ']], [['--for', 'long', '--reason', 'why']]])(
    'refuses %j',
    async (options) => {
      const world = worldWith(eksItem('prod-eu'));
      expect((await runCommand(world, 'cluster', 'suspend', 'prod-eu', ...options)).status).toBe(1);
      expect(world.items.get('prod-eu')).toEqual(eksItem('prod-eu'));
    },
  );
});

describe('cluster remove', () => {
  it('removes row and state, and says that the objects stay', async () => {
    const world = worldWith(eksItem('prod-eu'));
    world.states.set('prod-eu', { cluster: 'prod-eu' });
    const result = await runCommand(world, 'cluster', 'remove', 'prod-eu');
    expect([world.items.size, world.states.size]).toEqual([0, 0]);
    expect(result.out).toContain('Its objects are still in the cluster');
  });

  it('closes the records that were open, which nobody will look at again', async () => {
    const world = worldWith(eksItem('prod-eu'));
    world.records.push(driftRecord({ sequence: 2 }), driftRecord({ cluster: 'prod-us', id: 'other' }));
    await runCommand(world, 'cluster', 'remove', 'prod-eu');
    expect(world.records).toEqual([
      driftRecord({ sequence: 3, event: 'resolved', resolvedAt: NOW.toISOString() }),
      driftRecord({ cluster: 'prod-us', id: 'other' }),
    ]);
  });

  it('deletes the credentials that it stored itself, and no others', async () => {
    const certificateAuthority = Buffer.from('-----BEGIN CERTIFICATE-----').toString('base64');
    const endpoint = { repository: REPOSITORY, endpoint: 'https://a.example.com', certificateAuthority };
    const world = worldWith({ cluster: 'lab', ...endpoint, clusterSecret: 'plumbline/cluster/lab' });
    world.items.set('other', { cluster: 'other', ...endpoint, clusterSecret: 'team/token' });
    for (const name of ['plumbline/cluster/lab', 'team/token']) world.secrets.set(name, {});
    await runCommand(world, 'cluster', 'remove', 'lab');
    await runCommand(world, 'cluster', 'remove', 'other');
    expect([...world.secrets.keys()]).toEqual(['team/token']);
  });
});

describe('cluster remove --prune', () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'settings' };
  const kept = { reason: 'NotConfirmed', message: 'Namespace shop: it is no longer in Git: not confirmed.' };

  it('deletes while the row is off, says what is kept and why, and removes the row', async () => {
    const world = worldWith(eksItem('prod-eu', { mode: 'enforce' }));
    let mode: unknown;
    world.prune = async (row) => {
      mode = [row.mode, world.items.get('prod-eu')?.mode];
      return [
        { object, action: 'delete' },
        { object: { ...object, kind: 'Namespace', namespace: '', name: 'shop' }, action: 'keep', error: kept },
      ];
    };
    const result = await runCommand(world, 'cluster', 'remove', 'prod-eu', '--prune');
    expect(mode).toEqual(['enforce', 'off']);
    expect(result.out).toContain(`1 object deleted, 1 left\n  = ${kept.message}\n`);
    expect([result.status, world.items.size]).toEqual([0, 0]);
  });

  it('keeps the row while something could not be deleted, so that it can be tried again', async () => {
    const world = worldWith(eksItem('prod-eu', { mode: 'enforce' }));
    world.prune = async () => [{ object, action: 'error', error: { reason: 'Forbidden', message: 'ConfigMap shop/settings: no.' } }];
    const result = await runCommand(world, 'cluster', 'remove', 'prod-eu', '--prune', '--json');
    expect(result.status).toBe(1);
    expect(result.lines.at(-1)).toEqual({ cluster: 'prod-eu', removed: false, credentialsDeleted: false });
    expect(world.items.size).toBe(1);
  });

  it('leaves everything as it was when it could not begin', async () => {
    const world = worldWith(eksItem('prod-eu', { mode: 'enforce' }));
    world.prune = async () => {
      throw new Error('another run is at it');
    };
    expect((await runCommand(world, 'cluster', 'remove', 'prod-eu', '--prune')).status).toBe(1);
    expect(world.items.get('prod-eu')).toEqual(eksItem('prod-eu', { mode: 'enforce' }));
  });
});

describe('rowItem', () => {
  it.each([
    ['on EKS', clusterRow({ labels: { team: 'shop', tier: '1' }, graceSeconds: 90, wave: 2, intervalSeconds: 300 })],
    [
      'elsewhere',
      clusterRow({
        connection: {
          type: 'endpoint',
          endpoint: 'https://a.example.com',
          certificateAuthority: Buffer.from('-----BEGIN CERTIFICATE-----').toString('base64'),
          clusterSecret: 's',
        },
        suspendedUntil: NOW.toISOString(),
        suspendedReason: 'why',
      }),
    ],
  ])('parses back to the row of a cluster %s', (_, row) => {
    expect(parseRow(rowItem(row))).toEqual({ cluster: row.cluster, row });
  });
});
