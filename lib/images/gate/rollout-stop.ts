import type { Failure } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../manifests/json.ts';
import type { KubernetesObject } from '../../manifests/object.ts';
import { podSpecsOf } from '../../manifests/pod-specs.ts';
import type { LockedSource } from '../../source/artifact.ts';
import { mapAllImages } from '../image-uses.ts';
import { itemsOf } from '../pods/pod-templates.ts';
import { fits } from '../pods/verdict.ts';
import { printableReference } from '../reference.ts';
import { platformKey } from '../registry/manifest.ts';
import type { Platform, RolloutImage } from '../types.ts';
import type { RolloutPlace } from './rollout-place.ts';

/**
 * Why an object must not be rolled out, by what the artifact knows of its images: the first reason, and the words of all. Undefined where
 * nothing is known to be against it; what is not known stops nothing, and is no pass. Pure.
 */
export function rolloutStop(
  object: KubernetesObject,
  { images, settings }: Pick<LockedSource, 'images' | 'settings'>,
  place: RolloutPlace,
): Failure | undefined {
  if (images === undefined) return undefined;
  const failures = new Map<string, Failure>();
  mapAllImages(object, settings?.images?.paths ?? [], (text) => {
    const image = Object.hasOwn(images, text) ? images[text] : undefined;
    for (const { region, reason, message } of image?.stops ?? []) {
      if (region === undefined || region === place.region) failures.set(message, { reason, message });
    }
    const unfit = image === undefined ? undefined : platformFailure(object, text, image, place.platforms);
    if (unfit !== undefined) failures.set(unfit.message, unfit);
    return text;
  });
  const [first] = failures.values();
  return first === undefined ? undefined : { reason: first.reason, message: [...failures.keys()].join(' ') };
}

/** Of an image that has nothing for any node that its pods may go to, as far as the nodes are known. */
export function platformFailure(
  object: KubernetesObject,
  text: string,
  { isIndex = false, platforms }: RolloutImage,
  nodes: readonly Platform[],
): Failure | undefined {
  const [spec] = podSpecsOf(object);
  const eligible = nodes.filter((node) => mayRunOn(spec?.spec, node));
  if (platforms === undefined || eligible.length === 0 || eligible.some((node) => platforms.some((one) => fits(one, node))))
    return undefined;
  const shown = printableReference(text);
  const [has, wants] = [platforms, eligible].map((all) => [...new Set(all.map(platformKey))].sort().join(', '));
  if (isIndex) {
    const message = `image ${shown} has images for ${has}, and this cluster's nodes are ${wants}; build it for them.`;
    return { reason: 'NoPlatform', message };
  }
  const message = `image ${shown} is the image of one platform, ${has}, and this cluster's nodes are ${wants}; pin the index that has one for them.`;
  return { reason: 'PlatformPin', message };
}

/** What a scheduler knows of a node by its platform alone: names of labels that every kubelet sets. */
const LABELS = [
  ['kubernetes.io/arch', 'architecture'],
  ['beta.kubernetes.io/arch', 'architecture'],
  ['kubernetes.io/os', 'os'],
  ['beta.kubernetes.io/os', 'os'],
] as const;

/** Whether the selector and the required affinity of a pod let it on a node of that platform. */
function mayRunOn(spec: JsonObject | undefined, node: Platform): boolean {
  const labels = new Map<string, string>(LABELS.map(([label, field]) => [label, node[field]]));
  const selector = isJsonObject(spec?.nodeSelector) ? Object.entries(spec.nodeSelector) : [];
  if (selector.some(([label, value]) => labels.has(label) && labels.get(label) !== value)) return false;
  const affinity = isJsonObject(spec?.affinity) && isJsonObject(spec.affinity.nodeAffinity) ? spec.affinity.nodeAffinity : {};
  const required = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = isJsonObject(required) ? itemsOf(required.nodeSelectorTerms) : [];
  return terms.length === 0 || terms.some(({ matchExpressions }) => itemsOf(matchExpressions).every((one) => matches(one, labels)));
}

function matches({ key, operator, values }: JsonObject, labels: ReadonlyMap<string, string>): boolean {
  const label = typeof key === 'string' ? labels.get(key) : undefined;
  if (label === undefined || !Array.isArray(values)) return true;
  return operator === 'NotIn' ? !values.includes(label) : operator !== 'In' || values.includes(label);
}
