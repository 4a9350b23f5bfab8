import { isJsonObject, type JsonObject, type JsonValue } from '../../manifests/json.ts';
import { childAt, type FieldSet, isLeaf, parseChildName } from '../managed-fields.ts';
import { type Path, stepInto } from '../path.ts';

/** Whether something is left to whoever has it. */
export type Spares = (path: Path) => boolean;

/** All that is in either. */
export function uniteFields(a: FieldSet, b: FieldSet): FieldSet {
  const united: Record<string, JsonValue | undefined> = { ...a };
  for (const [name, child] of Object.entries(b)) {
    const known = united[name];
    united[name] = isJsonObject(known) && isJsonObject(child) ? uniteFields(known, child) : child;
  }
  return united;
}

export interface DividedFields {
  readonly taken: FieldSet | undefined;
  readonly spared: FieldSet | undefined;
}

/**
 * Divides what others own into what is taken over and what is spared. A list's item that is not ours is taken as a whole; labels and
 * annotations are taken one by one and never as a map, which may hold some that nobody owns.
 */
export function divideFields(fields: FieldSet, ours: FieldSet | undefined, spares: Spares, path: Path = []): DividedFields {
  const taken: Record<string, JsonValue> = {};
  const spared: Record<string, JsonValue> = {};
  for (const [name, child] of Object.entries(fields)) {
    const segment = parseChildName(name);
    if (!isJsonObject(child)) continue;
    if (segment === undefined) {
      if (!isMetadataMap(path)) taken[name] = child;
      continue;
    }
    const at = [...path, segment];
    const own = ours === undefined ? undefined : childAt(ours, segment);
    if (spares(at)) spared[name] = child;
    else if (isLeaf(child) || (own === undefined && !('field' in segment))) taken[name] = child;
    else {
      const divided = divideFields(child, own, spares, at);
      if (divided.taken !== undefined) taken[name] = divided.taken;
      if (divided.spared !== undefined) spared[name] = divided.spared;
    }
  }
  return { taken: unlessEmpty(taken), spared: unlessEmpty(spared) };
}

/**
 * What goes from an object when these fields are ours and we do not state them: as server-side apply has it, whatever is in them goes with
 * them, up to where we or the others that are `kept` have something.
 */
export function* removedPaths(
  taken: FieldSet,
  ours: FieldSet | undefined,
  kept: readonly FieldSet[],
  live: unknown,
  path: Path = [],
): Generator<Path> {
  for (const [name, child] of Object.entries(taken)) {
    const segment = parseChildName(name);
    if (segment === undefined || !isJsonObject(child)) continue;
    const value = stepInto(live, segment);
    // An entry can be older than the removal of its field.
    if (value === undefined || value === null) continue;
    const at = [...path, segment];
    const own = ours === undefined ? undefined : childAt(ours, segment);
    const others = kept.map((node) => childAt(node, segment)).filter((node) => node !== undefined);
    if (own === undefined && others.length === 0 && !isMetadataMap(at)) yield at;
    // What has an owner of its own inside is not owned as one: who else has it with nothing inside has only made it.
    else if (!isLeaf(child) && (own === undefined || !isWhole(own) || isMetadataMap(at))) {
      yield* removedPaths(child, own, others, value, at);
    }
  }
}

/** A value that we own as one, with all that is in it. */
function isWhole(node: FieldSet): boolean {
  return Object.keys(node).length === 0;
}

function unlessEmpty(fields: JsonObject): FieldSet | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields;
}

/** `labels` and `annotations`, of the object and of templates in it. */
function isMetadataMap(path: Path): boolean {
  const [holder, map] = path.slice(-2).map((segment) => ('field' in segment ? segment.field : undefined));
  return holder === 'metadata' && (map === 'labels' || map === 'annotations');
}
