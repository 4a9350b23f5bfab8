import type { Failure } from '../../errors.ts';
import { describeObject, type KubernetesObject } from '../../manifests/object.ts';
import type { Actor } from '../../records/record.ts';
import { actorOfEntries } from '../actor.ts';
import { type Difference, diffObjects } from '../diff.ts';
import { holdsPath } from '../managed-fields.ts';
import type { ManagerClass } from '../managers.ts';
import { formatPath, valueAt } from '../path.ts';
import type { Target } from '../target.ts';
import { isExempt } from './exempt.ts';
import type { Spares } from './field-sets.ts';
import type { OthersFields } from './others.ts';

/** What programs of one kind put beside our fields. `differences` have what is live, and as desired what would be there without it. */
export interface ForeignGroup {
  readonly who: ManagerClass;
  readonly class: 'foreign-field' | 'irremovable-field' | 'controller-field' | 'unclassified-field';
  readonly differences: readonly Difference[];
  readonly actor: Actor;
  /** Why the server would not let go of them: then they are reported, whoever put them there. */
  readonly failure?: Failure;
}

/** People’s fields are taken back, unless the server would not be without them. */
export function isTakenOver({ who, failure }: ForeignGroup): boolean {
  return who === 'person' && failure === undefined;
}

/** A class of their own for each kind of program, since a record of an object and a class has one decision. */
const CLASSES = { person: 'foreign-field', controller: 'controller-field', unclassified: 'unclassified-field' } as const;

/** What of others' fields is more than the server's own defaults. Pure. */
export function groupOthers(
  others: readonly OthersFields[],
  { target, dryRun, spares }: { readonly target: Target; readonly dryRun: KubernetesObject; readonly spares: Spares },
): readonly ForeignGroup[] {
  const groups: ForeignGroup[] = [];
  for (const each of others) {
    const told = new Set(groups.flatMap(({ differences }) => differences.map(({ path }) => formatPath(path))));
    const differences = differencesOf(each, dryRun).filter(
      ({ path }) => !told.has(formatPath(path)) && !spares(path) && !isExempt(dryRun, path),
    );
    if (differences.length === 0) continue;
    const actor = actorOfEntries(each.entries.filter((entry) => differences.some((difference) => isHeldBy(entry, difference))));
    const failure = each.refusal === undefined ? {} : { failure: irremovable(target, actor, each.refusal) };
    groups.push({ who: each.who, class: classOf(each), differences, actor, ...failure });
  }
  return groups;
}

/** People’s fields that stay have another decision than those that go. */
function classOf({ who, refusal }: OthersFields): ForeignGroup['class'] {
  return who === 'person' && refusal !== undefined ? 'irremovable-field' : CLASSES[who];
}

function differencesOf({ paths, without }: OthersFields, dryRun: KubernetesObject): readonly Difference[] {
  if (without !== undefined) return diffObjects(dryRun, without);
  return paths.map((path) => {
    const live = valueAt(dryRun, path);
    return { path, shape: 'added', ...(live === undefined ? {} : { live }) };
  });
}

/** Whether an entry holds what differs, or some of it. */
function isHeldBy({ fieldsV1 }: OthersFields['entries'][number], { path }: Difference): boolean {
  return fieldsV1 !== undefined && holdsPath(fieldsV1, path);
}

function irremovable({ id }: Target, { manager }: Actor, refusal: Failure): Failure {
  return {
    reason: 'Irremovable',
    message: `${describeObject(id)}: the server refuses to be without what ${manager} put beside the fields of Git (${refusal.message}). State it in Git, ignore it in plumbline.yaml, or replace the object by hand.`,
  };
}
