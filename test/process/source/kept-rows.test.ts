import { describe, expect, it } from 'vitest';
import { notKeptError, processRepository, type SourceDependencies, type SourceSummary } from '../../../lib/source/index.ts';
import { createRepository, type TestRepository } from '../../helpers/git-repository.ts';
import { Fleet, row } from './source-fleet.ts';

const signal = AbortSignal.timeout(60_000);
const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

/** A commit, and three rows of it in two folders. */
function threeRows(): { readonly repository: TestRepository; readonly fleet: Fleet; readonly revision: string } & Disposable {
  const repository = createRepository();
  const fleet = new Fleet();
  const revision = repository.commit({ 'app/a.yaml': configMap('a'), 'other/b.yaml': configMap('b') });
  fleet.add(row('one', repository.url), row('two', repository.url), row('three', repository.url, { path: 'other' }));
  return {
    repository,
    fleet,
    revision,
    [Symbol.dispose]() {
      fleet[Symbol.dispose]();
      repository[Symbol.dispose]();
    },
  };
}

const broken = (what: string) => Promise.reject(new Error(`${what} of table state-1: it answered 503`));

/** The fleet with a table, or a queue, that fails for the row `one` alone. */
function failingForOne(fleet: Fleet, what: 'get' | 'update' | 'enqueue' | 'recordFailure'): SourceDependencies {
  const deps = fleet.dependencies();
  const { state, recorder, enqueue } = deps;
  return {
    ...deps,
    state: {
      list: (stop) => state.list(stop),
      get: (cluster, stop) => (what === 'get' && cluster === 'one' ? broken('GetItem') : state.get(cluster, stop)),
      update: (cluster, patch) => (what === 'update' && cluster === 'one' ? broken('UpdateItem') : state.update(cluster, patch)),
    },
    enqueue: (message) => (what === 'enqueue' && message.cluster === 'one' ? broken('SendMessageBatch') : enqueue(message)),
    recorder: {
      recordFailure: (failure) =>
        what === 'recordFailure' && failure.cluster === 'one' ? broken('PutItem') : recorder.recordFailure(failure),
    },
  };
}

function outcomesOf({ outcomes }: SourceSummary): Readonly<Record<string, string>> {
  return Object.fromEntries(outcomes.map(({ cluster, outcome }) => [cluster, outcome]));
}

describe('a row whose outcome cannot be kept', () => {
  it.each(['get', 'update', 'enqueue'] as const)('stops no other row of the repository, and is tried again: %s', async (what) => {
    using world = threeRows();
    const { repository, fleet, revision } = world;
    const summary = await processRepository({ repository: repository.url }, failingForOne(fleet, what), signal);
    expect(outcomesOf(summary)).toEqual({ one: 'not kept', two: 'published', three: 'published' });
    expect(fleet.messages.map(({ cluster }) => cluster)).toEqual(['two', 'three']);
    expect(fleet.desired('two')?.revision).toBe(revision);
    expect(notKeptError(summary)).toMatchObject({
      reason: 'NotKept',
      message: expect.stringMatching(/^repository file:.*: what became of 1 of its 3 rows .* one: .* of table state-1: it answered 503$/),
    });

    const again = await fleet.run(repository.url);
    expect(outcomesOf(again)).toEqual({ one: 'published', two: 'unchanged', three: 'unchanged' });
    expect(notKeptError(again)).toBeUndefined();
    expect(fleet.messages.map(({ cluster }) => cluster)).toEqual(['two', 'three', 'one']);
    expect(fleet.desired('one')?.revision).toBe(revision);

    expect(outcomesOf(await fleet.run(repository.url))).toEqual({ one: 'unchanged', two: 'unchanged', three: 'unchanged' });
    expect(fleet.messages.length).toBe(3);
  });

  it.each(['update', 'recordFailure'] as const)('keeps the failure of no other row from being told: %s', async (what) => {
    using world = threeRows();
    const { repository, fleet } = world;
    const gone = { ...failingForOne(fleet, what), git: { environment: process.env, allowInsecure: false } };
    const summary = await processRepository({ repository: repository.url }, gone, signal);
    expect(outcomesOf(summary)).toEqual({ one: 'not kept', two: 'failed', three: 'failed' });
    expect(fleet.states.get('two')?.sourceFailure).toBeDefined();
    expect(fleet.states.get('one')).toBeUndefined();
    expect(notKeptError(summary)?.message).toContain('what became of 1 of its 3 rows');
  });

  it('is no reason to go on when the time is over', async () => {
    using world = threeRows();
    const { repository, fleet } = world;
    const stop = new AbortController();
    const deps = failingForOne(fleet, 'update');
    const update: SourceDependencies['state']['update'] = (cluster, patch) => {
      stop.abort(new Error('out of time'));
      return deps.state.update(cluster, patch);
    };
    const stopped = processRepository({ repository: repository.url }, { ...deps, state: { ...deps.state, update } }, stop.signal);
    await expect(stopped).rejects.toThrow('out of time');
  });
});
