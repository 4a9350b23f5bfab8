import type { LocalCluster } from '../../lib/local/index.ts';
import type { ObjectRecord, PlumblineRecord, RecordKind } from '../../lib/records/record.ts';
import type { Fleet } from '../fleet.ts';

/** Two schedule periods and some: a tick may come up to a minute after the change, and its work takes seconds. */
export const TWO_TICKS_SECONDS = 150;

/** A fight takes four ticks, a deletion three. */
export const SIX_TICKS_SECONDS = 390;

/** Controllers and played nodes answer in seconds. */
export const ROLLOUT_SECONDS = 60;

export function bothClusters(fleet: Fleet): readonly [LocalCluster, LocalCluster] {
  const [enforced, observed] = fleet.environment.clusters;
  if (enforced === undefined || observed === undefined) throw new Error('the demo needs two clusters');
  return [enforced, observed];
}

/** The records of one kind that are about objects. */
export async function recordsOf(fleet: Fleet, cluster: LocalCluster, kind: RecordKind): Promise<readonly ObjectRecord[]> {
  const records = await fleet.stores.records.query({ cluster: cluster.name, kind }, fleet.signal);
  return records.filter(isOfObject);
}

function isOfObject(record: PlumblineRecord): record is ObjectRecord {
  return record.kind !== 'run';
}

export function isAbout({ object }: ObjectRecord, kind: string, name: string): boolean {
  return object.kind === kind && object.name === name;
}

/** Runs kubectl in the namespace `shop` as a person would, and shows the command. Resolves to what it prints. */
export function typeInShop(fleet: Fleet, cluster: LocalCluster, command: readonly string[]): Promise<string> {
  fleet.narration.command(`kubectl --namespace shop ${command.join(' ')}`);
  return fleet.kubectl(cluster, '--namespace', 'shop', ...command);
}

/** What kubectl prints of objects of the namespace `shop`, by a JSONPath template. */
export function read(fleet: Fleet, cluster: LocalCluster, objects: readonly string[], template: string): Promise<string> {
  return fleet.kubectl(cluster, '--namespace', 'shop', 'get', ...objects, '--output', `jsonpath=${template}`);
}

/** The image in the worker's template. */
export function workerImage(fleet: Fleet, cluster: LocalCluster): Promise<string> {
  return read(fleet, cluster, ['deployment', 'worker'], '{.spec.template.spec.containers[?(@.name=="worker")].image}');
}

/** The image of the worker if it has this tag. */
export async function runsWorker(fleet: Fleet, cluster: LocalCluster, tag: string): Promise<string | undefined> {
  const image = await workerImage(fleet, cluster);
  return image.includes(`/shop/worker:${tag}@`) ? image : undefined;
}
