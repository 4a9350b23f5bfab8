import { isJsonArray, isJsonObject, type JsonValue } from '../../manifests/json.ts';
import { childAt, type FieldSet, listTypeOf } from '../managed-fields.ts';
import { keysOf, type Path, type Segment } from '../path.ts';

/** `/spec/template/spec/containers/name=app/resources` → its parts. */
export function parsePointer(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * The paths of a value that a pointer names: `*` is any field or item, a number an item by its position, `KEY=VALUE` the items that have it.
 * The last part need not be there, only what holds it. `hints` are the sets of fields that tell how the server identifies the items of lists.
 */
export function* expandPointer(parts: readonly string[], value: unknown, hints: readonly FieldSet[], path: Path = []): Generator<Path> {
  const [part, ...rest] = parts;
  if (part === undefined) {
    yield path;
    return;
  }
  for (const { segment, child } of childrenOf(part, value, hints)) {
    if (child === undefined && rest.length > 0) continue;
    const below = hints.map((node) => childAt(node, segment)).filter((node) => node !== undefined);
    yield* expandPointer(rest, child, below, [...path, segment]);
  }
}

interface Child {
  readonly segment: Segment;
  readonly child: JsonValue | undefined;
}

function childrenOf(part: string, value: unknown, hints: readonly FieldSet[]): readonly Child[] {
  if (isJsonObject(value)) {
    const fields = part === '*' ? Object.keys(value) : [part];
    return fields.map((field) => ({ segment: { field }, child: value[field] }));
  }
  if (!isJsonArray(value)) return [];
  const listType = listTypeOf(hints);
  return value.flatMap((item, index): readonly Child[] => {
    if (!isMeant(part, item, index)) return [];
    const keys = listType.type === 'map' ? keysOf(item, listType.keys) : undefined;
    if (keys !== undefined) return [{ segment: { keys }, child: item }];
    return [{ segment: listType.type === 'set' ? { value: item } : { index }, child: item }];
  });
}

function isMeant(part: string, item: JsonValue, index: number): boolean {
  if (part === '*' || part === String(index)) return true;
  const equals = part.indexOf('=');
  if (equals < 1 || !isJsonObject(item)) return false;
  const value = item[part.slice(0, equals)];
  return (typeof value === 'string' || typeof value === 'number') && String(value) === part.slice(equals + 1);
}
