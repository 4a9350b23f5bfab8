import { detailsAsked, type ImageObservation } from '../detail-findings.ts';
import { ecrHostOf } from '../ecr/host.ts';
import type { FindingPolicy } from '../finding-table.ts';
import type { ImageUse } from '../image-uses.ts';
import { ImageReferenceError } from '../reference.ts';
import type { DetailReader } from '../registry/image-details.ts';
import { digestKey, type ImageDigest, type NoAnswer, unanswered } from '../registry/registry.ts';

/** The images of one cluster, and what is asked of them there. */
export interface ObservedUses {
  readonly uses: readonly ImageUse[];
  readonly policy: FindingPolicy | undefined;
  /** Of the cluster, where it is in one. */
  readonly region?: string;
}

/** What the registries know of the images that these references deploy: each is asked for once, however many clusters use it. */
export async function observeImages(
  clusters: readonly ObservedUses[],
  reader: DetailReader | undefined,
  signal: AbortSignal,
): Promise<(use: ImageUse, region: string | undefined) => ImageObservation | undefined> {
  if (reader === undefined) return () => undefined;
  const images = clusters.flatMap(({ uses }) => uses.flatMap((use) => deployedImage(use) ?? []));
  const details = await reader.details(images, detailsAsked(clusters.map(({ policy }) => policy)), signal);
  const copies = new Map<string, ReadonlyMap<string, 'there' | NoAnswer>>();
  for (const [region, sameRegion] of Map.groupBy(clusters, (cluster) => cluster.region)) {
    if (region === undefined) continue;
    const remote = sameRegion
      .flatMap(({ uses }) => uses.flatMap((use) => deployedImage(use) ?? []))
      .filter((image) => isRemote(image, region));
    if (remote.length > 0) copies.set(region, await reader.copies(remote, region, signal));
  }
  return (use, region) => {
    const image = deployedImage(use);
    const known = image === undefined ? undefined : details.get(digestKey(image));
    if (image === undefined || known === undefined) return undefined;
    const copy = region !== undefined && isRemote(image, region) ? copies.get(region)?.get(digestKey(image)) : undefined;
    return {
      digest: image.digest,
      details: known,
      ...(region === undefined || !isRemote(image, region)
        ? {}
        : { copy: { region, answer: copy ?? unanswered(`digest ${image.digest}`) } }),
    };
  };
}

/** By the digest of Git, or of the lock. */
export function deployedImage({ parsed, lock }: ImageUse): ImageDigest | undefined {
  if (parsed instanceof ImageReferenceError) return undefined;
  const digest = parsed.digest ?? lock?.digest;
  return digest === undefined ? undefined : { registry: parsed.registry, repository: parsed.repository, digest };
}

function isRemote({ registry }: ImageDigest, region: string): boolean {
  const host = ecrHostOf(registry);
  return host !== undefined && host.region !== region;
}
