import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { eksItem, emptyWorld, runCommand } from './run-command.ts';

const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'shop', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'cGFzcw==' } },
  data: { password: 'cGFzcw==' },
};
const settings = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'shop' },
  data: { answer: 'yes', mode: '0644', sum: '1e3', text: 'two\nlines\n' },
};

function worldWith(...problems: readonly { where: string; reason: string; message: string }[]) {
  const world = emptyWorld();
  world.folders.set('/nowhere/app', { objects: [secret, settings], problems });
  return world;
}

describe('render', () => {
  it('prints YAML that reads back, under the rules of YAML 1.1, to what was rendered', async () => {
    const result = await runCommand(worldWith(), 'render', '--path', 'app', '--show-secrets');
    const read = parseAllDocuments(result.out, { version: '1.1' });
    expect(result.status).toBe(0);
    expect(read.map((document) => document.toJS())).toEqual([secret, settings]);
  });

  it('masks the data of Secrets, and their last-applied annotation, unless it is told not to', async () => {
    for (const args of [[], ['--json']]) {
      const result = await runCommand(worldWith(), 'render', '--path', 'app', ...args);
      expect(result.out).not.toContain('cGFzcw==');
      expect(result.out).toContain('(redacted)');
    }
  });

  it('writes integers beyond 2^53 as they are', async () => {
    const world = emptyWorld();
    world.folders.set('/nowhere/app', { objects: [{ ...settings, spec: { big: 9007199254740993n } }], problems: [] });
    expect((await runCommand(world, 'render', '--path', 'app')).out).toContain('big: 9007199254740993\n');
    expect((await runCommand(world, 'render', '--path', 'app', '--json')).out).toContain('"big":9007199254740993}');
  });

  it('names each file that is no manifest, prints the others, and ends with 1', async () => {
    const world = worldWith({ where: 'app/x.yaml:3', reason: 'InvalidYaml', message: 'the mapping does not end.' });
    const result = await runCommand(world, 'render', '--path', 'app', '--json');
    expect(result.status).toBe(1);
    expect(result.lines).toHaveLength(2);
    expect(result.error).toBe('error: app/x.yaml:3: the mapping does not end.\n');
  });

  describe('of a cluster', () => {
    function worldOfCluster() {
      const world = emptyWorld();
      world.items.set('prod-eu', eksItem('prod-eu'));
      world.desired = async (row, source) => ({
        ...{
          schemaVersion: 1,
          renderedAt: '2026-11-25T12:00:00Z',
          repository: row.repository,
          reference: row.branch,
          revision: 'a',
          path: row.path,
        },
        ...{ digests: [], findings: [], blocked: {}, problems: [] },
        objects:
          source.type === 'artifact'
            ? [secret, settings]
            : [{ ...settings, data: { from: source.type === 'directory' ? source.directory : '' } }],
      });
      return world;
    }

    it('prints what is published for it, with its Secrets masked', async () => {
      const result = await runCommand(worldOfCluster(), 'render', '--cluster', 'prod-eu', '--json');
      expect(result.status).toBe(0);
      expect(result.lines).toMatchObject([{ kind: 'Secret', data: { password: '(redacted)' } }, { kind: 'ConfigMap' }]);
    });

    it('prints the values of Secrets when it is told to', async () => {
      expect((await runCommand(worldOfCluster(), 'render', '--cluster', 'prod-eu', '--show-secrets')).out).toContain('password: cGFzcw==');
    });

    it('prints with --path what the folder would be there', async () => {
      const result = await runCommand(worldOfCluster(), 'render', '--cluster', 'prod-eu', '--path', 'app', '--json');
      expect(result.lines).toMatchObject([{ data: { from: '/nowhere/app' } }]);
    });

    it('names what is registered when the cluster is not', async () => {
      const result = await runCommand(worldOfCluster(), 'render', '--cluster', 'prod-ue');
      expect([result.status, result.out]).toEqual([1, '']);
      expect(result.error).toContain('Registered: prod-eu.');
    });
  });

  it('says that the folder is missing from the call', async () => {
    expect((await runCommand(emptyWorld(), 'render')).error).toContain('neither --path nor --cluster is given. Give the folder');
  });
});
