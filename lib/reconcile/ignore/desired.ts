import { asJson, isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../manifests/json.ts';
import type { KubernetesObject } from '../../manifests/object.ts';
import { appliedFields, type FieldSet, isApplyOf, listTypeOf, nodeAt } from '../managed-fields.ts';
import { indexIn, keysOf, type Path, type Segment, stepInto } from '../path.ts';

/**
 * The desired object as it is applied where these paths are ignored. What another manager owns is released: it stays without us. Of the rest
 * the live value is adopted, as far as Git states it or it is ours: released without another owner, it would be removed.
 */
export function desiredBeside(
  desired: KubernetesObject,
  live: KubernetesObject,
  paths: readonly Path[],
  fieldManager: string,
): KubernetesObject {
  if (paths.length === 0) return desired;
  const ours = appliedFields(live, fieldManager);
  const others = (live.metadata.managedFields ?? [])
    .filter((entry) => !isApplyOf(entry, fieldManager) && entry.subresource !== 'status')
    .flatMap(({ fieldsV1 }) => (fieldsV1 === undefined ? [] : [fieldsV1]));
  return paths.reduce((object, path) => besidePath(object, live, path, { ours, others }), desired);
}

function besidePath(object: KubernetesObject, live: KubernetesObject, [first, ...inside]: Path, owners: Owners): KubernetesObject {
  if (first === undefined || !('field' in first)) return object;
  const value = placed(asJson(object[first.field]), asJson(live[first.field]), inside, ownersAt(owners, first));
  if (first.field === 'metadata') return withMetadata(object, value);
  // Nothing is written of a field that is undefined.
  return { ...object, [first.field]: value };
}

function withMetadata(object: KubernetesObject, value: JsonValue | undefined): KubernetesObject {
  if (!isJsonObject(value)) return object;
  const { labels, annotations, finalizers, ...metadata } = object.metadata;
  const { labels: newLabels, annotations: newAnnotations, finalizers: newFinalizers } = value;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(isStrings(newLabels) ? { labels: newLabels } : {}),
      ...(isStrings(newAnnotations) ? { annotations: newAnnotations } : {}),
      ...(isJsonArray(newFinalizers) ? { finalizers: newFinalizers.map(String) } : {}),
    },
  };
}

function isStrings(value: JsonValue | undefined): value is Readonly<Record<string, string>> {
  return isJsonObject(value) && Object.values(value).every((each) => typeof each === 'string');
}

/** The sets of fields at one place: who owns what there. */
interface Owners {
  readonly ours: FieldSet | undefined;
  readonly others: readonly FieldSet[];
}

/** Follows the path in the desired value, and puts what belongs there in its place. */
function placed(desired: JsonValue | undefined, live: JsonValue | undefined, path: Path, owners: Owners): JsonValue | undefined {
  const [segment, ...inside] = path;
  if (segment === undefined) return settled(desired, live, owners);
  // Where the live object has nothing that holds the path, there is nothing to leave as it is.
  if (live === undefined) return desired;
  const below = ownersAt(owners, segment);
  if ('field' in segment) {
    if (!isJsonObject(live) || (desired !== undefined && !isJsonObject(desired))) return desired;
    const value = placed(desired?.[segment.field], live[segment.field], inside, below);
    return withField(desired, segment.field, value);
  }
  const index = desired === undefined ? -1 : indexIn(desired, segment);
  if (!isJsonArray(desired) || index < 0) return desired;
  const item = placed(desired[index], stepInto(live, segment), inside, below);
  return item === undefined ? desired.toSpliced(index, 1) : desired.with(index, item);
}

/** What of an ignored value goes into the body. */
function settled(desired: JsonValue | undefined, live: JsonValue | undefined, { ours, others }: Owners): JsonValue | undefined {
  if (live === undefined || (desired === undefined && ours === undefined)) return undefined;
  if (others.some((node) => Object.keys(node).length === 0)) return undefined;
  if (isJsonObject(live) && (desired === undefined || isJsonObject(desired))) {
    const names = new Set([...Object.keys(desired ?? {}), ...Object.keys(live)]);
    const fields = [...names].flatMap((field) => {
      const value = settled(desired?.[field], live[field], ownersAt({ ours, others }, { field }));
      return value === undefined ? [] : [[field, value] as const];
    });
    const hadSome = Object.keys(desired ?? live).length > 0;
    return fields.length === 0 && hadSome ? undefined : Object.fromEntries(fields);
  }
  const listType = listTypeOf([...(ours === undefined ? [] : [ours]), ...others]);
  if (isJsonArray(live) && (desired === undefined || isJsonArray(desired)) && listType.type === 'map') {
    const items = live.flatMap((item) => {
      const keys = keysOf(item, listType.keys);
      if (keys === undefined) return [];
      const value = settledItem({ keys }, desired, item, { ours, others });
      return value === undefined ? [] : [value];
    });
    return items.length === 0 ? undefined : items;
  }
  return live;
}

/** An item keeps its keys as long as anything else of it is kept. */
function settledItem(
  segment: { readonly keys: JsonObject },
  desired: JsonValue | undefined,
  live: JsonValue,
  owners: Owners,
): JsonValue | undefined {
  const value = settled(desired === undefined ? undefined : stepInto(desired, segment), live, ownersAt(owners, segment));
  if (!isJsonObject(value)) return value;
  const isMore = Object.keys(value).some((field) => !Object.hasOwn(segment.keys, field));
  return isMore ? { ...segment.keys, ...value } : undefined;
}

function withField(object: JsonObject | undefined, field: string, value: JsonValue | undefined): JsonObject | undefined {
  if (value !== undefined) return { ...object, [field]: value };
  if (object === undefined) return undefined;
  const { [field]: _released, ...rest } = object;
  return rest;
}

function ownersAt({ ours, others }: Owners, segment: Segment): Owners {
  return { ours: nodeAt(ours, [segment]), others: nodesAt(others, [segment]) };
}

function nodesAt(nodes: readonly FieldSet[], path: Path): readonly FieldSet[] {
  return nodes.map((node) => nodeAt(node, path)).filter((node) => node !== undefined);
}
