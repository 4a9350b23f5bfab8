import { describe, expect, it } from 'vitest';
import { auditImages } from '../../../lib/images/audit.ts';
import { type ImageRegistry, repositoryKey } from '../../../lib/images/registry/registry.ts';
import { keepSightings } from '../../../lib/images/tag-sightings.ts';
import { planRecords } from '../../../lib/records/plan-records.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import type { TagHistoryStore } from '../../../lib/storage/stores.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const never = new AbortController().signal;
const NOW = '2026-11-25T00:00:00.000Z';
const EARLIER = '2026-01-01T00:00:00.000Z';
const [OLD, NEW] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];
const failure = { reason: 'Unexpected', message: 'table state-1 answered 500' };

/** A history in memory that fails to be read or written for some references. */
function historyThat(fails: (operation: 'last' | 'append', reference: string) => boolean) {
  const kept = new Map([['web:1', { digest: OLD, seenAt: EARLIER }]]);
  const asked: string[] = [];
  const check = (operation: 'last' | 'append', reference: string) => {
    asked.push(`${operation} ${reference}`);
    if (fails(operation, reference)) throw new Error(failure.message);
  };
  const store: TagHistoryStore = {
    last: async (references) => {
      for (const reference of references) check('last', reference);
      return new Map(
        references.flatMap((reference) => {
          const sighting = kept.get(reference);
          return sighting === undefined ? [] : [[reference, sighting] as const];
        }),
      );
    },
    append: async (reference, digest, seenAt) => {
      check('append', reference);
      kept.set(reference, { digest, seenAt });
    },
  };
  return { store, kept, asked };
}

describe('the history of tags', () => {
  it('says since when a tag names its digest, and keeps each new one once', async () => {
    const { store, kept, asked } = historyThat(() => false);
    const digests = new Map([
      ['web:1', OLD],
      ['api:1', NEW],
    ]);
    expect((await keepSightings(digests, store, NOW, never)).seenAt).toEqual(
      new Map([
        ['web:1', EARLIER],
        ['api:1', NOW],
      ]),
    );
    expect(kept.get('api:1')).toEqual({ digest: NEW, seenAt: NOW });
    await keepSightings(digests, store, NOW, never);
    expect(asked.filter((call) => call.startsWith('append'))).toEqual(['append api:1']);
  });

  it.each(['last', 'append'] as const)('is kept of the other tags when it fails for one: %s', async (operation) => {
    const { store, kept } = historyThat((asked, reference) => asked === operation && reference === 'api:1');
    const digests = new Map([
      ['api:1', NEW],
      ['db:1', NEW],
    ]);
    const { seenAt, failures } = await keepSightings(digests, store, NOW, never);
    expect([...seenAt]).toEqual([['db:1', NOW]]);
    expect([...failures]).toEqual([['api:1', failure]]);
    expect(kept.has('db:1')).toBe(true);
    expect(kept.has('api:1')).toBe(false);
  });

  it('is not asked for hundreds of tags when it is down', async () => {
    const { store, asked } = historyThat(() => true);
    const digests = new Map(Array.from({ length: 500 }, (_, index) => [`image-${index}:1`, NEW]));
    const { failures } = await keepSightings(digests, store, NOW, never);
    expect(failures.size).toBe(500);
    expect(asked.length).toBeLessThan(20);
  });
});

it('an audit without its history finds what moved all the same, and says of which cluster the history is not kept', async () => {
  const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
  const registry: ImageRegistry = {
    resolve: async (references) =>
      new Map(references.map(({ text }) => [text, { state: 'found', digest: NEW, mediaType: 'x', platforms: [] } as const])),
    settings: async (references) =>
      new Map(
        references.map((reference) => [
          repositoryKey(reference),
          { state: 'found', settings: { mutability: 'IMMUTABLE', exclusions: [] } } as const,
        ]),
      ),
  };
  const inUse = ['web', 'api'].map((name) => ({
    cluster: `prod-${name}`,
    artifact: {
      ...rendered('a1', deployment(name, `${ECR}/${name}:1`)),
      digests: [
        {
          reference: `${ECR}/${name}:1`,
          digest: OLD,
          resolvedAt: EARLIER,
          generation: 1,
          firstRevision: 'a0',
          mediaType: 'x',
          platforms: [],
        },
      ],
    },
  }));
  const { store } = historyThat((_operation, reference) => reference.includes('/web:'));
  const audits = await auditImages(inUse, { registry, history: store, clock: { now: () => new Date(NOW) } }, never);
  expect(audits.map(({ cluster, findings, notKept }) => [cluster, findings.map(({ id }) => id), notKept])).toEqual([
    ['prod-web', ['tag.moved'], failure],
    ['prod-api', ['tag.moved'], undefined],
  ]);
});

describe('a tag without a lock', () => {
  const registry: ImageRegistry = {
    resolve: async (references) =>
      new Map(references.map(({ text }) => [text, { state: 'found', digest: NEW, mediaType: 'x', platforms: [] } as const])),
    settings: async (references) =>
      new Map(
        references.map((reference) => [
          repositoryKey(reference),
          { state: 'found', settings: { mutability: 'IMMUTABLE', exclusions: [] } } as const,
        ]),
      ),
  };
  const reference = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1';
  const [first, second] = [
    { digest: OLD, seenAt: EARLIER },
    { digest: NEW, seenAt: NOW },
  ];
  const inUse = [{ cluster: 'prod-eu', artifact: { ...rendered('a1', deployment('web', reference)), digests: [] } }];
  const audit = (history: TagHistoryStore) => auditImages(inUse, { registry, history, clock: { now: () => new Date(NOW) } }, never);
  const historyOf = (last: Awaited<ReturnType<TagHistoryStore['last']>>): TagHistoryStore => ({
    last: async () => last,
    append: async () => undefined,
  });

  it.each<[string, Awaited<ReturnType<TagHistoryStore['last']>>, readonly string[]]>([
    ['was never seen', new Map(), []],
    ['names what it always named', new Map([[reference, second]]), []],
    ['names another digest than before', new Map([[reference, first]]), ['tag.moved']],
    ['named another digest once', new Map([[reference, { ...second, previous: first }]]), ['tag.moved']],
    ['has moved back', new Map([[reference, { ...first, previous: second }]]), ['tag.moved']],
  ])('that %s', async (_what, last, ids) => {
    const [audited] = await audit(historyOf(last));
    expect(audited?.findings.map(({ id }) => id)).toEqual(ids);
  });

  it('is said to have moved with both digests and times', async () => {
    const [audited] = await audit(historyOf(new Map([[reference, { ...second, previous: first }]])));
    expect(audited?.facts[0]).toMatchObject({
      class: 'tag.moved',
      changes: [
        { path: reference, desired: OLD, live: NEW },
        { path: `${reference} since`, desired: EARLIER, live: NOW },
      ],
    });
  });

  it('keeps its finding open while the history cannot be read', async () => {
    const steps = async (open: readonly ObjectRecord[], history: TagHistoryStore) => {
      const [audited] = await audit(history);
      if (audited === undefined) throw new Error('one was audited');
      const run = { ...audited, runId: 'run', startedAt: NOW };
      return planRecords(open, run, new Date(NOW), () => audited.cluster).flatMap((all) => all.slice(-1));
    };
    const open = await steps([], historyOf(new Map([[reference, first]])));
    expect(open.map(({ event, class: id }) => [event, id])).toEqual([['opened', 'tag.moved']]);
    expect(await steps(open, historyThat(() => true).store)).toEqual([]);
    const closed = await steps(open, historyOf(new Map([[reference, second]])));
    expect(closed.map(({ event, class: id }) => [event, id])).toEqual([['resolved', 'tag.moved']]);
  });
});
