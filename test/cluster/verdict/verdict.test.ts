import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringifyJson } from '../../../lib/manifests/json.ts';
import { describeObject, type KubernetesObject, objectIdOf } from '../../../lib/manifests/object.ts';
import { type ClusterPlan, OWNER_LABEL } from '../../../lib/reconcile/index.ts';
import { createRandom } from '../../helpers/random.ts';
import { kindsFixture } from '../kinds/kinds-fixture.ts';
import { type ReconciledCluster, reconciledCluster } from '../kinds/reconciled-cluster.ts';
import { startTestCluster, type TestCluster } from '../kubernetes/control-plane.ts';
import { createEditor, type Edit } from './editor.ts';
import { kubectlVerdicts, type Verdict } from './kubectl-diff.ts';
import { restore } from './restore.ts';

const SEED = Number(process.env.PLUMBLINE_TEST_SEED ?? 20_261_125);
const EDITS = process.env.PLUMBLINE_TEST_FULL === '1' ? 500 : 40;
/** So many edits before the two are asked: objects with several edits are part of it. */
const EDITS_A_ROUND = 40;

const desired = kindsFixture();
let server: TestCluster;
let cluster: ReconciledCluster;
/** What kubectl is given: the objects as we apply them. */
let applied: readonly KubernetesObject[];

beforeAll(async () => {
  server = await startTestCluster();
  cluster = reconciledCluster(server);
  await cluster.publish(desired);
  expect((await cluster.reconcile()).run.outcome).toBe('in-sync');
  applied = desired.objects.map((object) => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, [OWNER_LABEL]: cluster.identity.owner } },
  }));
}, 120_000);
afterAll(() => server?.stop());

/** Ours of every object; one that a plan leaves out is equal. */
function ourVerdicts({ lines }: ClusterPlan): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>(applied.map((object) => [describeObject(objectIdOf(object)), { paths: [] }]));
  for (const { object, action, changes, error, validated } of lines) {
    const subject = describeObject(object);
    if (action === 'update') verdicts.set(subject, { paths: changes.map(({ path }) => path) });
    // kubectl shows an object that is not there as one that differs as a whole, and cannot tell where its kind is not served.
    else verdicts.set(subject, action === 'create' && validated === true ? { paths: [''] } : { error: error?.message ?? action });
  }
  return verdicts;
}

/** Ours go into lists; kubectl's end there. */
function agree(ours: Verdict | undefined, theirs: Verdict | undefined): boolean {
  if (ours === undefined || theirs === undefined) return false;
  if ('error' in ours || 'error' in theirs) return 'error' in ours && 'error' in theirs;
  const within = (path: string, around: string) => path === around || path.startsWith(`${around}.`) || path.startsWith(`${around}[`);
  return (
    ours.paths.every((path) => theirs.paths.some((around) => within(path, around))) &&
    theirs.paths.every((around) => ours.paths.some((path) => within(path, around)))
  );
}

interface Disagreement {
  readonly subject: string;
  readonly ours: Verdict | undefined;
  readonly kubectl: Verdict | undefined;
  readonly edits: readonly Edit[];
}

describe(`${EDITS} random edits of sixty kinds, seed ${SEED}`, () => {
  it('are drift for us exactly where kubectl diff --server-side shows one', async () => {
    const random = createRandom(SEED);
    const editor = await createEditor(server, random);
    const disagreements: Disagreement[] = [];
    const counts = { edits: 0, differing: 0, equal: 0, undecided: 0 };
    const bySort = new Map<string, number>();
    while (counts.edits < EDITS) {
      const edits = await editor.edit(applied, Math.min(EDITS_A_ROUND, EDITS - counts.edits));
      counts.edits += edits.length;
      for (const { kind, change } of edits) for (const sort of [kind, change.act]) bySort.set(sort, (bySort.get(sort) ?? 0) + 1);
      const ours = ourVerdicts(await cluster.plan());
      const theirs = await kubectlVerdicts(cluster, applied);
      for (const [subject, verdict] of ours) {
        if (!agree(verdict, theirs.get(subject))) {
          const related = edits.filter((edit) => edit.subject === subject);
          disagreements.push({ subject, ours: verdict, kubectl: theirs.get(subject), edits: related });
        } else if ('error' in verdict) counts.undecided += 1;
        else if (verdict.paths.length > 0) counts.differing += 1;
        else counts.equal += 1;
      }
      await restore(cluster);
    }
    await editor.close();
    const sums = { seed: SEED, ...counts, refused: editor.refused, ...Object.fromEntries(bySort), disagreements: disagreements.length };
    console.error(stringifyJson(sums));
    for (const each of disagreements) console.error(stringifyJson(each));

    expect(disagreements.map(({ subject }) => subject)).toEqual([]);
    expect(counts.edits).toBe(EDITS);
    expect(counts.differing).toBeGreaterThan(EDITS / 5);
  }, 900_000);
});
