import type { Failure } from '../../errors.ts';
import type { KubernetesObject } from '../../manifests/object.ts';
import { mapImages } from '../../manifests/pod-specs.ts';
import { ImageReferenceError, parseImageReference, printableReference } from '../reference.ts';
import type { DetailReader } from '../registry/image-details.ts';
import { digestKey, type ImageContents, type ImageDigest, unanswered } from '../registry/registry.ts';

export interface PullDependencies {
  readonly contents: Pick<ImageContents, 'manifests'>;
  readonly details: Pick<DetailReader, 'details'>;
}

/**
 * Why new pods of a workload might not get the images of its template: one has no digest, so that they run what its tag names when they pull,
 * or its registry does not say, asked now, that it has it and gives it out. Undefined where nothing stands against it.
 */
export async function unpullable(
  workload: KubernetesObject,
  { contents, details }: PullDependencies,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const images: (ImageDigest & { readonly shown: string })[] = [];
  const unpinned: string[] = [];
  mapImages(workload, (text) => {
    const parsed = parseImageReference(text);
    const shown = printableReference(text);
    if (parsed instanceof ImageReferenceError || parsed.digest === undefined) unpinned.push(shown);
    else images.push({ registry: parsed.registry, repository: parsed.repository, digest: parsed.digest, shown });
    return text;
  });
  const [first] = unpinned;
  if (first !== undefined) {
    return { reason: 'NotPinned', message: `image ${first} has no digest, so that new pods would run what its tag names then.` };
  }
  const [manifests, known] = await Promise.all([
    contents.manifests(images, signal),
    details.details(images, { lifecycles: false, scans: false, signatures: false }, signal),
  ]);
  for (const image of images) {
    const key = digestKey(image);
    const manifest = manifests.get(key) ?? unanswered(`digest ${image.digest}`);
    // Registries that know of no archive are not among the details.
    const detail = known.get(key);
    const said = manifest.state !== 'found' ? manifest : detail;
    if (said !== undefined && said.state !== 'found') {
      const { reason, message } = said.failure;
      const missing = said.state === 'missing' ? 'its registry has it no more' : 'its registry could not be asked for it';
      return {
        reason: said.state === 'missing' ? 'ImageMissing' : 'ImageUnverifiable',
        message: `image ${image.shown}: ${missing} (${reason}: ${message}), so that new pods might not start.`,
      };
    }
    if (detail?.state === 'found' && detail.details.status !== 'ACTIVE') {
      const message = `image ${image.shown} is archived (${detail.details.status}) and cannot be pulled, so that new pods would not start.`;
      return { reason: 'ImageArchived', message };
    }
  }
  return undefined;
}
