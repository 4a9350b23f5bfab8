import type { LocalCluster } from '../lib/local/index.ts';
import type { ObjectRecord, PlumblineRecord } from '../lib/records/record.ts';
import { type Breakage, breakages } from './breakage.ts';
import type { Fleet } from './fleet.ts';
import { startRival } from './rival.ts';

/** Two schedule periods and some: a tick may come up to a minute after the change, and its work takes seconds. */
const TWO_TICKS_SECONDS = 150;

/** A fight takes four ticks, a deletion three. */
const SIX_TICKS_SECONDS = 390;

const SCALED_TO = '4';

/** Registers both clusters and waits until the scheduled functions have brought them to the first commit. */
export async function registerClusters(fleet: Fleet): Promise<void> {
  fleet.narration.step(
    'Register two clusters',
    'From here on nobody calls anything: the scheduled functions fetch, render, lock and apply.',
  );
  for (const cluster of fleet.environment.clusters) {
    await fleet.plumbline(
      ...['cluster', 'add', cluster.name, '--repo', fleet.repository.url, '--path', `clusters/${cluster.name}`, '--mode', 'enforce'],
      ...['--eks', cluster.eksName, '--region', fleet.environment.region, '--role', cluster.roleArn, '--external-id', cluster.externalId],
    );
  }
  fleet.narration.say('(On EKS it goes on with the access entry and the ClusterRole to apply once; the clusters here have theirs.)');
  for (const cluster of fleet.environment.clusters) {
    await fleet.narration.waitFor(`${cluster.name} is in sync with the first commit`, TWO_TICKS_SECONDS, async () => {
      const state = await fleet.stores.state.get(cluster.name, fleet.signal);
      return state?.outcome === 'corrected' || state?.outcome === 'in-sync' ? state : undefined;
    });
  }
  await fleet.plumbline('status');
}

/** From now on this cluster is only watched. */
export async function switchToObserve(fleet: Fleet, cluster: string): Promise<void> {
  fleet.narration.step(`Let ${cluster} be observed only`, 'Plumbline goes on looking, and writes nothing to it.');
  await fleet.plumbline('cluster', 'set', cluster, 'mode=observe');
}

/** Changes both clusters by hand, as people do. */
export async function breakByHand(fleet: Fleet): Promise<readonly Breakage[]> {
  fleet.narration.step('Change both clusters by hand', 'With kubectl, past Git.');
  const broken = breakages(fleet.registry);
  for (const { what, kubectl } of broken) {
    fleet.narration.say(`${what}:`);
    fleet.narration.command(`kubectl ${kubectl.join(' ').replace(/("session-key":")[^"]*/, '$1…')}`);
    for (const cluster of fleet.environment.clusters) await fleet.kubectl(cluster, ...kubectl);
  }
  return broken;
}

/** Scales what an autoscaler scales, and asks for time for a change. */
export async function changeWithLeave(fleet: Fleet): Promise<void> {
  fleet.narration.step(
    'Do what is allowed',
    'A Deployment under an autoscaler is scaled; a person asks for two minutes with another log level.',
  );
  const [enforced] = bothClusters(fleet);
  const commands = [
    ['scale', 'deployment/web', `--replicas=${SCALED_TO}`],
    ['annotate', 'configmap/worker', 'plumbline.dev/hold-until=2m'],
    ['patch', 'configmap/worker', '--type=merge', '--patch={"data":{"log-level":"debug"}}'],
  ];
  for (const command of commands) {
    fleet.narration.command(`kubectl --namespace shop ${command.join(' ')}`);
    await fleet.kubectl(enforced, '--namespace', 'shop', ...command);
  }
}

/** Lets a program fight for a field while `story` goes on, until it is left alone. */
export async function besideFight(fleet: Fleet, story: () => Promise<void>): Promise<void> {
  const [enforced] = bothClusters(fleet);
  fleet.narration.step(
    'Let a program fight for a field',
    'From now on cost-bot sets 10m of CPU in the LimitRange whenever Git’s 50m is back.',
  );
  const rival = startRival(fleet, enforced);
  try {
    await story();
    fleet.narration.step(
      'See the fight end',
      'Three corrections in a quarter of an hour are enough: the field is left to its rival for a while.',
    );
    await fleet.narration.waitFor(`the field that ${rival.manager} wants is backed off from`, SIX_TICKS_SECONDS, async () => {
      const records = await fleet.stores.records.query({ cluster: enforced.name, kind: 'drift' }, fleet.signal);
      return records.find((record) => record.kind === 'drift' && record.decision === 'backed-off' && record.object.kind === 'LimitRange');
    });
    await fleet.plumbline('records', enforced.name, '--kind', 'drift', '--open');
  } finally {
    await rival.stop();
  }
}

/** Takes an object out of Git. */
export async function removeFromGit(fleet: Fleet): Promise<void> {
  fleet.narration.step(
    'Take an object out of Git',
    'It is deleted once it has been gone from Git for a minute, and two runs have seen so.',
  );
  const revision = await fleet.repository.removeResource('platform', 'priority.yaml', 'Do without a priority of our own');
  fleet.narration.command(`git push   # ${revision.slice(0, 12)}: Do without a priority of our own`);
}

/** Shows that what was allowed was left alone as long as it was allowed, and that what left Git is gone. */
export async function showWhatWasAllowed(fleet: Fleet): Promise<void> {
  fleet.narration.step('See what became of what is allowed, and of what left Git');
  const [enforced, observed] = bothClusters(fleet);
  const held = await fleet.narration.waitFor('the held change is put back after its two minutes', SIX_TICKS_SECONDS, async () => {
    const records = await fleet.stores.records.query({ cluster: enforced.name, kind: 'drift' }, fleet.signal);
    return records.find((record) => isDriftOf(record, 'ConfigMap', 'worker') && record.correctedAt !== undefined);
  });
  const level = await fleet.kubectl(
    enforced,
    '--namespace',
    'shop',
    'get',
    'configmap',
    'worker',
    '--output',
    'jsonpath={.data.log-level}',
  );
  if (level !== 'info' || !('correctedAt' in held)) throw new Error(`hold: the log level is ${level}, and Git says info`);
  const lasted = (Date.parse(held.correctedAt ?? '') - Date.parse(held.at)) / 1000;
  fleet.narration.say(`it was held for ${Math.round(lasted)} s: the log level is ${level} again`);
  const replicas = await fleet.kubectl(
    enforced,
    '--namespace',
    'shop',
    'get',
    'deployment',
    'web',
    '--output',
    'jsonpath={.spec.replicas}',
  );
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

/** Points the tags that Git names at other bytes. */
export async function moveTags(fleet: Fleet): Promise<void> {
  fleet.narration.step(
    'Move tags in the registry',
    'Git says shop/web:1.0 and shop/worker:1.0; somebody pushes other bytes under those tags.',
  );
  for (const name of ['shop/web', 'shop/worker']) {
    fleet.narration.say(`${name}:1.0 is now ${await fleet.push(name, '1.0', `other bytes under the tag of ${name}`)}`);
  }
}

/** Commits another image of the worker, whose limits were just changed by hand. Returns the image that ran before. */
export async function commitNewVersion(fleet: Fleet): Promise<string> {
  fleet.narration.step(
    'Commit a new version of the worker',
    'One object, two causes: its image by a commit, its limits by hand. The records tell them apart.',
  );
  const [enforced] = bothClusters(fleet);
  const before = await liveImage(fleet, enforced);
  fleet.narration.say(`it runs ${before}`);
  await fleet.push('shop/worker', '1.1', 'the next version of the worker');
  const revision = await fleet.repository.change('apps/shop/worker.yaml', 'shop/worker:1.0', 'shop/worker:1.1', 'Release worker 1.1');
  fleet.narration.command(`git push   # ${revision.slice(0, 12)}: Release worker 1.1`);
  return before;
}

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
    const records = await fleet.stores.records.query({ cluster: enforced.name, kind: 'image' }, fleet.signal);
    return records.find((record) => record.kind === 'image' && record.class === 'tag.moved');
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

/** Reverts in Git: the very bytes that ran before run again, although their tag has moved meanwhile. */
export async function rollBack(fleet: Fleet, before: string): Promise<void> {
  fleet.narration.step('Roll back with git revert', 'shop/worker:1.0 names other bytes by now; the lock remembers those that ran.');
  const [enforced] = bothClusters(fleet);
  await fleet.repository.revertLast();
  fleet.narration.command('git revert --no-edit HEAD && git push');
  const image = await fleet.narration.waitFor(`${enforced.name} is back`, TWO_TICKS_SECONDS, () => runsWorker(fleet, enforced, '1.0'));
  if (image !== before) throw new Error(`rollback: ${image} runs, and ${before} ran before`);
  fleet.narration.say(`again:  ${image}`);
  await fleet.plumbline('records', enforced.name, '--kind', 'rollout', '--limit', '2');
}

function bothClusters(fleet: Fleet): readonly [LocalCluster, LocalCluster] {
  const [enforced, observed] = fleet.environment.clusters;
  if (enforced === undefined || observed === undefined) throw new Error('the demo needs two clusters');
  return [enforced, observed];
}

async function allRecorded(
  fleet: Fleet,
  cluster: LocalCluster,
  broken: readonly Breakage[],
  isSo: (record: ObjectRecord) => boolean,
): Promise<true | undefined> {
  const records = await fleet.stores.records.query({ cluster: cluster.name, kind: 'drift' }, fleet.signal);
  const recorded = broken.every(({ object }) =>
    records.some(
      (record) =>
        isDriftOf(record, object.kind, object.name) && (object.class === undefined || record.class === object.class) && isSo(record),
    ),
  );
  return recorded ? true : undefined;
}

function isDriftOf(record: PlumblineRecord, kind: string, name: string): record is ObjectRecord {
  return record.kind === 'drift' && record.object.kind === kind && record.object.name === name;
}

async function runsWorker(fleet: Fleet, cluster: LocalCluster, tag: string): Promise<string | undefined> {
  const image = await liveImage(fleet, cluster);
  return image.includes(`/shop/worker:${tag}@`) ? image : undefined;
}

function liveImage(fleet: Fleet, cluster: LocalCluster): Promise<string> {
  const image = 'jsonpath={.spec.template.spec.containers[?(@.name=="worker")].image}';
  return fleet.kubectl(cluster, '--namespace', 'shop', 'get', 'deployment', 'worker', '--output', image);
}
