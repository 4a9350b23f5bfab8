import type { Failure } from '../../errors.ts';
import type { Fact } from '../../records/fact.ts';
import type { ObjectRecord } from '../../records/record.ts';
import { severityOf } from '../finding-table.ts';
import { matches } from '../locks/policy.ts';
import { printableReference } from '../reference.ts';
import { digestKey, type ImageDigest, type NoAnswer } from '../registry/registry.ts';
import type { FindingId, Platform } from '../types.ts';
import { deployedImages, isBack, standingSightings } from './deployed-images.ts';
import type { ImageKnowledge } from './image-knowledge.ts';
import type { AllowedImage, ManagedPods } from './managed-pods.ts';
import { digestOf, factOf, nameOf, type Place, placeOf, type Sighting, workloadName } from './pod-sightings.ts';
import { stateFindings } from './pod-state.ts';
import { containersOf, statusesOf, type TemplatedPod } from './pod-templates.ts';
import { digestOfImageId, judgeRunning, offersPlatform, runningConfig, type Verdict } from './verdict.ts';

/** Findings that only a look at the pods can open or close. */
const POD_FINDINGS: ReadonlySet<string> = new Set<FindingId>([
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

/** Those that are found of references too: of what Git asks for, before anything runs. */
const OF_REFERENCES_TOO: ReadonlySet<string> = new Set<FindingId>(['ref.platform-pin', 'ref.no-platform', 'run.unverifiable']);

export interface PodFacts {
  readonly facts: readonly Fact[];
  /** Of the cluster's nodes. */
  readonly platforms: readonly Platform[];
  readonly verdicts: readonly { readonly path: string; readonly pod: string; readonly verdict: Verdict }[];
  /** Whether an open record of the pods of this cluster is over; undefined for one that is not about pods. */
  readonly closes: (open: ObjectRecord) => boolean | undefined;
}

/** Whether a record is about pods, and not about a reference: their paths have a container in brackets. */
export function isPodFinding({ class: id, changes }: Pick<ObjectRecord, 'class' | 'changes'>): boolean {
  return POD_FINDINGS.has(id) || (OF_REFERENCES_TOO.has(id) && /^\S+ \S+ \[/.test(changes[0]?.path ?? ''));
}

/** That nothing is known of what runs in a cluster, since its pods could not be read. A look at its pods closes it. */
export function podsUnread(cluster: string, { reason, message }: Failure): Fact {
  const id: FindingId = 'run.unverifiable';
  const path = `Cluster ${cluster} [pods]`;
  return {
    kind: 'image',
    object: { apiVersion: 'v1', kind: 'Cluster', namespace: '', name: cluster },
    class: id,
    changes: [{ path, live: reason }],
    decision: 'reported',
    error: {
      reason: id,
      message: `${path} (${severityOf(id)}): its pods could not be read (${reason}: ${message}), so nothing is known of what they run. Check the audit's access to the cluster.`,
    },
  };
}

/** Everything that is found of the pods of one cluster. Pure. */
export function findInPods(managed: ManagedPods, knowledge: ImageKnowledge): PodFacts {
  const { pods, copies, untold, allowed, platforms } = managed;
  const looks = pods.map((audited) => lookAt(audited, knowledge));
  const containers = looks.flatMap((look) => look.containers);
  const deployed = deployedImages(managed, containers);
  const compared = containers.flatMap((container) => runSightings(container, knowledge));
  const sightings = [
    ...looks.flatMap((look) => look.sightings).filter((sighting) => !isAllowed(sighting, allowed)),
    ...compared,
    ...splitSightings(containers),
    ...deployed.flatMap((image) => standingSightings(image, knowledge)),
    ...pods.flatMap((audited) => templateSightings(audited, knowledge)),
    ...copies.map(copySighting).filter((sighting) => !isAllowed(sighting, allowed)),
    ...untold.map(({ pod, workload }): Sighting => ({ ...placeOf(workload, PODS), id: 'run.unverifiable', pod: nameOf(pod) })),
  ];
  const unknown = new Set(compared.flatMap(({ id, path }) => (id === 'run.unverifiable' ? [path] : [])));
  return {
    platforms,
    facts: [...Map.groupBy(sightings, ({ id, path }) => `${id} ${path}`).values()].flatMap(factOf),
    verdicts: containers.flatMap(({ path, pod, verdict }) => (verdict === undefined ? [] : [{ path, pod, verdict }])),
    closes: (open) => {
      if (!isPodFinding(open)) return undefined;
      const { path = '', desired } = open.changes[0] ?? {};
      if (unknown.has(path)) return false;
      if (untold.some(({ workload }) => path.startsWith(`${workloadName(workload)} [`))) return false;
      const used = deployed.filter((image) => image.path === path && image.desired.digest === desired);
      // What was there a while ago, as far as this process knows, does not undo what another one saw since.
      return open.class !== 'digest.missing' || used.every((image) => isBack(image, knowledge, Date.parse(open.at)));
    },
  };
}

function isAllowed({ id, live = '' }: Sighting, allowed: readonly AllowedImage[]): boolean {
  return allowed.some(({ finding, image }) => finding === id && matches(image, live));
}

/** Where something is of all pods of a workload, and of none of its containers. */
const PODS = { name: 'pods', image: '' };

/** A container that has started, and what became of comparing it. */
interface StartedContainer extends Place {
  readonly pod: string;
  readonly revision: string;
  readonly imageId: string;
  readonly platform?: Platform;
  readonly config?: string;
  /** Of a template that has a digest. */
  readonly desired?: ImageDigest;
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
        live: printableReference(container.image),
      });
      continue;
    }
    if (meant.image !== container.image) {
      const [desired, live] = [printableReference(meant.image), printableReference(container.image)];
      sightings.push({ ...place, id: 'pod.image-patched', pod: named, desired, live });
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
      ...(desired === undefined ? {} : { desired, verdict: judgeRunning({ desired: desired.digest, ...running }, graph) }),
    });
  }
  return { sightings, containers };
}

function runSightings({ desired, verdict, ...container }: StartedContainer, knowledge: ImageKnowledge): readonly Sighting[] {
  if (desired === undefined || verdict === undefined) return [];
  const { path, workload, image, pod, imageId, platform } = container;
  const id = findingOf(verdict, desired.digest, platform, knowledge);
  if (id === undefined) return [];
  const why = id === 'run.unverifiable' ? whyUnknown(desired, imageId, knowledge) : undefined;
  const live = printableReference(imageId);
  return [{ path, workload, image, pod, desired: desired.digest, id, live, ...(why === undefined ? {} : { why }) }];
}

/** What kept the desired image, or else the one that runs, from being read. */
function whyUnknown(desired: ImageDigest, imageId: string, { standing }: ImageKnowledge): Failure | undefined {
  const running = digestOfImageId(imageId);
  const asked = [desired, ...(running === undefined ? [] : [{ ...desired, digest: running }])];
  return asked
    .map((image) => standing.get(digestKey(image)))
    .find((answer): answer is NoAnswer => answer !== undefined && answer !== 'there')?.failure;
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
    const build = builds.get(digestOf(container.image)?.digest ?? '');
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
  return { path: nameOf(pod), workload, image, id: 'pod.debug-copy', pod: nameOf(pod), live: printableReference(image) };
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
