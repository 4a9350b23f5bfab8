import { isJsonObject } from '../../manifests/json.ts';
import { type KubernetesObject, objectIdOf } from '../../manifests/object.ts';
import type { IgnoreRule } from '../../settings/field-settings.ts';
import { allFields, type FieldSet, holdsPath, isLeaf, parseChildName } from '../managed-fields.ts';
import { matchesName } from '../managers.ts';
import { type Path, stepInto } from '../path.ts';
import { expandPointer, parsePointer } from './pointer.ts';

/** Which fields of an object are left as they are: paths of the live object, or of the desired one where only that has them. */
export function ignoredPaths(
  desired: KubernetesObject,
  live: KubernetesObject,
  rules: readonly IgnoreRule[],
  fieldManager: string,
): readonly Path[] {
  const hints = allFields(live);
  return rules
    .filter((rule) => isAbout(rule, desired, live))
    .flatMap(({ pointers, managers }) => {
      const theirs = managers === undefined ? undefined : fieldsOf(live, managers, fieldManager);
      if (pointers === undefined) return theirs?.flatMap((fields) => [...leaves(fields, live, desired)]) ?? [];
      const paths = pointers.flatMap((pointer) =>
        [live, desired].flatMap((object) => [...expandPointer(parsePointer(pointer), object, hints)]),
      );
      return theirs === undefined ? paths : paths.filter((path) => theirs.some((fields) => holdsPath(fields, path)));
    });
}

/** Labels are those of Git: what somebody labels in the cluster is not to switch drift detection off. */
function isAbout(rule: IgnoreRule, desired: KubernetesObject, live: KubernetesObject): boolean {
  const { group, kind, namespace, name } = objectIdOf(live);
  return (
    (rule.group === undefined || rule.group === group) &&
    (rule.kind === undefined || rule.kind === kind) &&
    (rule.namespace === undefined || matchesName(rule.namespace, namespace)) &&
    (rule.name === undefined || matchesName(rule.name, name)) &&
    Object.entries(rule.labels ?? {}).every(([key, value]) => desired.metadata.labels?.[key] === value)
  );
}

function fieldsOf(live: KubernetesObject, managers: readonly string[], fieldManager: string): readonly FieldSet[] {
  return (live.metadata.managedFields ?? [])
    .filter(
      ({ manager = '', subresource }) =>
        manager !== fieldManager && subresource !== 'status' && managers.some((pattern) => matchesName(pattern, manager)),
    )
    .flatMap(({ fieldsV1 }) => (fieldsV1 === undefined ? [] : [fieldsV1]));
}

/** The single fields of a set that the live object has; an item that Git does not have is one. */
function* leaves(fields: FieldSet, live: unknown, desired: unknown, path: Path = []): Generator<Path> {
  for (const [name, child] of Object.entries(fields)) {
    const segment = parseChildName(name);
    if (segment === undefined || !isJsonObject(child)) continue;
    const at = [...path, segment];
    const value = stepInto(live, segment);
    if (value === undefined) continue;
    const ours = stepInto(desired, segment);
    if (isLeaf(child) || (ours === undefined && !('field' in segment))) yield at;
    else yield* leaves(child, value, ours, at);
  }
}
