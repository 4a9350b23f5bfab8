import { describe, expect, it } from 'vitest';
import { readDesiredState } from '../../../lib/cli/desired-state.ts';
import { createImageRegistry } from '../../../lib/image-registry.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { memoryStores } from '../../helpers/memory-stores.ts';

const clock = { now: () => new Date('2027-01-01T00:00:00Z') };
const row = clusterRow('prod');

const notReached = () => Promise.reject(new Error('not reached'));

describe('what a plan compares', () => {
  it.each([
    ['is what is published', {}, 'one'],
    ['is nothing of another repository than the row names now', { repository: 'https://git.example/other' }, 'nothing is published'],
    ['is nothing of another branch', { branch: 'stable' }, 'nothing is published'],
    ['is nothing of another path', { path: 'platform' }, 'nothing is published'],
  ])('%s', async (_what, changed, expected) => {
    const stores = memoryStores(clock);
    const { repository, branch: reference, path } = row;
    const empty = { objects: [], problems: [], digests: [], findings: [], blocked: {}, renderedAt: '' };
    const desiredArtifact = await stores.artifacts.put({ schemaVersion: 1, repository, reference, path, revision: 'one', ...empty });
    await stores.state.update('prod', { desiredArtifact });
    const deps = {
      ...stores,
      locks: {
        list: notReached,
        patch: notReached,
        putIfAbsent: notReached,
        relock: notReached,
        generation: notReached,
        readTree: notReached,
        putTree: notReached,
      },
      imageContents: { get: notReached, put: notReached },
      registry: createImageRegistry({ deployment: 'test', readSecret: notReached }, clock),
      git: { environment: {}, allowInsecure: false },
      readRepository: notReached,
      toolsDirectory: notReached,
      clock,
    };
    const read = readDesiredState({ ...row, ...changed }, { type: 'artifact' }, deps, AbortSignal.timeout(5_000));
    expect(
      await read.then(
        ({ revision }) => revision,
        (error: Error) => error.message,
      ),
    ).toContain(expected);
  });
});
