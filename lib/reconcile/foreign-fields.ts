import { isDeepStrictEqual } from 'node:util';
import type { Failure } from '../errors.ts';
import { isJsonObject } from '../manifests/json.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../manifests/object.ts';
import type { Actor } from '../records/record.ts';
import { actorOfEntries } from './actor.ts';
import type { Difference } from './diff.ts';
import { appliedFields, childAt, type FieldSet, holdsPath, isApplyOf, isLeaf, parseChildName } from './managed-fields.ts';
import { classifyManager, type ManagerClass } from './managers.ts';
import { formatPath, type Path, stepInto, valueAt } from './path.ts';

/** A field of a live object that other managers own alone: a dry-run of ours leaves it where it is. */
export interface ForeignField extends Pick<Difference, 'path' | 'live'> {
  readonly entry: ManagedFieldsEntry;
}

/**
 * The fields of a live object that are neither ours nor a controller's: whole items of lists (a sidecar, a variable), else single fields.
 * `dryRun` knows which fields are ours. The server's defaults can be among them: whoever creates an object with anything but server-side
 * apply owns them.
 */
export function fieldsOfOthers(live: KubernetesObject, dryRun: KubernetesObject, fieldManager: string): readonly ForeignField[] {
  const ours = appliedFields(dryRun, fieldManager);
  const entries = (live.metadata.managedFields ?? []).filter(
    (entry) => !isApplyOf(entry, fieldManager) && (entry.subresource ?? '') === '' && entry.fieldsV1 !== undefined,
  );
  const controllers = entries.filter((entry) => classifyManager(entry.manager ?? '') === 'controller');
  const fields = new Map<string, ForeignField>();
  for (const entry of entries) {
    if (controllers.includes(entry)) continue;
    for (const { path, live: value } of fieldsBeside(entry.fieldsV1 ?? {}, ours, live, [])) {
      if (isExempt(live, path) || controllers.some(({ fieldsV1 }) => fieldsV1 !== undefined && holdsPath(fieldsV1, path))) continue;
      fields.set(formatPath(path), { path, ...(value === undefined ? {} : { live: value }), entry });
    }
  }
  return [...fields.values()];
}

/**
 * Those of them that somebody put there: in an object made from Git alone (`alone`) the server would not have them, or other values. Where
 * such an object could not be had, only what the server has no defaults for is told apart: items of lists, labels and annotations.
 */
export function foreignFields(fields: readonly ForeignField[], alone: KubernetesObject | undefined): readonly ForeignField[] {
  if (alone === undefined) return fields.filter(({ path }) => isListItem(path) || isMetadata(path));
  return fields.filter(({ path, live }) => !isDeepStrictEqual(valueAt(alone, path), live));
}

/** What programs of one kind put beside our fields. `differences` have what is live, and as desired what would be there without it. */
export interface ForeignGroup {
  readonly who: ManagerClass;
  readonly class: 'foreign-field' | 'controller-field' | 'unclassified-field';
  readonly differences: readonly Difference[];
  readonly actor: Actor;
  /** Why the server would not let go of them: then they are reported, whoever put them there. */
  readonly failure?: Failure;
}

const CLASSES = { person: 'foreign-field', controller: 'controller-field', unclassified: 'unclassified-field' } as const;

/** A class of their own for each, since a record of an object and a class has one decision. */
export function groupForeign(fields: readonly ForeignField[]): readonly ForeignGroup[] {
  return [...Map.groupBy(fields, ({ entry }) => classifyManager(entry.manager ?? ''))].map(([who, group]) => ({
    who,
    class: CLASSES[who],
    differences: group.map(({ path, live }) => ({ path, shape: 'added', ...(live === undefined ? {} : { live }) })),
    actor: actorOfEntries(group.map(({ entry }) => entry)),
  }));
}

function isListItem(path: Path): boolean {
  return path.slice(-1).every((segment) => !('field' in segment));
}

function isMetadata([first]: Path): boolean {
  return first !== undefined && 'field' in first && first.field === 'metadata';
}

function* fieldsBeside(
  theirs: FieldSet,
  ours: FieldSet | undefined,
  live: unknown,
  path: Path,
): Generator<Pick<ForeignField, 'path' | 'live'>> {
  for (const [name, child] of Object.entries(theirs)) {
    const segment = parseChildName(name);
    if (segment === undefined || !isJsonObject(child)) continue;
    const value = stepInto(live, segment);
    // The entry can be older than the field's removal.
    if (value === undefined || value === null) continue;
    const own = ours === undefined ? undefined : childAt(ours, segment);
    const isItem = !('field' in segment);
    if (own === undefined && (isItem || isLeaf(child))) yield { path: [...path, segment], live: value };
    else if (!isLeaf(child) && !(own !== undefined && isLeaf(own))) yield* fieldsBeside(child, own, value, [...path, segment]);
  }
}

/**
 * What others write on everybody's objects as a matter of course. Finalizers are their controllers' to remove; `restartedAt` is how a
 * restart is asked for; the rest is allocated by the cluster.
 */
const EXEMPT: readonly RegExp[] = [
  /^status(\.|$)/,
  /^metadata\.(finalizers|ownerReferences)/,
  /^metadata\.annotations\["kubectl\.kubernetes\.io\/last-applied-configuration"\]$/,
  /^metadata\.annotations\["deployment\.kubernetes\.io\/revision"\]$/,
  /^metadata\.labels\["kubernetes\.io\/metadata\.name"\]$/,
  /^metadata\.annotations\["plumbline\.dev\//,
  /\.annotations\["kubectl\.kubernetes\.io\/restartedAt"\]$/,
  /\.caBundle$/,
];

const EXEMPT_OF_KIND: Readonly<Record<string, RegExp>> = {
  Pod: /\[name=kube-api-access-|kubernetes\.io\/serviceaccount\]/,
  Service: /^spec\.(clusterIPs?|healthCheckNodePort|ports\[[^\]]*\]\.nodePort)(\[|$)/,
  PersistentVolumeClaim: /^spec\.volumeName$/,
  Job: /\b(controller-uid|job-name)\b/,
};

function isExempt(live: KubernetesObject, path: Path): boolean {
  const text = formatPath(path);
  return EXEMPT.some((pattern) => pattern.test(text)) || (EXEMPT_OF_KIND[live.kind]?.test(text) ?? false);
}
