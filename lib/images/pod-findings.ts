import type { KubernetesObject } from '../manifests/object.ts';
import type { Fact } from '../records/fact.ts';
import type { FieldChange, ObjectRecord } from '../records/record.ts';
import { severityOf } from './finding-table.ts';
import type { ImageKnowledge } from './image-graph.ts';
import type { UsingObject } from './image-uses.ts';
import type { ManagedPods } from './managed-pods.ts';
import { podSentence } from './pod-sentences.ts';
import { stateFindings } from './pod-state.ts';
import { containersOf, type SpecContainer, statusesOf, type TemplatedPod } from './pod-templates.ts';
import { parseImageReference } from './reference.ts';
import type { FindingId, Platform } from './types.ts';
import { judgeRunning, offersPlatform, runningConfig, type Verdict } from './verdict.ts';

/** Pods that are named in one record; the rest are counted. */
const MAX_PODS = 20;

/** Findings that only a look at the pods can open or close. */
const POD_FINDINGS: ReadonlySet<string> = new Set<FindingId>([
  'ref.platform-pin',
  'ref.no-platform',
  'digest.missing',
  'run.mismatch',
  'run.split',
  'pod.image-patched',
  'pod.ephemeral',
  'pod.debug-copy',
  'pod.injected',
  'fs.writable',
  'fs.state',
  'pull.hazard',
  'prov.no-commit',
  'build.mutating',
]);

/** One container of a workload: `Deployment shop/web [app]`, which is also how its records are told apart. */
interface Place {
  readonly path: string;
  readonly workload: UsingObject;
  /** The image of the template. */
  readonly image: string;
}

/** One pod's share in a finding. */
interface Sighting extends Place {
  readonly id: FindingId;
  readonly pod: string;
  readonly desired?: string;
  readonly live?: string;
}

export interface PodFacts {
  readonly facts: readonly Fact[];
  readonly verdicts: readonly { readonly path: string; readonly pod: string; readonly verdict: Verdict }[];
  /** Whether an open record of the pods of this cluster is over; undefined for one that is not about pods. */
  readonly closes: (open: ObjectRecord) => boolean | undefined;
}

/** Whether a record is about pods, and not about a reference: their paths have a container in brackets. */
export function isPodFinding({ class: id, changes }: Pick<ObjectRecord, 'class' | 'changes'>): boolean {
  return POD_FINDINGS.has(id) || (id === 'run.unverifiable' && /^\S+ \S+ \[/.test(changes[0]?.path ?? ''));
}

/** Everything that is found of the pods of one cluster. Pure. */
export function findInPods({ pods, copies }: ManagedPods, knowledge: ImageKnowledge): PodFacts {
  const looks = pods.map((audited) => lookAt(audited, knowledge));
  const containers = looks.flatMap((look) => look.containers);
  const sightings = [
    ...looks.flatMap((look) => look.sightings),
    ...containers.flatMap((container) => runSightings(container, knowledge)),
    ...splitSightings(containers),
    ...pods.flatMap((audited) => templateSightings(audited, knowledge)),
    ...copies.map(copySighting),
  ];
  const unknown = new Set(sightings.flatMap(({ id, path }) => (id === 'run.unverifiable' ? [path] : [])));
  return {
    facts: [...Map.groupBy(sightings, ({ id, path }) => `${id} ${path}`).values()].flatMap(factOf),
    verdicts: containers.flatMap(({ path, pod, verdict }) => (verdict === undefined ? [] : [{ path, pod, verdict }])),
    closes: (open) => {
      if (!isPodFinding(open)) return undefined;
      const [change] = open.changes;
      if (unknown.has(change?.path ?? '')) return false;
      // That it was there a while ago, as far as this process knows, does not undo what another one saw since.
      const isUsed = containers.some(({ path, desired }) => path === change?.path && desired === change.desired);
      return open.class !== 'digest.missing' || !isUsed || knowledge.present.has(String(change?.desired));
    },
  };
}

/** A container that has started, and what became of comparing it. */
interface StartedContainer extends Place {
  readonly pod: string;
  readonly revision: string;
  readonly imageId: string;
  readonly platform?: Platform;
  readonly config?: string;
  /** Of a template that has a digest. */
  readonly desired?: string;
  readonly verdict?: Verdict;
}

/** Holds the spec of a pod against its template, and what the kubelet says of it against what that means. */
function lookAt(
  { pod, workload, template, revision, platform }: TemplatedPod,
  { graph }: ImageKnowledge,
): { readonly sightings: readonly Sighting[]; readonly containers: readonly StartedContainer[] } {
  const named = nameOf(pod);
  const templated = new Map(containersOf(template).map((container) => [container.name, container]));
  const statuses = statusesOf(pod);
  const sightings: Sighting[] = [];
  const containers: StartedContainer[] = [];
  for (const container of containersOf(pod.spec)) {
    const meant = templated.get(container.name);
    const place = placeOf(workload, container, meant);
    if (container.list === 'ephemeralContainers' || meant === undefined) {
      sightings.push({
        ...place,
        id: container.list === 'ephemeralContainers' ? 'pod.ephemeral' : 'pod.injected',
        pod: named,
        live: container.image,
      });
      continue;
    }
    if (meant.image !== container.image) {
      sightings.push({ ...place, id: 'pod.image-patched', pod: named, desired: meant.image, live: container.image });
    }
    const status = statuses.get(container.name);
    if (status === undefined) continue;
    const running = { ...status, ...(platform === undefined ? {} : { platform }) };
    const config = runningConfig(running, graph);
    const desired = digestOf(meant.image);
    containers.push({
      ...place,
      pod: named,
      revision,
      imageId: status.imageId,
      ...(platform === undefined ? {} : { platform }),
      ...(config === undefined ? {} : { config }),
      ...(desired === undefined ? {} : { desired, verdict: judgeRunning({ desired, ...running }, graph) }),
    });
  }
  return { sightings, containers };
}

function runSightings({ desired, verdict, ...container }: StartedContainer, knowledge: ImageKnowledge): readonly Sighting[] {
  if (desired === undefined || verdict === undefined) return [];
  const { path, workload, image, pod, imageId, platform } = container;
  const place = { path, workload, image, pod, desired };
  const id = findingOf(verdict, desired, platform, knowledge);
  return [
    ...(knowledge.missing.has(desired) ? [{ ...place, id: 'digest.missing' as const }] : []),
    ...(id === undefined ? [] : [{ ...place, id, live: imageId }]),
  ];
}

/** Replicas of one revision on like nodes run one config; which of them is the wrong one is not known here. */
function splitSightings(containers: readonly StartedContainer[]): readonly Sighting[] {
  const replicas = Map.groupBy(
    containers,
    ({ path, revision, platform }) => `${path} ${revision} ${platform?.os}/${platform?.architecture}`,
  );
  return [...replicas.values()].flatMap((group) => {
    const byConfig = new Map(
      group.flatMap((container) => (container.config === undefined ? [] : [[container.config, container] as const])),
    );
    if (byConfig.size < 2) return [];
    return [...byConfig].map(([config, { path, workload, image, pod }]) => ({
      path,
      workload,
      image,
      pod,
      id: 'run.split' as const,
      live: config,
    }));
  });
}

/** What the template alone says, with how its images were built. */
function templateSightings({ pod, workload, template }: TemplatedPod, { builds }: ImageKnowledge): readonly Sighting[] {
  const common = { pod: nameOf(pod) };
  const ofState = stateFindings(template).map(({ id, container, live }) => ({
    ...placeOf(workload, container, container),
    ...common,
    id,
    live,
  }));
  const ofBuilds = containersOf(template).flatMap((container): readonly Sighting[] => {
    const build = builds.get(digestOf(container.image) ?? '');
    if (build === undefined) return [];
    const place = { ...placeOf(workload, container, container), ...common };
    return [
      ...(build.revision === undefined ? [{ ...place, id: 'prov.no-commit' as const }] : []),
      ...build.mutableSteps.slice(0, 1).map((live) => ({ ...place, id: 'build.mutating' as const, live })),
    ];
  });
  return [...ofState, ...ofBuilds];
}

function copySighting({ pod, image }: ManagedPods['copies'][number]): Sighting {
  const { namespace = '', name } = pod.metadata;
  const workload = { apiVersion: 'v1', group: '', kind: 'Pod', namespace, name };
  return { path: nameOf(pod), workload, image, id: 'pod.debug-copy', pod: nameOf(pod), live: image };
}

function nameOf({ metadata }: KubernetesObject): string {
  return `Pod ${metadata.namespace}/${metadata.name}`;
}

function findingOf(verdict: Verdict, digest: string, platform: Platform | undefined, { graph }: ImageKnowledge): FindingId | undefined {
  switch (verdict) {
    case 'match':
    case 'alias':
      return undefined;
    case 'mismatch':
      return 'run.mismatch';
    case 'unverifiable':
      return 'run.unverifiable';
    case 'wrong-platform':
      return platform !== undefined && offersPlatform(digest, platform, graph) === false && (graph.get(digest)?.children.length ?? 0) > 0
        ? 'ref.no-platform'
        : 'ref.platform-pin';
  }
}

function placeOf(
  workload: UsingObject,
  { name, image }: Pick<SpecContainer, 'name' | 'image'>,
  meant: { readonly image: string } | undefined,
): Place {
  return { path: `${workload.kind} ${workload.namespace}/${workload.name} [${name}]`, workload, image: meant?.image ?? image };
}

function digestOf(image: string): string | undefined {
  const parsed = parseImageReference(image);
  return parsed instanceof Error ? undefined : parsed.digest;
}

function factOf(sightings: readonly Sighting[]): readonly Fact[] {
  const [first] = sightings;
  if (first === undefined) return [];
  const { id, path, workload, desired, live } = first;
  const pods = [...new Map(sightings.map((sighting) => [sighting.pod, sighting])).values()].toSorted((a, b) => (a.pod < b.pod ? -1 : 1));
  const changes: readonly FieldChange[] = [
    { path, ...(desired === undefined ? {} : { desired }), ...(live === undefined ? {} : { live }) },
    ...(PER_WORKLOAD.has(id)
      ? []
      : pods
          .slice(0, MAX_PODS)
          .map((sighting) => ({ path: sighting.pod, ...(sighting.live === undefined ? {} : { live: sighting.live }) }))),
  ];
  const { apiVersion, kind, namespace, name } = workload;
  return [
    {
      kind: 'image',
      object: { apiVersion, kind, namespace, name },
      class: id,
      changes,
      decision: 'reported',
      error: { reason: id, message: `${path} (${severityOf(id)}): ${podSentence(first, pods.length)}` },
    },
  ];
}

/** What follows from the template alone: which pods there are now is no news. */
const PER_WORKLOAD: ReadonlySet<FindingId> = new Set<FindingId>([
  'fs.writable',
  'fs.state',
  'pull.hazard',
  'prov.no-commit',
  'build.mutating',
  'digest.missing',
]);
