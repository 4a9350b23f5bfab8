import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringifyJson } from '../../../../lib/manifests/json.ts';
import { createRandom } from '../../../helpers/random.ts';
import { createEditor, type Edit } from '../../verdict/editor.ts';
import { type Act, act, withDefined } from './acts.ts';
import { type Setting, startSetting } from './setting.ts';
import { settle } from './settle.ts';
import { createTally, sightsOf } from './tally.ts';
import { changeBehindOwnership } from './unshown.ts';

const SEED = Number(process.env.PLUMBLINE_TEST_SEED ?? 20_261_126);
const EDITS = process.env.PLUMBLINE_TEST_FULL === '1' ? 2_000 : 60;
/** So many patches before the engines are asked, and so many other acts beside them. */
const PATCHES_A_ROUND = 22;
const ACTS_A_ROUND = 8;
/** What the checkpoint missed is left alone until then. */
const ROUNDS_A_SWEEP = 10;

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
}, 900_000);
afterAll(() => setting?.[Symbol.asyncDispose]());

const patched = ({ subject, kind, manager, change }: Edit): Act => ({
  subject,
  sort: change.act === 'reorder' ? 'reorder' : kind,
  what: `${kind} by ${manager}: ${change.act} ${change.steps.join('/')}`,
});

const sorted = (counts: ReadonlyMap<string, number>) => Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));

describe('changes that ownership does not show', () => {
  it('go past the checkpoint, not past a full dry-run or Flux’s engine, and the sweep finds each of them within the hour', async () => {
    const { cluster, admin, look, sweepHour } = setting;
    const changed = await changeBehindOwnership(setting);
    const before = await look();

    expect(changed.filter((subject) => before.byCheckpoint.verified.has(subject) || before.byCheckpoint.found.has(subject))).toEqual([]);
    expect(changed.filter((subject) => !before.inFull.found.has(subject))).toEqual([]);
    expect(changed.filter((subject) => before.flux.get(subject)?.action !== 'configured')).toEqual([]);
    expect(before.inFull.found.size).toBe(changed.length);

    const found = await sweepHour();

    expect([...found].toSorted()).toEqual([...changed].toSorted());
    expect((await look()).inFull.found).toEqual(new Map());
    await settle(cluster, admin);
  }, 300_000);
});

describe(`${EDITS} edits of sixty kinds by many managers, seed ${SEED}`, () => {
  it('get one verdict by checkpoint, by full dry-run, and by Flux’s engine where both claim the field', async () => {
    const { server, cluster, admin, webhook, desired, subjects, look, sweepHour } = setting;
    const random = createRandom(SEED);
    const editor = await createEditor(server, random);
    const tally = createTally();
    const edits = new Map<string, number>();
    /** By subject, since the engine last saw something of it. */
    const acts = new Map<string, Act[]>();
    const unswept: string[] = [];
    let swept = 0;
    for (let [round, count] = [1, 0]; count < EDITS; round += 1) {
      const made = (await editor.edit(desired.objects, Math.min(PATCHES_A_ROUND, EDITS - count))).map(patched);
      for (let each = 0; each < ACTS_A_ROUND; each += 1) made.push(...(await act(desired.objects, { admin, cluster, webhook, random })));
      count += made.length;
      for (const { sort } of made) edits.set(sort, (edits.get(sort) ?? 0) + 1);
      for (const each of withDefined(made, desired.objects)) acts.set(each.subject, [...(acts.get(each.subject) ?? []), each]);

      const missed = tally.add(sightsOf(subjects, await look(), (subject) => acts.get(subject) ?? []));

      const settled = await settle(cluster, admin);
      for (const subject of settled) acts.delete(subject);
      if (round % ROUNDS_A_SWEEP !== 0 && count < EDITS) continue;
      // What another definition made of an object is over with it.
      const left = new Set((await look()).inFull.found.keys());
      const found = await sweepHour();
      const hidden = [...missed].filter((subject) => left.has(subject) && !settled.has(subject));
      swept += hidden.length;
      unswept.push(...hidden.filter((subject) => !found.has(subject)));
      await settle(cluster, admin);
      acts.clear();
    }
    await editor.close();
    const sums = { seed: SEED, edits: sorted(edits), refused: editor.refused, verdicts: sorted(tally.verdicts), swept };
    console.error(stringifyJson(sums, 1));
    for (const each of tally.unexplained) console.error(stringifyJson(each));

    expect(tally.unexplained.map(({ subject }) => subject)).toEqual([]);
    expect(unswept).toEqual([]);
    // Else nothing was tried: a checkpoint that vouches for nothing misses nothing.
    const of = (what: string) => tally.verdicts.get(what) ?? 0;
    expect(of('ours: vouched')).toBeGreaterThan(of('ours: verified') / 2);
    expect(of('Flux: differing')).toBeGreaterThan(EDITS / 5);
  }, 1_500_000);
});
