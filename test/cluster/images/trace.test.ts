import { beforeEach, expect, it } from 'vitest';
import { tracePod } from '../../../lib/images/pods/trace.ts';
import { pushIndex } from '../../../lib/local/registry.ts';
import { memoryLockStore } from '../../helpers/memory-stores.ts';
import { freshRepository } from '../../helpers/registry.ts';
import { type AuditedPods, auditedPods, nameOf } from './audited-pods.ts';

const signal = AbortSignal.timeout(600_000);
let world: AuditedPods;

beforeEach(async () => {
  world = await auditedPods(signal);
});

it('traces a pod from its commit to the bytes on its node', async () => {
  const { played, amd64, deps, clusterWith } = world;
  const web = await freshRepository('MUTABLE');
  const index = await pushIndex(web, '1', { variant: 'traced' }, signal);
  const reference = `${nameOf(web)}:1`;
  const [pod = ''] = await played.replicas('traced', amd64, `${reference}@${index}`, [{ imageId: `${nameOf(web)}@${index}` }]);
  const lock = {
    reference,
    digest: index,
    mediaType: 'x',
    platforms: [],
    resolvedAt: '2026-01-01T00:00:00Z',
    generation: 1,
    firstRevision: 'a1',
  };
  const cluster = clusterWith('prod-eu', 'traced');
  const traced = { ...cluster, artifact: { ...cluster.artifact, digests: [lock], revision: 'b2' } };
  const [trace] = await tracePod(traced, { namespace: played.namespace, name: pod }, { ...deps, locks: memoryLockStore() }, signal);
  expect(trace).toMatchObject({
    container: 'app',
    reference,
    lock: { digest: index, firstRevision: 'a1' },
    desired: index,
    children: { 'linux/amd64': expect.stringMatching(/^sha256:/), 'linux/arm64/v8': expect.stringMatching(/^sha256:/) },
    config: expect.stringMatching(/^sha256:/),
    node: amd64,
    platform: 'linux/amd64',
    verdict: 'match',
  });
  await expect(
    tracePod(traced, { namespace: played.namespace, name: 'nobody' }, { ...deps, locks: memoryLockStore() }, signal),
  ).rejects.toMatchObject({
    reason: 'PodNotFound',
  });
});
