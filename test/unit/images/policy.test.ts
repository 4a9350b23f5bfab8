import { describe, expect, it } from 'vitest';
import { lockImages } from '../../../lib/images/locks/lock.ts';
import type { ImageException, ImagePolicy } from '../../../lib/images/locks/policy.ts';
import type { Resolution } from '../../../lib/images/registry/registry.ts';
import { memoryLockStore } from '../../helpers/memory-stores.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const WEB = 'r.example/web:1';
const AUTO = 'auto';
const { signal } = new AbortController();
const registry = {
  resolve: async (references: readonly { readonly text: string }[]) =>
    new Map(
      references.map(({ text }): readonly [string, Resolution] =>
        text === AUTO
          ? [text, { state: 'missing', failure: { reason: 'ImageNotFound', message: 'there is no such image' } }]
          : [text, { state: 'found', digest: DIGEST, mediaType: 'x', platforms: [] }],
      ),
    ),
};

/** What becomes of a workload with this image, at noon of 15 May. */
function deployed(image: string, policy: ImagePolicy, exceptions: readonly ImageException[]) {
  const source = { ...rendered('a1', deployment('web', image)), settings: { images: { exceptions: [...exceptions] } } };
  const clock = { now: () => new Date('2026-05-15T12:00:00Z') };
  return lockImages(source, policy, { registry, locks: memoryLockStore(), clock }, signal);
}

const exception = (image: string, until: string, policy?: ImageException['policy']): ImageException => ({
  image,
  until,
  reason: `${image} moves later`,
  ...(policy === undefined ? {} : { policy }),
});
const [ENDED, LAST_DAY, LATER] = ['2026-05-14', '2026-05-15', '2026-06-30'] as const;
const WEB_KEY = 'apps/Deployment/shop/web';

describe('under require-digest', () => {
  it.each([
    [
      'an ended one for everything does not hide a later one that holds',
      [exception('*', ENDED), exception(WEB, LATER)],
      `${WEB}@${DIGEST}`,
    ],
    ['one that holds on its last day', [exception('r.example/*', LAST_DAY)], `${WEB}@${DIGEST}`],
    ['the first that holds is taken', [exception(WEB, ENDED), exception(WEB, LATER, 'report'), exception('*', LATER)], WEB],
  ])('%s', async (_what, exceptions, image) => {
    const { objects, blocked } = await deployed(WEB, 'require-digest', exceptions);
    expect([objects, blocked]).toEqual([[deployment('web', image)], {}]);
  });

  it('an ended one blocks the workload, and is named in the reason and in the finding', async () => {
    const { blocked, findings } = await deployed(WEB, 'require-digest', [exception('*', '2026-01-01'), exception(WEB, ENDED)]);
    const named = /its exception in plumbline\.yaml \(r\.example\/web:1 moves later\) ended with 2026-05-14/i;
    expect(blocked[WEB_KEY]).toEqual({ reason: 'DigestRequired', message: expect.stringMatching(named) });
    expect(findings.find(({ id }) => id === 'ref.unpinned')?.message).toMatch(named);
  });
});

describe('under lock', () => {
  it('an image that no registry has is deployed as Git wrote it while an exception says so', async () => {
    const { objects, blocked, findings } = await deployed(AUTO, 'lock', [exception(AUTO, LATER, 'report')]);
    expect([objects, blocked]).toEqual([[deployment('web', AUTO)], {}]);
    expect(findings.map(({ id }) => id)).toContain('ref.unpinned');
  });

  it('an exception that only asks for a lock changes nothing', async () => {
    expect((await deployed(AUTO, 'lock', [exception(AUTO, LATER)])).blocked[WEB_KEY]).toMatchObject({ reason: 'TagUnresolvable' });
  });

  it('is blocked once the exception has ended, which is named in the reason and in the finding', async () => {
    const { blocked, findings } = await deployed(AUTO, 'lock', [exception(AUTO, ENDED, 'report')]);
    const named = /its exception in plumbline\.yaml \(auto moves later\) ended with 2026-05-14/i;
    expect(blocked[WEB_KEY]).toEqual({ reason: 'TagUnresolvable', message: expect.stringMatching(named) });
    expect(findings.find(({ id }) => id === 'tag.unresolvable')?.message).toMatch(named);
  });
});

describe('what is deployed says when it has to be looked at again without a commit', () => {
  it.each<[string, ImagePolicy, readonly ImageException[], string | undefined]>([
    ['at the end of the exception that it rests on', 'require-digest', [exception(WEB, LATER)], '2026-07-01T00:00:00.000Z'],
    ['not for one that has ended', 'require-digest', [exception(WEB, ENDED)], undefined],
    ['not for one of another image', 'require-digest', [exception('r.example/api:1', LATER)], undefined],
    ['not for one that the policy of the row does not need', 'lock', [exception(WEB, LATER)], undefined],
  ])('%s', async (_what, policy, exceptions, expected) => {
    expect((await deployed(WEB, policy, exceptions)).exceptedUntil).toBe(expected);
  });

  it('at the first end of several', async () => {
    const source = {
      ...rendered('a1', deployment('web', WEB, 'r.example/api:1')),
      settings: { images: { exceptions: [exception(WEB, LATER), exception('*', '2026-05-31')] } },
    };
    const clock = { now: () => new Date('2026-05-15T12:00:00Z') };
    const locked = await lockImages(source, 'require-digest', { registry, locks: memoryLockStore(), clock }, signal);
    expect(locked.exceptedUntil).toBe('2026-06-01T00:00:00.000Z');
  });
});
