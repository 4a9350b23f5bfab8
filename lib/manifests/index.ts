/**
 * Manifests: from text to the objects that are desired. Reads YAML and JSON as Kubernetes does, normalises objects, orders them, finds
 * pod specs in them, and masks Secrets. No I/O, and no knowledge of Git or of a cluster.
 */
export { IMAGE_PATH, type ImagePath, mapImagesAt } from './image-paths.ts';
export { isJsonArray, isJsonObject, type JsonObject, type JsonValue, parseJson, stringifyJson } from './json.ts';
export { type LocatedValue, type NormalisedObjects, type NormaliseProblem, normalise } from './normalise.ts';
export {
  describeObject,
  groupOf,
  type KubernetesObject,
  type ManagedFieldsEntry,
  type ObjectId,
  type ObjectMeta,
  objectIdOf,
  objectKey,
} from './object.ts';
export { type Stage, stageOf } from './order.ts';
export { type ManifestDocument, parseManifests } from './parse.ts';
export { mapImages, type PodSpecAt, podSpecsOf } from './pod-specs.ts';
export { isSecret, MASKED, maskSecrets } from './secrets.ts';
