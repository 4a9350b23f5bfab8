import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { ImageLock } from '../../lib/images/types.ts';
import type { LockStore, RenderedTree } from '../../lib/storage/index.ts';

const lock = (reference: string, digit: string): ImageLock => ({
  reference,
  digest: `sha256:${digit.repeat(64)}`,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  platforms: [{ os: 'linux', architecture: 'arm64', variant: 'v8' }],
  resolvedAt: '2027-01-01T00:00:00.000Z',
  generation: 1,
  firstRevision: 'a'.repeat(40),
});

/** What every lock store promises; each that `create` makes stands for a process, and all are of one table. */
export function lockStoreContract(create: () => LockStore): void {
  it('keeps the first lock of a reference, and tells the later one which holds', async () => {
    const locks = create();
    const repository = freshRepository();
    expect(await locks.putIfAbsent(repository, lock('r/web:1', 'a'))).toEqual(lock('r/web:1', 'a'));
    expect(await locks.putIfAbsent(repository, lock('r/web:1', 'b'))).toEqual(lock('r/web:1', 'a'));
    expect(await locks.list(repository)).toEqual([lock('r/web:1', 'a')]);
  });

  it('keeps the locks of repositories apart', async () => {
    const locks = create();
    const [one, other] = [freshRepository(), freshRepository()];
    await locks.putIfAbsent(one, lock('r/web:1', 'a'));
    await locks.putIfAbsent(one, lock('r/api:1', 'c'));
    expect(await locks.putIfAbsent(other, lock('r/web:1', 'b'))).toEqual(lock('r/web:1', 'b'));
    expect((await locks.list(one)).map(({ reference }) => reference).sort()).toEqual(['r/api:1', 'r/web:1']);
  });

  it('replaces a lock by a new generation once, and keeps the earlier one', async () => {
    const locks = create();
    const repository = freshRepository();
    const first = lock('r/web:1', 'a');
    const second = { ...lock('r/web:1', 'b'), generation: 2, firstRevision: '', reason: 'rebuilt' };
    await locks.putIfAbsent(repository, first);
    expect(await locks.relock(repository, second, first)).toEqual({ ...second, relock: 1 });
    expect(await locks.relock(repository, { ...second, digest: `sha256:${'c'.repeat(64)}` }, first)).toBeUndefined();
    expect(await locks.list(repository)).toEqual([{ ...second, relock: 1 }]);
    expect(await locks.generation(repository, 'r/web:1', 1)).toEqual(first);
    expect(await locks.generation(repository, 'r/web:1', 7)).toBeUndefined();
  });

  it('numbers the relocks of a repository, also those of the same moment', async () => {
    const locks = create();
    const repository = freshRepository();
    const firsts = ['r/web:1', 'r/api:1', 'r/job:1'].map((reference) => lock(reference, 'a'));
    for (const first of firsts) await locks.putIfAbsent(repository, first);
    const relocked = await Promise.all(
      firsts.map((first) => locks.relock(repository, { ...lock(first.reference, 'b'), generation: 2 }, first)),
    );
    expect(relocked.map((stored) => stored?.relock).sort()).toEqual([1, 2, 3]);
    expect(await locks.readTree(repository, tree('1'))).toMatchObject({ relocks: 3 });
    expect((await locks.list(repository)).map(({ generation }) => generation)).toEqual([2, 2, 2]);
  });

  it('keeps as of how many relocks a commit was locked, on whatever branch, and the last one with its tree', async () => {
    const locks = create();
    const repository = freshRepository();
    const put = async (at: RenderedTree, relocks: number) => {
      const known = await locks.readTree(repository, at);
      return await locks.putTree(repository, at, relocks, known);
    };
    const [a1, b2] = [tree('1'), { ...tree('2'), revision: 'b2' }];
    expect(await locks.readTree(repository, a1)).toEqual({ locks: [], relocks: 0 });
    await put(a1, 0);
    await put(b2, 1);
    expect(await locks.readTree(repository, a1)).toEqual({ locks: [], relocks: 0, ofCommit: 0, ofTree: 0, head: '2' });
    expect(await locks.readTree(repository, { ...a1, reference: 'production' })).toEqual({
      locks: [],
      relocks: 0,
      ofCommit: 0,
      ofTree: 0,
    });
    expect(await locks.readTree(repository, { ...a1, path: 'other' })).toEqual({ locks: [], relocks: 0 });
    await put({ ...a1, revision: 'c3' }, 2);
    expect(await locks.readTree(repository, { ...a1, revision: 'd4' })).toEqual({ locks: [], relocks: 0, ofTree: 2, head: '1' });
    await put({ ...a1, reference: 'a1' }, 0);
    expect(await locks.readTree(repository, { ...a1, revision: 'd4' })).toMatchObject({ ofTree: 2 });
    expect(await locks.list(repository)).toEqual([]);
  });

  it('tells the later of two runs what the first said of the same commit', async () => {
    const locks = create();
    const repository = freshRepository();
    const known = { locks: [], relocks: 0 };
    expect(await locks.putTree(repository, tree('1'), 3, known)).toBe(3);
    expect(await locks.putTree(repository, { ...tree('1'), reference: 'production' }, 4, known)).toBe(3);
    expect(await locks.readTree(repository, { ...tree('1'), reference: 'production' })).toMatchObject({ ofCommit: 3, head: '1' });
  });

  it('sees a relock that another process made', async () => {
    const [here, there] = [create(), create()];
    const repository = freshRepository();
    const first = lock('r/web:1', 'a');
    const second = { ...lock('r/web:1', 'b'), generation: 2 };
    await here.putIfAbsent(repository, first);
    expect(await here.list(repository)).toEqual([first]);
    expect(await here.readTree(repository, tree('1'))).toEqual({ locks: [first], relocks: 0 });
    const stored = await there.relock(repository, second, first);
    expect(stored).toEqual({ ...second, relock: 1 });
    expect(await here.readTree(repository, tree('1'))).toEqual({ locks: [stored], relocks: 1 });
    expect(await here.list(repository)).toEqual([stored]);
  });
}

function freshRepository(): string {
  return `https://git.example/${randomUUID()}`;
}

function tree(hash: string): RenderedTree {
  return { reference: 'main', path: 'apps', revision: 'a1', tree: hash };
}
