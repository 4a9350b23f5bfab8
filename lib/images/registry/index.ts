/** What all registries have in common: what is asked of one, what an image is made of, and which answers are shared. */
export { type ContentReader, createContentReader } from './content-reader.ts';
export type { DetailReader, ImageDetails } from './image-details.ts';
export { createPace, type Pace } from './pace.ts';
export { createDetails, createRegistries } from './registries.ts';
export type { ImageContents, ImageLookup, ImageRegistry, RepositorySettings, Resolution } from './registry.ts';
export { registryRoleOf } from './registry-roles.ts';
