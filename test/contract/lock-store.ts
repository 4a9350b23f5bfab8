import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { ImageLock } from '../../lib/images/types.ts';
import type { LockStore } from '../../lib/storage/index.ts';

const lock = (reference: string, digit: string): ImageLock => ({
  reference,
  digest: `sha256:${digit.repeat(64)}`,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  platforms: [{ os: 'linux', architecture: 'arm64', variant: 'v8' }],
  resolvedAt: '2027-01-01T00:00:00.000Z',
  generation: 1,
  firstRevision: 'a'.repeat(40),
});

/** What every lock store promises. */
export function lockStoreContract(create: () => LockStore): void {
  it('keeps the first lock of a reference, and tells the later one which holds', async () => {
    const locks = create();
    const repository = `https://git.example/${randomUUID()}`;
    expect(await locks.putIfAbsent(repository, lock('r/web:1', 'a'))).toEqual(lock('r/web:1', 'a'));
    expect(await locks.putIfAbsent(repository, lock('r/web:1', 'b'))).toEqual(lock('r/web:1', 'a'));
    expect(await locks.list(repository)).toEqual([lock('r/web:1', 'a')]);
  });

  it('keeps the locks of repositories apart', async () => {
    const locks = create();
    const [one, other] = [`https://git.example/${randomUUID()}`, `https://git.example/${randomUUID()}`];
    await locks.putIfAbsent(one, lock('r/web:1', 'a'));
    await locks.putIfAbsent(one, lock('r/api:1', 'c'));
    expect(await locks.putIfAbsent(other, lock('r/web:1', 'b'))).toEqual(lock('r/web:1', 'b'));
    expect((await locks.list(one)).map(({ reference }) => reference).sort()).toEqual(['r/api:1', 'r/web:1']);
  });

  it('replaces a lock by a new generation once, and keeps the earlier one', async () => {
    const locks = create();
    const repository = `https://git.example/${randomUUID()}`;
    const first = lock('r/web:1', 'a');
    const second = { ...lock('r/web:1', 'b'), generation: 2, firstRevision: '', reason: 'rebuilt' };
    await locks.putIfAbsent(repository, first);
    expect(await locks.relock(repository, second, first)).toBe(true);
    expect(await locks.relock(repository, { ...second, digest: `sha256:${'c'.repeat(64)}` }, first)).toBe(false);
    expect(await locks.list(repository)).toEqual([second]);
    expect(await create().list(repository)).toEqual([second]);
    expect(await locks.generation(repository, 'r/web:1', 1)).toEqual(first);
    expect(await locks.generation(repository, 'r/web:1', 7)).toBeUndefined();
  });

  it('sees a relock that another process made', async () => {
    const [here, there] = [create(), create()];
    const repository = `https://git.example/${randomUUID()}`;
    const first = lock('r/web:1', 'a');
    const second = { ...lock('r/web:1', 'b'), generation: 2 };
    await here.putIfAbsent(repository, first);
    expect(await here.list(repository)).toEqual([first]);
    expect(await here.readTree(repository, 'main apps', '1')).toEqual({ locks: [first] });
    expect(await there.relock(repository, second, first)).toBe(true);
    expect(await here.readTree(repository, 'main apps', '1')).toEqual({ locks: [second] });
    expect(await here.list(repository)).toEqual([second]);
  });

  it('knows each tree of a place, and the last one', async () => {
    const locks = create();
    const repository = `https://git.example/${randomUUID()}`;
    const [one, two] = ['1', '2'].map((tree) => ({ tree, revision: `commit ${tree}`, generations: { 'r/web:1': Number(tree) } }));
    if (one === undefined || two === undefined) throw new Error('there are two');
    expect(await locks.readTree(repository, 'main apps', '1')).toEqual({ locks: [] });
    await locks.putTree(repository, 'main apps', one, undefined);
    await locks.putTree(repository, 'main apps', two, '1');
    expect(await locks.readTree(repository, 'main apps', '1')).toEqual({ locks: [], known: one, head: '2' });
    expect(await locks.readTree(repository, 'main other', '1')).toEqual({ locks: [] });
    expect(await locks.list(repository)).toEqual([]);
  });
}
