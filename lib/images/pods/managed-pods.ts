import { type ImagePath, mapImagesAt } from '../../manifests/image-paths.ts';
import { isJsonObject } from '../../manifests/json.ts';
import type { KubernetesObject } from '../../manifests/object.ts';
import { objectIdOf, objectKey } from '../../manifests/object.ts';
import { podSpecsOf } from '../../manifests/pod-specs.ts';
import type { Artifact } from '../../source/artifact.ts';
import type { UsingObject } from '../image-uses.ts';
import type { FindingId, Platform } from '../types.ts';
import { type BarePod, containersOf, itemsOf, type LivePods, type TemplatedPod, templatePods } from './pod-templates.ts';

/** What Git means to be run or mounted, whether a pod of it is there now or not. */
export interface MeantImage {
  readonly workload: UsingObject;
  /** A container by its name, `volume NAME`, or the path in a custom resource. */
  readonly place: string;
  readonly image: string;
  readonly mounted?: true;
  /** At a path that `plumbline.yaml` names. */
  readonly custom?: true;
}

/** An image of containers that no template has, and that is meant to be there. */
export interface AllowedImage {
  readonly finding: Extract<FindingId, 'pod.injected' | 'pod.debug-copy'>;
  /** A reference as pods have it; one `*` at the end stands for any rest. */
  readonly image: string;
  readonly reason: string;
}

export interface ManagedPods {
  readonly pods: readonly TemplatedPod[];
  /** Pods that nothing controls and Git does not have, with an image of a workload that it has. */
  readonly copies: readonly { readonly pod: KubernetesObject; readonly image: string }[];
  /** Pods of workloads of Git of which it cannot be told what they were made from. */
  readonly untold: readonly (BarePod & { readonly workload: UsingObject })[];
  readonly meant: readonly MeantImage[];
  /** What may be beside templates, by `plumbline.yaml`. */
  readonly allowed: readonly AllowedImage[];
  /** Of the cluster's nodes. */
  readonly platforms: readonly Platform[];
}

/** The pods of the workloads of an artifact; others are not Git's, and nothing is known of what they should be. */
export function managedPods(
  live: LivePods,
  { objects, defaultNamespace = 'default', settings }: Pick<Artifact, 'objects' | 'defaultNamespace' | 'settings'>,
): ManagedPods {
  const inNamespace = (object: KubernetesObject): UsingObject => {
    const id = objectIdOf(object);
    return { ...id, namespace: id.namespace || defaultNamespace, apiVersion: object.apiVersion };
  };
  const desired = new Map(objects.map((object) => [objectKey(inNamespace(object)), object] as const));
  const { templated, loose, untold, platforms } = templatePods(live);
  const pods: TemplatedPod[] = templated.filter(({ workload }) => desired.has(objectKey(workload)));
  const images = new Set(pods.flatMap(({ template }) => containersOf(template).map(({ image }) => image)));
  const copies: { pod: KubernetesObject; image: string }[] = [];
  for (const bare of loose) {
    const { pod } = bare;
    const own = desired.get(objectKey(objectIdOf(pod)));
    const template = own === undefined ? undefined : podSpecsOf(own)[0]?.spec;
    if (own !== undefined) {
      const workload = { ...objectIdOf(pod), apiVersion: 'v1' };
      pods.push({ ...bare, workload, revision: pod.metadata.uid ?? '', ...(template === undefined ? {} : { template }) });
      continue;
    }
    const copied = containersOf(pod.spec).find(({ image }) => images.has(image));
    if (copied !== undefined) copies.push({ pod, image: copied.image });
  }
  const meant = objects.flatMap((object) => meantBy(object, inNamespace(object), settings?.images?.paths ?? []));
  return {
    pods,
    copies,
    untold: untold.flatMap((bare): ManagedPods['untold'] => {
      const workload = desired.has(objectKey(bare.workload)) ? bare.workload : customOwner(bare.pod, meant);
      return workload === undefined ? [] : [{ ...bare, workload }];
    }),
    meant,
    allowed: settings?.images?.allowed ?? [],
    platforms,
  };
}

/** What a custom resource has made has made pods of its own: those with its image are taken for them. Built-in controllers make none like that. */
function customOwner({ spec, metadata }: KubernetesObject, meant: readonly MeantImage[]): UsingObject | undefined {
  const images = new Set(containersOf(spec).map(({ image }) => image));
  return meant.find(({ workload, image, custom }) => custom === true && workload.namespace === metadata.namespace && images.has(image))
    ?.workload;
}

function meantBy(object: KubernetesObject, workload: UsingObject, paths: readonly ImagePath[]): readonly MeantImage[] {
  const meant: MeantImage[] = podSpecsOf(object).flatMap(({ spec }) => [
    ...containersOf(spec).map(({ name, image }) => ({ workload, place: name, image })),
    ...itemsOf(spec.volumes).flatMap(({ name, image }): readonly MeantImage[] =>
      isJsonObject(image) && typeof image.reference === 'string'
        ? [{ workload, place: `volume ${name}`, image: image.reference, mounted: true }]
        : [],
    ),
  ]);
  mapImagesAt(object, paths, (image, path) => {
    meant.push({ workload, place: path, image, custom: true });
    return image;
  });
  return meant;
}
