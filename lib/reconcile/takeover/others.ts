import type { PlumblineError } from '../../errors.ts';
import { ApiError } from '../../kubernetes/api-error.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../../manifests/object.ts';
import { appliedFields, type FieldSet, isApplyOf } from '../managed-fields.ts';
import type { ClassifyManager, ManagerClass } from '../managers.ts';
import type { Path } from '../path.ts';
import type { Target } from '../target.ts';
import { isExempt } from './exempt.ts';
import { divideFields, removedPaths, type Spares, uniteFields } from './field-sets.ts';
import { patchBetween, withoutPaths } from './removal.ts';

/** What programs of one kind own beside our fields in a live object. */
export interface OthersFields {
  readonly who: ManagerClass;
  readonly entries: readonly ManagedFieldsEntry[];
  /** Whole items of lists and what else would go with them. */
  readonly paths: readonly Path[];
  /**
   * The object as the server would have it without them: what comes back was its own default. Not asked for of controllers, whose fields
   * stay.
   */
  readonly without?: KubernetesObject;
  /** Why the server would not have it. */
  readonly refusal?: PlumblineError;
}

/** An object with the dry-run of ours, and how its managers are to be seen. */
export interface Owned {
  readonly target: Target;
  readonly live: KubernetesObject;
  readonly dryRun: KubernetesObject;
  readonly fieldManager: string;
  readonly classify: ClassifyManager;
  readonly spares: Spares;
}

export type DryRunPatch = (operations: Parameters<KubernetesClient['patch']>[2]) => Promise<KubernetesObject>;

/**
 * What others own beside our fields, by the kind of program. Of what could be taken over, and of what nobody has classified yet, the server
 * says by a dry-run what would be there without it: only it knows its defaults, and what it would refuse. Undefined when the object changed
 * meanwhile; throws what is no answer to the question.
 */
export async function observeOthers(owned: Owned, dryRunPatch: DryRunPatch): Promise<readonly OthersFields[] | undefined> {
  const entries = othersEntries(owned);
  const found: OthersFields[] = [];
  const controllers = fieldsHeld(owned, entries.controller, []);
  if (controllers.length > 0) found.push({ who: 'controller', entries: entries.controller, paths: controllers });
  const asked = [
    { who: 'person' as const, removed: entries.person, kept: [...entries.unclassified, ...entries.controller] },
    // Without people's too: what both own is not to go unseen.
    { who: 'unclassified' as const, removed: [...entries.unclassified, ...entries.person], kept: entries.controller },
  ];
  for (const { who, removed, kept } of asked) {
    if (entries[who].length === 0) continue;
    const paths = fieldsHeld(owned, removed, kept);
    if (paths.length === 0) continue;
    const answers = await askWithout(owned, paths, dryRunPatch);
    if (answers === undefined) return undefined;
    found.push(...answers.map((answer) => ({ who, entries: removed, ...answer })));
  }
  return found;
}

type Answer = Pick<OthersFields, 'paths' | 'without' | 'refusal'>;

/** Each is a request more, of an object with something that the server would not be without. */
const MAXIMUM_ASKED_ALONE = 16;

/** What the server would be without, and what not: where it refuses all of it at once, it is asked about each. */
async function askWithout(owned: Owned, paths: readonly Path[], dryRunPatch: DryRunPatch): Promise<readonly Answer[] | undefined> {
  const answer = await dryRunWithout(owned, paths, dryRunPatch);
  if (answer === undefined || answer.refusal === undefined) return answer === undefined ? undefined : [answer];
  if (paths.length === 1 || paths.length > MAXIMUM_ASKED_ALONE) return [answer];
  const refused: Answer[] = [];
  const accepted: Path[] = [];
  for (const path of paths) {
    const alone = await dryRunWithout(owned, [path], dryRunPatch);
    if (alone === undefined) return undefined;
    if (alone.refusal === undefined) accepted.push(path);
    else refused.push(alone);
  }
  if (accepted.length === 0 || refused.length === 0) return [answer];
  const rest = await dryRunWithout(owned, accepted, dryRunPatch);
  return rest === undefined ? undefined : [rest, ...refused];
}

async function dryRunWithout({ live, dryRun }: Owned, paths: readonly Path[], dryRunPatch: DryRunPatch): Promise<Answer | undefined> {
  try {
    return { paths, without: await dryRunPatch(patchBetween(live, withoutPaths(dryRun, paths))) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reason === 'Conflict') return undefined;
    if (!REFUSALS.has(error.reason)) throw error;
    return { paths, refusal: error };
  }
}

/** The object cannot be so: an answer, unlike what a server says that has no time or is not well. */
const REFUSALS: ReadonlySet<string> = new Set(['Invalid', 'Denied', 'Forbidden', 'TooLarge']);

type Entries = Readonly<Record<ManagerClass, readonly ManagedFieldsEntry[]>>;

/**
 * As the dry-run has them: of an object whose managed fields somebody cleared, it says what was there before anybody applied. The status, and
 * what goes through a subresource, is no field beside ours.
 */
function othersEntries({ target, dryRun, fieldManager, classify }: Owned): Entries {
  const others = (dryRun.metadata.managedFields ?? []).filter((entry) => !isApplyOf(entry, fieldManager) && isMain(entry));
  const byClass = Map.groupBy(others, (entry) => classOfEntry(entry, target.object.apiVersion, classify));
  return {
    person: byClass.get('person') ?? [],
    controller: byClass.get('controller') ?? [],
    unclassified: byClass.get('unclassified') ?? [],
  };
}

/** Fields are named as in the version that they were written in: those of another version than ours could not be united with ours. */
export function classOfEntry(entry: ManagedFieldsEntry, apiVersion: string, classify: ClassifyManager): ManagerClass {
  const who = classify(entry.manager ?? '');
  return who === 'person' && entry.apiVersion !== undefined && entry.apiVersion !== apiVersion ? 'unclassified' : who;
}

export function isMain(entry: ManagedFieldsEntry): boolean {
  return (entry.subresource ?? '') === '' && entry.fieldsV1 !== undefined;
}

/** The paths that go when these entries let go of them and the others do not. */
function fieldsHeld(owned: Owned, removed: readonly ManagedFieldsEntry[], kept: readonly ManagedFieldsEntry[]): readonly Path[] {
  const { dryRun, fieldManager } = owned;
  const ours = appliedFields(dryRun, fieldManager);
  const { taken, spared } = divideFields(unitedFields(removed), ours, sparesOf(owned));
  if (taken === undefined) return [];
  const scaled = (dryRun.metadata.managedFields ?? []).filter(({ subresource = '' }) => subresource !== '' && subresource !== 'status');
  const others = [...kept, ...scaled].map(({ fieldsV1 }) => fieldsV1).filter((fields) => fields !== undefined);
  return [...removedPaths(taken, ours, spared === undefined ? others : [...others, spared], dryRun)];
}

/** Whether an entry has more than what is never taken over. */
export function holdsMore({ fieldsV1 = {} }: ManagedFieldsEntry, live: KubernetesObject): boolean {
  return divideFields(fieldsV1, undefined, (path) => isExempt(live, path)).taken !== undefined;
}

export function unitedFields(entries: readonly ManagedFieldsEntry[]): FieldSet {
  return entries.reduce<FieldSet>((united, { fieldsV1 = {} }) => uniteFields(united, fieldsV1), {});
}

export function sparesOf({ live, spares }: Pick<Owned, 'live' | 'spares'>): Spares {
  return (path) => isExempt(live, path) || spares(path);
}
