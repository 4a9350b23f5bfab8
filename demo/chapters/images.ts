import type { LocalCluster } from '../../lib/local/index.ts';
import type { ObjectRecord } from '../../lib/records/record.ts';
import type { Fleet } from '../fleet.ts';
import { bothClusters, isAbout, ROLLOUT_SECONDS, read, recordsOf, typeInShop } from './looks.ts';

const DEBUG_IMAGE = 'public.ecr.aws/docker/library/busybox:1.37';

/** Points the tags that Git names at other bytes. Returns the digest of those that are now web's. */
export async function moveTags(fleet: Fleet): Promise<string> {
  fleet.narration.step(
    'Move tags in the registry',
    'Git says shop/web:1.0 and shop/worker:1.0; somebody pushes other bytes under those tags.',
  );
  const push = async (name: string) => {
    const digest = await fleet.push(name, '1.0', `other bytes under the tag of ${name}`);
    fleet.narration.say(`${name}:1.0 is now ${digest}`);
    return digest;
  };
  const web = await push('shop/web');
  await push('shop/worker');
  return web;
}

/** Gives a pod of the worker a container that no template has. */
export async function attachDebugContainer(fleet: Fleet): Promise<void> {
  fleet.narration.step('Attach a debug container', 'kubectl debug: a shell beside the worker, from an image that Git has never heard of.');
  const [enforced] = bothClusters(fleet);
  const pod = await newestPod(fleet, enforced, 'worker');
  await typeInShop(fleet, enforced, ['debug', pod, `--image=${DEBUG_IMAGE}`, '--container=debugger', '--profile=restricted', '--', 'sh']);
}

/** Has one pod of web run the bytes with this digest. Returns the pod. */
export async function runOtherBytes(fleet: Fleet, digest: string): Promise<string> {
  fleet.narration.step(
    'Run other bytes than Git means',
    'The image store of a node holds the bytes of the moved tag: a pod of web runs them, although its template names the locked digest.',
  );
  fleet.narration.say('(Nodes are played here, and pull nothing: what a kubelet would report is written into the status of the pod.)');
  const [enforced] = bothClusters(fleet);
  const pod = await newestPod(fleet, enforced, 'web');
  const report = { op: 'replace', path: '/status/containerStatuses/0/imageID', value: `${fleet.registry}/shop/web@${digest}` };
  await typeInShop(fleet, enforced, ['patch', 'pod', pod, '--subresource=status', '--type=json', `--patch=${JSON.stringify([report])}`]);
  await showWhatRuns(fleet, enforced);
  return pod;
}

/** Shows that the next event of ECR finds both, and has the workload with other bytes restarted. `pod` is the one that runs them. */
export async function pushAnImage(fleet: Fleet, pod: string): Promise<void> {
  fleet.narration.step(
    'Push an image',
    'ECR tells EventBridge of each push, and the audit looks at once at the pods of every cluster that uses the repository.',
  );
  const [enforced] = bothClusters(fleet);
  await fleet.narration.waitFor('the debug container is reported, and web restarted through its template', ROLLOUT_SECONDS, async () => {
    // Again where a run was working on the cluster just then.
    await fleet.push('shop/web', '1.1', 'the next version of web');
    return findMismatch(fleet, enforced, ({ correctedAt }) => correctedAt !== undefined);
  });
  await fleet.plumbline('images', enforced.name);
  fleet.narration.say('');
  fleet.narration.say('Nothing in a running container was changed, and no pod was deleted by us: the Deployment rolls.');
  await typeInShop(fleet, enforced, ['rollout', 'status', 'deployment/web', `--timeout=${ROLLOUT_SECONDS}s`]);
  await fleet.narration.waitFor(`${pod} is gone`, ROLLOUT_SECONDS, async () => {
    const left = await read(fleet, enforced, ['pod', pod, '--ignore-not-found'], '{.metadata.name}');
    return left === '' ? true : undefined;
  });
  await showWhatRuns(fleet, enforced);
  await fleet.narration.waitFor('the look after the next push finds it so', ROLLOUT_SECONDS, async () => {
    await fleet.push('shop/worker', '1.2', 'another version of the worker');
    return findMismatch(fleet, enforced, ({ verifiedAt }) => verifiedAt !== undefined);
  });
  await fleet.plumbline('records', enforced.name, '--kind', 'image', '--limit', '3');
  fleet.narration.say('');
  fleet.narration.say('From the commit to the bytes on the node, for one of the fresh pods:');
  await fleet.plumbline('images', 'trace', enforced.name, `shop/${await newestPod(fleet, enforced, 'web')}`);
}

async function findMismatch(
  fleet: Fleet,
  cluster: LocalCluster,
  isSo: (record: ObjectRecord) => boolean,
): Promise<ObjectRecord | undefined> {
  const records = await recordsOf(fleet, cluster, 'image');
  return records.find((record) => record.class === 'run.mismatch' && isAbout(record, 'Deployment', 'web') && isSo(record));
}

function newestPod(fleet: Fleet, cluster: LocalCluster, app: string): Promise<string> {
  const newestLast = ['pods', '--selector', `app=${app}`, '--sort-by', '.metadata.creationTimestamp'];
  return read(fleet, cluster, newestLast, '{.items[-1:].metadata.name}');
}

/** The image id of each pod of web, as the kubelet reports it. */
async function showWhatRuns(fleet: Fleet, cluster: LocalCluster): Promise<void> {
  const columns = 'custom-columns=POD:.metadata.name,RUNS:.status.containerStatuses[0].imageID';
  const table = await typeInShop(fleet, cluster, ['get', 'pods', '--selector=app=web', `--output=${columns}`]);
  for (const line of table.split('\n')) fleet.narration.say(line);
}
