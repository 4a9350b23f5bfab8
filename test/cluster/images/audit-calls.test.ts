import { expect, it } from 'vitest';
import { createPodAuditor } from '../../../lib/images/pods/pod-auditor.ts';
import { runAudit } from '../../../lib/images/run-audit.ts';
import type { ImageLock } from '../../../lib/images/types.ts';
import { pushIndex } from '../../../lib/local/registry.ts';
import type { RunFacts } from '../../../lib/records/fact.ts';
import type { Artifact } from '../../../lib/source/artifact.ts';
import { freshRepository } from '../../helpers/registry.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';
import { auditedPods, nameOf } from './audited-pods.ts';

const signal = AbortSignal.timeout(600_000);

it('audits tags and pods, 300 of 40 images in three clusters, with two calls a repository, and with one from then on', async () => {
  const { played, amd64, registry, deps, calls, pass, clusterWith } = await auditedPods(signal);
  const repositories = [await freshRepository('MUTABLE'), await freshRepository('MUTABLE')];
  const locks: ImageLock[] = [];
  for (let number = 0; number < 40; number += 1) {
    const repository = repositories[number % 2];
    if (repository === undefined) throw new Error('there are two');
    const digest = await pushIndex(repository, `v${number}`, { variant: `image ${number}` }, signal);
    const reference = `${nameOf(repository)}:v${number}`;
    const resolvedAt = '2026-01-01T00:00:00Z';
    locks.push({ reference, digest, mediaType: 'x', platforms: [], resolvedAt, generation: 1, firstRevision: 'a1' });
    const imageId = `${nameOf(repository)}@${digest}`;
    await played.replicas(`many-${number}`, amd64, `${reference}@${digest}`, Array(number < 20 ? 8 : 7).fill({ imageId }));
  }
  const objects = locks.map(({ reference, digest }, number) => {
    const object = deployment(`many-${number}`, `${reference}@${digest}`);
    return { ...object, metadata: { ...object.metadata, namespace: played.namespace } };
  });
  const artifact: Artifact = {
    ...rendered('a1', ...objects),
    schemaVersion: 1,
    renderedAt: '2026-01-01T00:00:00Z',
    digests: locks,
    findings: [],
    blocked: {},
  };
  const rows = ['one', 'two', 'three'].map((name) => clusterWith(name).row);
  const recorded: RunFacts[] = [];
  const seenTags = new Map<string, { readonly digest: string; readonly seenAt: string }>();
  const fleet = {
    clusters: { list: async () => rows.map((row) => ({ cluster: row.cluster, row })) },
    state: { list: async () => rows.map(({ cluster }) => ({ cluster, desiredArtifact: 'sha256:a' })), update: async () => {} },
    artifacts: { get: async () => artifact },
    registry,
    history: {
      last: async (references: readonly string[]) =>
        new Map(references.flatMap((reference) => [...seenTags].filter(([name]) => name === reference))),
      append: async (reference: string, digest: string, seenAt: string) => void seenTags.set(reference, { digest, seenAt }),
    },
    recorder: {
      record: async (run: RunFacts) => {
        recorded.push(run);
        return [];
      },
    },
    clock: deps.clock,
    newRunId: () => '01JGFJJZ00',
  };
  const sums = async (auditor: ReturnType<typeof createPodAuditor>) => {
    calls.length = 0;
    recorded.length = 0;
    const outcomes = await runAudit({ ...fleet, auditPods: auditor.whenDue }, signal);
    expect(outcomes.map(({ cluster }) => cluster)).toEqual(['one', 'two', 'three']);
    const found = new Set(recorded.flatMap(({ facts }) => facts.map(({ class: id }) => id)));
    expect(found).toEqual(new Set(['repo.mutable']));
    const count = (name: string) => calls.filter((call) => call.startsWith(name)).length;
    return { batches: count('BatchGetImage'), configs: count('config'), urls: count('GetDownloadUrlForLayer') };
  };
  const auditor = createPodAuditor(deps);
  expect(await sums(auditor)).toEqual({ batches: 4, configs: 40, urls: 40 });
  // Between the hours only tags are asked for.
  expect(await sums(auditor)).toEqual({ batches: 2, configs: 0, urls: 0 });
  pass(2);
  expect(await sums(auditor)).toEqual({ batches: 2, configs: 0, urls: 0 });
  // Another process, which knows no more than the table.
  expect(await sums(createPodAuditor({ ...deps, seen: new Map() }))).toEqual({ batches: 2, configs: 0, urls: 0 });
});
