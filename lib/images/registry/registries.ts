import { ecrHostOf } from '../ecr/host.ts';
import type { ImageReference } from '../types.ts';
import type { DetailReader } from './image-details.ts';
import {
  type digestKey,
  type ImageContents,
  type ImageLookup,
  type ImageRegistry,
  lookUpApart,
  type ManifestAnswer,
  type RepositorySettings,
  type Resolution,
} from './registry.ts';

type AnyRegistry = ImageRegistry & ImageContents;

/** One registry of all: private ECR through AWS, every other one through the distribution API. */
export function createRegistries({
  ecr,
  oci,
}: {
  readonly ecr: AnyRegistry & ImageLookup;
  readonly oci: AnyRegistry;
}): AnyRegistry & ImageLookup {
  const registryOf = ({ registry }: Pick<ImageReference, 'registry'>) => (ecrHostOf(registry) === undefined ? oci : ecr);
  return {
    resolve: (references, signal) =>
      ofBoth<ImageReference, Resolution>(references, registryOf, (registry, some) => registry.resolve(some, signal)),
    settings: (references, signal) =>
      ofBoth<ImageReference, RepositorySettings>(references, registryOf, (registry, some) => registry.settings(some, signal)),
    manifests: (images, signal) =>
      ofBoth<Parameters<typeof digestKey>[0], ManifestAnswer>(images, registryOf, (registry, some) => registry.manifests(some, signal)),
    async lookUp(tags, digests, signal) {
      const isOf = (registry: AnyRegistry) => (item: Pick<ImageReference, 'registry'>) => registryOf(item) === registry;
      const answers = await Promise.all([
        ecr.lookUp(tags.filter(isOf(ecr)), digests.filter(isOf(ecr)), signal),
        lookUpApart(oci)(tags.filter(isOf(oci)), digests.filter(isOf(oci)), signal),
      ]);
      return {
        resolutions: new Map(answers.flatMap(({ resolutions }) => [...resolutions])),
        manifests: new Map(answers.flatMap(({ manifests }) => [...manifests])),
      };
    },
    config: (config, signal) => registryOf(config).config(config, signal),
  };
}

async function ofBoth<T, R>(
  items: readonly T[],
  registryOf: (item: T) => AnyRegistry,
  ask: (registry: AnyRegistry, items: readonly T[]) => Promise<ReadonlyMap<string, R>>,
): Promise<ReadonlyMap<string, R>> {
  const groups = [...Map.groupBy(items, registryOf)];
  const answers = await Promise.all(groups.map(([registry, some]) => ask(registry, some)));
  return new Map(answers.flatMap((answer) => [...answer]));
}

/** What the registries of all images know of them. */
export function createDetails({ ecr, oci }: { readonly ecr: DetailReader; readonly oci: DetailReader }): DetailReader {
  return {
    async details(images, asked, signal) {
      const answers = await Promise.all([ecr, oci].map((reader) => reader.details(images, asked, signal)));
      return new Map(answers.flatMap((answer) => [...answer]));
    },
    copies: (images, region, signal) => ecr.copies(images, region, signal),
    forget(isChanged) {
      ecr.forget(isChanged);
      oci.forget(isChanged);
    },
  };
}
