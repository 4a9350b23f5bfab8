import type { LocalCluster } from '../../lib/local/index.ts';
import type { ObjectRecord } from '../../lib/records/record.ts';
import type { Breakage } from '../breakage.ts';
import type { Fleet } from '../fleet.ts';
import { SCALED_TO } from './changes-by-hand.ts';
import { bothClusters, isAbout, read, recordsOf, runsWorker, SIX_TICKS_SECONDS, TWO_TICKS_SECONDS } from './looks.ts';

/** Waits for the next ticks, and shows who changed what, and what became of it. */
export async function showRecords(fleet: Fleet, broken: readonly Breakage[]): Promise<void> {
  fleet.narration.step('See what the next scheduled run made of it');
  const [enforced, observed] = bothClusters(fleet);
  await fleet.narration.waitFor(`every change to ${enforced.name} is corrected and verified`, TWO_TICKS_SECONDS, () =>
    allRecorded(fleet, enforced, broken, (record) => record.decision === 'corrected' && record.verifiedAt !== undefined),
  );
  await fleet.narration.waitFor(`every change to ${observed.name} is recorded`, TWO_TICKS_SECONDS, () =>
    allRecorded(fleet, observed, broken, (record) => record.decision === 'observed' && record.resolvedAt === undefined),
  );
  await fleet.narration.waitFor(`${enforced.name} runs worker 1.1`, TWO_TICKS_SECONDS, () => runsWorker(fleet, enforced, '1.1'));
  await fleet.narration.waitFor('the moved tag is found', TWO_TICKS_SECONDS, async () => {
    const records = await recordsOf(fleet, enforced, 'image');
    return records.find((record) => record.class === 'tag.moved');
  });
  fleet.narration.say('');
  fleet.narration.say(
    `What was done to ${enforced.name}: corrected, and the server shows it. Of what was removed nobody is left in managed fields.`,
  );
  await fleet.plumbline('records', enforced.name, '--kind', 'drift');
  fleet.narration.say('');
  fleet.narration.say(`The same drift in ${observed.name}: recorded, and not touched.`);
  await fleet.plumbline('records', observed.name, '--kind', 'drift', '--open');
  fleet.narration.say('');
  fleet.narration.say('The tags that moved: the clusters keep the bytes that Git meant.');
  await fleet.plumbline('records', enforced.name, '--kind', 'image');
  fleet.narration.say('');
  fleet.narration.say('What the commit changed is a rollout, not drift.');
  await fleet.plumbline('records', enforced.name, '--kind', 'rollout', '--limit', '1');
}

/** Shows that what was allowed was left alone as long as it was allowed, and that what left Git is gone. */
export async function showWhatWasAllowed(fleet: Fleet): Promise<void> {
  fleet.narration.step('See what became of what is allowed, and of what left Git');
  const [enforced, observed] = bothClusters(fleet);
  const held = await fleet.narration.waitFor('the held change is put back after its two minutes', SIX_TICKS_SECONDS, async () => {
    const records = await recordsOf(fleet, enforced, 'drift');
    return records.find((record) => isAbout(record, 'ConfigMap', 'worker') && record.correctedAt !== undefined);
  });
  const level = await read(fleet, enforced, ['configmap', 'worker'], '{.data.log-level}');
  if (level !== 'info') throw new Error(`hold: the log level is ${level}, and Git says info`);
  const lasted = (Date.parse(held.correctedAt ?? '') - Date.parse(held.at)) / 1000;
  fleet.narration.say(`it was held for ${Math.round(lasted)} s: the log level is ${level} again`);
  const replicas = await read(fleet, enforced, ['deployment', 'web'], '{.spec.replicas}');
  if (replicas !== SCALED_TO) throw new Error(`autoscaler: ${replicas} replicas, and it was scaled to ${SCALED_TO}`);
  fleet.narration.say(`web still has ${replicas} replicas, although Git says 2 and its image was corrected meanwhile`);
  await fleet.narration.waitFor(`the PriorityClass is gone from ${enforced.name}`, SIX_TICKS_SECONDS, async () => {
    const left = await fleet.kubectl(enforced, 'get', 'priorityclass', 'shop', '--ignore-not-found');
    return left === '' ? true : undefined;
  });
  if ((await fleet.kubectl(observed, 'get', 'priorityclass', 'shop', '--ignore-not-found')) === '')
    throw new Error(`prune: the PriorityClass is gone from ${observed.name}, which is only observed`);
  await fleet.plumbline('records', enforced.name, '--kind', 'prune');
}

async function allRecorded(
  fleet: Fleet,
  cluster: LocalCluster,
  broken: readonly Breakage[],
  isSo: (record: ObjectRecord) => boolean,
): Promise<true | undefined> {
  const records = await recordsOf(fleet, cluster, 'drift');
  const recorded = broken.every(({ object }) =>
    records.some(
      (record) =>
        isAbout(record, object.kind, object.name) && (object.class === undefined || record.class === object.class) && isSo(record),
    ),
  );
  return recorded ? true : undefined;
}
