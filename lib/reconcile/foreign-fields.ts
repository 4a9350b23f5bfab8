import { isJsonObject } from '../manifests/json.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../manifests/object.ts';
import type { Difference } from './diff.ts';
import { appliedFields, childAt, type FieldSet, holdsPath, isApplyOf, isLeaf, parseChildName } from './managed-fields.ts';
import { classifyManager } from './managers.ts';
import { formatPath, type Path, stepInto } from './path.ts';

/** What somebody put beside our fields: neither in Git nor a controller's. A dry-run of ours leaves it where it is. */
export interface ForeignField extends Pick<Difference, 'path' | 'live'> {
  readonly entry: ManagedFieldsEntry;
}

/**
 * The fields of a live object that are other managers' alone: whole items of lists (a sidecar, a variable), else single fields. `dryRun`
 * knows which fields are ours. Server defaults belong to nobody and are not among them.
 */
export function foreignFields(live: KubernetesObject, dryRun: KubernetesObject, fieldManager: string): readonly ForeignField[] {
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
  /^metadata\.annotations\["plumbline\.dev\//,
  /\.annotations\["kubectl\.kubernetes\.io\/restartedAt"\]$/,
  /\.caBundle$/,
];

const EXEMPT_OF_KIND: Readonly<Record<string, RegExp>> = {
  Service: /^spec\.(clusterIPs?|healthCheckNodePort)(\[|$)/,
  PersistentVolumeClaim: /^spec\.volumeName$/,
  Job: /\.labels\["?(batch\.kubernetes\.io\/)?(controller-uid|job-name)"?\]?$/,
};

function isExempt(live: KubernetesObject, path: Path): boolean {
  const text = formatPath(path);
  return EXEMPT.some((pattern) => pattern.test(text)) || (EXEMPT_OF_KIND[live.kind]?.test(text) ?? false);
}
