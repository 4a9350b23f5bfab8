import { describe, expect, it } from 'vitest';
import type { AuditOutcome } from '../../../lib/images/index.ts';
import type { ImageLock } from '../../../lib/images/types.ts';
import { ecrClientThatAnswers } from '../../helpers/ecr-answers.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';
import { driftRecord } from './fixtures.ts';
import { eksItem, emptyWorld, runCommand, type World } from './run-command.ts';

const [OLD, NEW] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
const WEB = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web';
const lock: ImageLock = {
  reference: `${WEB}:1`,
  digest: OLD,
  mediaType: 'x',
  platforms: [],
  resolvedAt: '2026-01-01T00:00:00Z',
  generation: 1,
  firstRevision: 'a1',
};

/** Rows of two repositories, of which those named have a lock of the image; the tag names `digest` now. */
function worldWithLocks(
  digest: string,
  ...lockedIn: readonly string[]
): { readonly world: World; readonly relocked: ImageLock[]; readonly recorded: unknown[] } {
  const relocked: ImageLock[] = [];
  const recorded: unknown[] = [];
  const world = emptyWorld();
  world.items.set('prod-eu', eksItem('prod-eu', { repository: 'https://git.example/one.git' }));
  world.items.set('prod-us', eksItem('prod-us', { repository: 'https://git.example/two.git' }));
  for (const cluster of ['prod-eu', 'prod-us']) world.states.set(cluster, { cluster, renderKey: 'known' });
  const { locks, registry } = world.images;
  const images: World['images'] = {
    ...world.images,
    registry: { ...registry, resolve: async () => new Map([[lock.reference, { state: 'found', digest, mediaType: 'x', platforms: [] }]]) },
    recordRelock: async (relock) => {
      recorded.push(relock);
      return ['prod-eu'];
    },
    locks: {
      ...locks,
      list: async (repository) => (lockedIn.includes(repository) ? [lock] : []),
      relock: async (_repository, replacement) => {
        relocked.push(replacement);
        return replacement;
      },
    },
  };
  return { world: { ...world, images }, relocked, recorded };
}

it('images shows what matters most first', async () => {
  const world = emptyWorld();
  const ids = ['reg.foreign', 'run.mismatch', 'pod.ephemeral', 'ref.unpinned', 'tag.moved'];
  for (const [index, id] of ids.entries()) {
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: `web-${index}` };
    world.records.push(
      driftRecord({
        id: `id${index}`,
        kind: 'image',
        object,
        class: id,
        changes: [{ path: `image-${index}` }],
        decision: 'reported',
      }),
    );
  }
  const result = await runCommand(world, 'images', '--json');
  expect(result.status).toBe(2);
  expect(result.lines).toMatchObject(
    ['run.mismatch', 'pod.ephemeral', 'tag.moved', 'ref.unpinned', 'reg.foreign'].map((id) => ({ class: id })),
  );
});

describe('images says where nobody looked', () => {
  function worldAudited(auditedAt: string | undefined): World {
    const world = emptyWorld();
    for (const cluster of ['prod-eu', 'new']) world.items.set(cluster, eksItem(cluster));
    world.states.set('prod-eu', { cluster: 'prod-eu', desiredArtifact: 'sha256:a', ...(auditedAt === undefined ? {} : { auditedAt }) });
    return world;
  }

  it.each<[string, string | undefined, number, string]>([
    ['never', undefined, 2, 'prod-eu: its pods were never looked at'],
    ['four hours ago', '2026-11-25T08:00:00Z', 2, 'prod-eu: its pods were last looked at'],
    ['two hours ago', '2026-11-25T10:00:00Z', 0, 'No open findings about images.'],
  ])('%s', async (_when, auditedAt, status, text) => {
    const result = await runCommand(worldAudited(auditedAt), 'images');
    expect(result.status).toBe(status);
    expect(result.out).toContain(text);
    expect(result.out).not.toContain('new:');
  });

  it('as JSON too, and of the cluster that it is asked about', async () => {
    const result = await runCommand(worldAudited(undefined), 'images', '--json');
    expect(result.lines).toEqual([{ kind: 'audit', cluster: 'prod-eu' }]);
    expect(await runCommand(worldAudited(undefined), 'images', 'new', '--json')).toMatchObject({ status: 0, out: '' });
  });
});

describe('images audit', () => {
  function worldThatFinds(outcomes: readonly AuditOutcome[]) {
    const world = emptyWorld();
    const asked: (readonly string[])[] = [];
    for (const cluster of ['prod-eu', 'prod-us']) world.items.set(cluster, eksItem(cluster));
    const audit: World['images']['audit'] = async (clusters) => {
      asked.push(clusters);
      for (const outcome of outcomes) {
        if (!('findings' in outcome) || outcome.findings === 0) continue;
        const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
        const found = { kind: 'image', object, class: 'tag.moved', changes: [{ path: WEB }], decision: 'reported' } as const;
        world.records.push(driftRecord({ id: outcome.cluster, cluster: outcome.cluster, ...found }));
      }
      return outcomes;
    };
    return { world: { ...world, images: { ...world.images, audit } }, asked };
  }

  it('audits those that are named, and shows what is found with exit status 2', async () => {
    const { world, asked } = worldThatFinds([{ cluster: 'prod-eu', findings: 1 }]);
    const result = await runCommand(world, 'images', 'audit', 'prod-eu', '--json');
    expect(asked).toEqual([['prod-eu']]);
    expect(result).toMatchObject({ status: 2, error: '' });
    expect(result.lines).toMatchObject([
      { kind: 'image', cluster: 'prod-eu', class: 'tag.moved' },
      { kind: 'audit', cluster: 'prod-eu', findings: 1 },
    ]);
    expect((await runCommand(world, 'images', 'audit', 'prod-eu')).out).toContain('tag.moved');
  });

  it('audits all where none is named, and is done with exit status 0 where nothing is found', async () => {
    const { world, asked } = worldThatFinds(['prod-eu', 'prod-us'].map((cluster) => ({ cluster, findings: 0 })));
    expect((await runCommand(world, 'images', 'audit')).status).toBe(0);
    expect(asked).toEqual([['prod-eu', 'prod-us']]);
  });

  it('fails when a cluster could not be audited, and says why', async () => {
    const failure = { reason: 'Unreachable', message: 'nobody answers' };
    const { world } = worldThatFinds([{ cluster: 'prod-eu', findings: 1, podFailure: failure }]);
    const result = await runCommand(world, 'images', 'audit', '--json');
    expect(result.status).toBe(1);
    expect(result.error).toMatch(/prod-eu: nobody answers.*prod-us: nothing is published for it yet/s);
    expect(result.lines).toHaveLength(3);
  });
});

describe('images relock', () => {
  const relock = (world: World, ...more: readonly string[]) =>
    runCommand(world, 'images', 'relock', lock.reference, '--reason', 'rebuilt', '--json', ...more);

  it('takes what the tag names now, and lets the next commit of that repository be rendered anew', async () => {
    const { world, relocked, recorded } = worldWithLocks(NEW, 'https://git.example/one.git');
    const result = await relock(world);
    expect(result).toMatchObject({ status: 0, error: '' });
    expect(result.lines).toMatchObject([
      {
        repository: 'https://git.example/one.git',
        before: { digest: OLD },
        after: { digest: NEW, generation: 2 },
        recordedFor: ['prod-eu'],
      },
    ]);
    expect(recorded).toMatchObject([
      { repository: 'https://git.example/one.git', relocked: { before: { digest: OLD }, after: { digest: NEW } }, reason: 'rebuilt' },
    ]);
    expect(relocked).toMatchObject([{ digest: NEW, reason: 'rebuilt' }]);
    expect(world.states.get('prod-eu')?.renderKey).toBeUndefined();
    expect(world.states.get('prod-us')?.renderKey).toBe('known');
  });

  it('writes nothing where the tag still names what is locked', async () => {
    const { world, relocked, recorded } = worldWithLocks(OLD, 'https://git.example/one.git');
    expect((await relock(world)).status).toBe(0);
    expect([relocked, recorded]).toEqual([[], []]);
    expect(world.states.get('prod-eu')?.renderKey).toBe('known');
  });

  it('asks which repository is meant where several have the lock, and says when none has', async () => {
    const both = ['https://git.example/one.git', 'https://git.example/two.git'];
    const { world, relocked } = worldWithLocks(NEW, ...both);
    const result = await relock(world);
    expect(result.status).toBe(1);
    expect(result.error).toMatch(/one\.git, https:\/\/git\.example\/two\.git.*--repository/s);
    expect((await relock(world, '--repository', 'https://git.example/two.git')).status).toBe(0);
    expect(relocked).toHaveLength(1);
    expect((await relock(worldWithLocks(NEW).world)).error).toContain('no repository of a registered cluster has a lock of it');
  });

  it('asks for a reason', async () => {
    const { world } = worldWithLocks(NEW, 'https://git.example/one.git');
    expect(await runCommand(world, 'images', 'relock', lock.reference)).toMatchObject({
      status: 1,
      error: expect.stringContaining('--reason'),
    });
  });
});

describe('images allow-list', () => {
  function worldWithArtifact(): World {
    const { world } = worldWithLocks(NEW);
    const source = rendered('a1', deployment('web', `${WEB}:1@${OLD}`, 'nginx:1'));
    return { ...world, desired: async () => ({ ...source, digests: [lock], findings: [], blocked: {}, schemaVersion: 1, renderedAt: '' }) };
  }

  it.each([
    ['list', `${WEB}@${OLD}\n`],
    ['policy', 'pods/ephemeralcontainers'],
    ['bottlerocket', '[settings.image-verifier-plugins.digestion]'],
  ])('as %s is standard output alone, and what has no digest is named beside it', async (format, text) => {
    const result = await runCommand(worldWithArtifact(), 'images', 'allow-list', 'prod-eu', '--format', format);
    expect(result).toMatchObject({ status: 0, out: expect.stringContaining(text), error: expect.stringContaining('nginx:1') });
  });

  it('refuses a format that there is not', async () => {
    expect(await runCommand(worldWithArtifact(), 'images', 'allow-list', 'prod-eu', '--format', 'csv')).toMatchObject({
      status: 1,
      out: '',
    });
  });
});

describe('images enforce-immutability', () => {
  function worldWithRepository(isDown = false) {
    const { client, calls } = ecrClientThatAnswers(() => ({
      body: { repositories: [{ repositoryName: 'web', imageTagMutability: 'MUTABLE' }] },
    }));
    const { world } = worldWithLocks(NEW);
    const recorded: unknown[] = [];
    const recordImmutability: World['images']['recordImmutability'] = async (repository, change) => {
      if (isDown) throw new Error('the table cannot be reached');
      recorded.push([repository, change.before.mutability, change.after.mutability, change.applied]);
      return ['prod-eu'];
    };
    return { world: { ...world, images: { ...world.images, ecrFor: () => client, recordImmutability } }, calls, recorded };
  }

  it('says first what it would change, and ends with 2', async () => {
    const { world, calls, recorded } = worldWithRepository();
    const result = await runCommand(world, 'images', 'enforce-immutability', WEB);
    expect(recorded).toEqual([]);
    expect(result).toMatchObject({ status: 2, out: 'web: MUTABLE → IMMUTABLE (not done; add --apply)\n' });
    expect(calls.map(({ operation }) => operation)).toEqual(['DescribeRepositories']);
  });

  it('changes it when told to, and records what it was', async () => {
    const { world, calls, recorded } = worldWithRepository();
    const result = await runCommand(world, 'images', 'enforce-immutability', WEB, '--except', 'dev-*', '--apply', '--json');
    expect(result.lines).toMatchObject([
      { before: { mutability: 'MUTABLE' }, after: { exclusions: ['dev-*'] }, applied: true, recordedFor: ['prod-eu'] },
    ]);
    const repository = { account: '123456789012', region: 'eu-west-1', name: 'web' };
    expect(recorded).toEqual([
      [repository, 'MUTABLE', 'IMMUTABLE_WITH_EXCLUSION', false],
      [repository, 'MUTABLE', 'IMMUTABLE_WITH_EXCLUSION', true],
    ]);
    expect(calls.at(-1)?.operation).toBe('PutImageTagMutability');
  });

  it('changes nothing that it cannot record', async () => {
    const { world, calls } = worldWithRepository(true);
    const result = await runCommand(world, 'images', 'enforce-immutability', WEB, '--apply');
    expect(result).toMatchObject({ status: 1, error: expect.stringContaining('the table cannot be reached') });
    expect(calls.map(({ operation }) => operation)).toEqual(['DescribeRepositories']);
  });

  it('is for ECR alone', async () => {
    const { world } = worldWithRepository();
    expect(await runCommand(world, 'images', 'enforce-immutability', 'nginx')).toMatchObject({
      status: 1,
      error: expect.stringContaining('docker.io'),
    });
  });
});

it.each([
  [['images', 'trace', 'prod-eu', 'web'], 'NAMESPACE/NAME'],
  [['images', 're-roll', 'prod-eu', 'Pod', 'shop/web'], 'Deployment, StatefulSet, DaemonSet'],
  [['images', 're-roll', 'prod-eu', 'Deployment', 'web'], 'NAMESPACE/NAME'],
])('%j says what it accepts', async (args, text) => {
  expect(await runCommand(worldWithLocks(NEW).world, ...args)).toMatchObject({ status: 1, error: expect.stringContaining(text) });
});
