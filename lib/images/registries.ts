import { ecrHostOf } from './ecr-host.ts';
import type { digestKey, ImageContents, ImageRegistry, ManifestAnswer, RepositorySettings, Resolution } from './registry.ts';
import type { ImageReference } from './types.ts';

type AnyRegistry = ImageRegistry & ImageContents;

/** One registry of all: private ECR through AWS, every other one through the distribution API. */
export function createRegistries({ ecr, oci }: { readonly ecr: AnyRegistry; readonly oci: AnyRegistry }): AnyRegistry {
  const registryOf = ({ registry }: Pick<ImageReference, 'registry'>) => (ecrHostOf(registry) === undefined ? oci : ecr);
  return {
    resolve: (references, signal) =>
      ofBoth<ImageReference, Resolution>(references, registryOf, (registry, some) => registry.resolve(some, signal)),
    settings: (references, signal) =>
      ofBoth<ImageReference, RepositorySettings>(references, registryOf, (registry, some) => registry.settings(some, signal)),
    manifests: (images, signal) =>
      ofBoth<Parameters<typeof digestKey>[0], ManifestAnswer>(images, registryOf, (registry, some) => registry.manifests(some, signal)),
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
