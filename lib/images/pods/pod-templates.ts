import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../manifests/json.ts';
import { groupOf, type KubernetesObject } from '../../manifests/object.ts';
import { CONTAINER_LISTS, podSpecsOf } from '../../manifests/pod-specs.ts';
import type { UsingObject } from '../image-uses.ts';
import type { Platform } from '../types.ts';

/** What the API server has of a cluster's pods and of what they were made from. */
export interface LivePods {
  readonly pods: readonly KubernetesObject[];
  readonly nodes: readonly KubernetesObject[];
  readonly replicaSets: readonly KubernetesObject[];
  readonly controllerRevisions: readonly KubernetesObject[];
  readonly jobs: readonly KubernetesObject[];
}

/** One container of a pod spec. */
export interface SpecContainer {
  readonly name: string;
  readonly image: string;
  readonly list: (typeof CONTAINER_LISTS)[number];
  readonly container: JsonObject;
}

/** One pod, with the template that it was made from: that of its own ReplicaSet, revision or Job, not the one that is desired by now. */
export interface TemplatedPod {
  readonly pod: KubernetesObject;
  /** The workload that Git has: a Deployment for a pod of one of its ReplicaSets. */
  readonly workload: UsingObject;
  /** Tells one revision of a workload from another. */
  readonly revision: string;
  /** Absent for a pod that Git has itself, whose template is in Git. */
  readonly template?: JsonObject;
  readonly platform?: Platform;
}

interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly apiVersion: string;
}

/** A pod of which it is not known what it was made from, with its node's platform. */
export interface BarePod {
  readonly pod: KubernetesObject;
  readonly platform?: Platform;
}

export interface TemplatedPods {
  readonly templated: readonly TemplatedPod[];
  /** That nothing controls. */
  readonly loose: readonly BarePod[];
  /** Whose controller is there, and not the template that they were made from: of kinds that keep none, as a ReplicationController. */
  readonly untold: readonly (BarePod & { readonly workload: UsingObject })[];
  /** Of the cluster's nodes. */
  readonly platforms: readonly Platform[];
}

/** Holds each pod against what made it. */
export function templatePods(live: LivePods): TemplatedPods {
  const replicaSets = byUid(live.replicaSets);
  const jobs = byUid(live.jobs);
  const revisions = Map.groupBy(live.controllerRevisions, (revision) => controllerOf(revision)?.uid ?? '');
  const platforms = new Map(live.nodes.map((node) => [node.metadata.name, nodePlatform(node)]));
  const templated: TemplatedPod[] = [];
  const loose: BarePod[] = [];
  const untold: (BarePod & { readonly workload: UsingObject })[] = [];
  for (const pod of live.pods) {
    const owner = controllerOf(pod);
    const platform = platforms.get(textAt(pod.spec, 'nodeName') ?? '');
    const common = { pod, ...(platform === undefined ? {} : { platform }) };
    if (owner === undefined) {
      loose.push(common);
      continue;
    }
    const made = madeFrom(owner, pod, replicaSets, jobs, revisions);
    if (made?.template !== undefined) templated.push({ ...common, ...made });
    // What goes with its deleted controller is gone in a moment.
    else if (pod.metadata.deletionTimestamp === undefined)
      untold.push({ ...common, workload: made?.workload ?? workloadAbove(owner, pod) });
  }
  return { templated, loose, untold, platforms: distinctPlatforms(platforms.values()) };
}

function distinctPlatforms(platforms: Iterable<Platform | undefined>): readonly Platform[] {
  return [
    ...new Map([...platforms].flatMap((one) => (one === undefined ? [] : [[`${one.os}/${one.architecture}`, one] as const]))).values(),
  ];
}

/** A ReplicaSet that is gone was made by the Deployment that its name begins with. */
function workloadAbove(owner: Owner, pod: KubernetesObject): UsingObject {
  const namespace = pod.metadata.namespace ?? '';
  const hash = `-${pod.metadata.labels?.['pod-template-hash']}`;
  if (owner.kind !== 'ReplicaSet' || !owner.name.endsWith(hash)) return workloadOf(owner, namespace);
  return workloadOf({ ...owner, kind: 'Deployment', name: owner.name.slice(0, -hash.length) }, namespace);
}

function madeFrom(
  owner: Owner,
  pod: KubernetesObject,
  replicaSets: ReadonlyMap<string, KubernetesObject>,
  jobs: ReadonlyMap<string, KubernetesObject>,
  revisions: ReadonlyMap<string, readonly KubernetesObject[]>,
): Pick<TemplatedPod, 'workload' | 'revision' | 'template'> | undefined {
  const namespace = pod.metadata.namespace ?? '';
  const direct = replicaSets.get(owner.uid) ?? jobs.get(owner.uid);
  if (direct !== undefined) {
    const above = controllerOf(direct);
    const template = podSpecsOf(direct)[0]?.spec;
    return { workload: workloadOf(above ?? owner, namespace), revision: owner.uid, ...(template === undefined ? {} : { template }) };
  }
  const hash = pod.metadata.labels?.['controller-revision-hash'];
  const revision = (revisions.get(owner.uid) ?? []).find(
    ({ metadata }) => hash !== undefined && (metadata.name === hash || metadata.labels?.['controller-revision-hash'] === hash),
  );
  if (revision === undefined) return undefined;
  const template = objectAt(objectAt(objectAt(revision.data, 'spec'), 'template'), 'spec');
  return {
    workload: workloadOf(owner, namespace),
    revision: revision.metadata.uid ?? revision.metadata.name,
    ...(template === undefined ? {} : { template }),
  };
}

/** Of a pod, what is compared: of hundreds of clusters the rest would take all memory. */
export function comparedPart({ apiVersion, kind, metadata, spec, status }: KubernetesObject): KubernetesObject {
  const { name, namespace, uid, labels, deletionTimestamp, ownerReferences } = metadata;
  const kept = Object.entries({ name, namespace, uid, labels, deletionTimestamp, ownerReferences }).filter(
    ([, value]) => value !== undefined,
  );
  const images = CONTAINER_LISTS.map((list) => [
    list,
    itemsOf(isJsonObject(spec) ? spec[list] : undefined).map((container) => pick(container, ['name', 'image'])),
  ]);
  return {
    apiVersion,
    kind,
    metadata: { ...Object.fromEntries(kept), name },
    spec: { ...pick(spec, ['nodeName']), ...Object.fromEntries(images) },
    status: Object.fromEntries(
      STATUS_LISTS.map((list) => [
        list,
        itemsOf(isJsonObject(status) ? status[list] : undefined).map((container) => pick(container, ['name', 'image', 'imageID'])),
      ]),
    ),
  };
}

function pick(value: unknown, fields: readonly string[]): JsonObject {
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).filter(([field]) => fields.includes(field))) : {};
}

/** The containers of a pod spec, by name. */
export function containersOf(spec: unknown): readonly SpecContainer[] {
  if (!isJsonObject(spec)) return [];
  return CONTAINER_LISTS.flatMap((list) =>
    itemsOf(spec[list]).flatMap((container) => {
      const { name, image } = container;
      return typeof name === 'string' && typeof image === 'string' ? [{ name, image, list, container }] : [];
    }),
  );
}

const STATUS_LISTS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;

/** What the kubelet says of each container, by name; those without an image id have not started. */
export function statusesOf(pod: KubernetesObject): ReadonlyMap<string, { readonly imageId: string; readonly statusImage?: string }> {
  const status = isJsonObject(pod.status) ? pod.status : {};
  return new Map(
    STATUS_LISTS.flatMap((list) =>
      itemsOf(status[list]).flatMap(({ name, imageID, image }) =>
        typeof name === 'string' && typeof imageID === 'string' && imageID !== ''
          ? [[name, { imageId: imageID, ...(typeof image === 'string' ? { statusImage: image } : {}) }] as const]
          : [],
      ),
    ),
  );
}

export function itemsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

function byUid(objects: readonly KubernetesObject[]): ReadonlyMap<string, KubernetesObject> {
  return new Map(objects.map((object) => [object.metadata.uid ?? '', object]));
}

function controllerOf({ metadata }: KubernetesObject): Owner | undefined {
  const references: unknown = metadata.ownerReferences;
  if (!Array.isArray(references)) return undefined;
  const owner = references.find((reference) => isJsonObject(reference) && reference.controller === true);
  if (!isJsonObject(owner)) return undefined;
  const { kind, name, uid, apiVersion } = owner;
  if (typeof kind !== 'string' || typeof name !== 'string' || typeof uid !== 'string' || typeof apiVersion !== 'string') return undefined;
  return { kind, name, uid, apiVersion };
}

function workloadOf({ kind, name, apiVersion }: Owner, namespace: string): UsingObject {
  return { apiVersion, group: groupOf(apiVersion), kind, namespace, name };
}

/** `status.nodeInfo`; the labels of a node can be written by people. */
function nodePlatform(node: KubernetesObject): Platform | undefined {
  const info = objectAt(node.status, 'nodeInfo');
  const os = textAt(info, 'operatingSystem');
  const architecture = textAt(info, 'architecture');
  return os === undefined || architecture === undefined || os === '' || architecture === '' ? undefined : { os, architecture };
}

function objectAt(value: unknown, field: string): JsonObject | undefined {
  const found = isJsonObject(value) ? value[field] : undefined;
  return isJsonObject(found) ? found : undefined;
}

function textAt(value: unknown, field: string): string | undefined {
  const found = isJsonObject(value) ? value[field] : undefined;
  return typeof found === 'string' ? found : undefined;
}
