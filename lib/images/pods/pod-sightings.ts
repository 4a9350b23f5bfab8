import type { Failure } from '../../errors.ts';
import type { KubernetesObject } from '../../manifests/object.ts';
import type { Fact } from '../../records/fact.ts';
import type { FieldChange } from '../../records/record.ts';
import { severityOf } from '../finding-table.ts';
import type { UsingObject } from '../image-uses.ts';
import { parseImageReference } from '../reference.ts';
import type { ImageDigest } from '../registry/registry.ts';
import type { FindingId } from '../types.ts';
import { podSentence } from './pod-sentences.ts';
import type { SpecContainer } from './pod-templates.ts';

/** Pods that are named in one record; the rest are counted. */
const MAX_PODS = 20;

/** One container of a workload: `Deployment shop/web [app]`, which is also how its records are told apart. */
export interface Place {
  readonly path: string;
  readonly workload: UsingObject;
  /** The image of the template. */
  readonly image: string;
}

/** One pod's share in a finding, or that of what Git means without a pod. `desired` and `live` may be stored and shown. */
export interface Sighting extends Place {
  readonly id: FindingId;
  readonly pod?: string;
  readonly desired?: string;
  readonly live?: string;
  /** What a registry said. */
  readonly why?: Failure;
}

export function nameOf({ metadata }: KubernetesObject): string {
  return `Pod ${metadata.namespace}/${metadata.name}`;
}

export function placeOf(
  workload: UsingObject,
  { name, image }: Pick<SpecContainer, 'name' | 'image'>,
  meant?: { readonly image: string },
): Place {
  return { path: `${workloadName(workload)} [${name}]`, workload, image: meant?.image ?? image };
}

export function workloadName({ kind, namespace, name }: UsingObject): string {
  return `${kind} ${namespace}/${name}`;
}

/** What an image reference names by its digest; undefined where it has none. */
export function digestOf(image: string): ImageDigest | undefined {
  const parsed = parseImageReference(image);
  if (parsed instanceof Error || parsed.digest === undefined) return undefined;
  return { registry: parsed.registry, repository: parsed.repository, digest: parsed.digest };
}

/** One fact of all that was sighted of one finding in one place. */
export function factOf(sightings: readonly Sighting[]): readonly Fact[] {
  const [first] = sightings;
  if (first === undefined) return [];
  const { id, path, workload, desired, live } = first;
  const byPod = new Map(sightings.flatMap((sighting) => (sighting.pod === undefined ? [] : [[sighting.pod, sighting] as const])));
  const pods = [...byPod].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const changes: readonly FieldChange[] = [
    { path, ...(desired === undefined ? {} : { desired }), ...(live === undefined ? {} : { live }) },
    ...(PER_WORKLOAD.has(id)
      ? []
      : pods.slice(0, MAX_PODS).map(([pod, sighting]) => ({ path: pod, ...(sighting.live === undefined ? {} : { live: sighting.live }) }))),
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
