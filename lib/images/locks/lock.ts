import type { Clock } from '../../clock.ts';
import type { Failure } from '../../errors.ts';
import { inParallel } from '../../in-parallel.ts';
import type { ImagePath } from '../../manifests/image-paths.ts';
import { type KubernetesObject, objectIdOf, objectKey } from '../../manifests/object.ts';
import type { LockedSource, RenderedSource } from '../../source/artifact.ts';
import type { LockStore } from '../../storage/stores.ts';
import { referenceFindings, unpinnedFinding, unresolvedFinding } from '../findings.ts';
import { type ImageUse, imageUsesOf, lockedText, mapAllImages, unpinnedTagOf } from '../image-uses.ts';
import { ImageReferenceError } from '../reference.ts';
import type { ImageRegistry, Resolution } from '../registry/registry.ts';
import type { ImageFinding, ImageLock, ImageReference } from '../types.ts';
import { locksAsOf, relocksOf, renderedTree } from './lock-generations.ts';
import { endedNote, endOf, type ImagePolicy, type ImageTreatment, treatImage } from './policy.ts';

const WRITES_AT_ONCE = 8;

export interface LockDependencies {
  readonly registry: Pick<ImageRegistry, 'resolve'>;
  readonly locks: LockStore;
  readonly clock: Clock;
}

/**
 * Gives every tag of the pod templates its digest: `repo:tag@sha256:…`. A reference that this repository has locked before keeps its digest
 * without a call to the registry, wherever its tag points by now, so that a revert deploys the bytes that ran before. One that cannot be
 * resolved blocks the objects that use it and nothing else; it is never applied by its tag. Under the policy `report` nothing is changed.
 */
export async function lockImages(
  rendered: RenderedSource,
  policy: ImagePolicy,
  deps: LockDependencies,
  signal: AbortSignal,
): Promise<LockedSource> {
  const paths = rendered.settings?.images?.paths ?? [];
  const uses = imageUsesOf(rendered.objects, [], paths);
  const exceptions = rendered.settings?.images?.exceptions ?? [];
  const now = deps.clock.now();
  const treatments = new Map(uses.map((use) => [use.text, treatImage(use, policy, exceptions, now)]));
  const tags = uses.flatMap((use) => (treatments.get(use.text)?.action === 'lock' ? (unpinnedTagOf(use) ?? []) : []));
  const { locks, unresolved, kept } = policy === 'report' ? NO_LOCKS : await locksFor(rendered, tags, deps, signal);
  const failures = new Map(uses.flatMap((use) => failureOf(use, unresolved.get(use.text), treatments.get(use.text))));
  const ends = [...treatments.values()].flatMap(({ exception }) => (exception === undefined ? [] : [endOf(exception).toISOString()]));
  const [exceptedUntil] = ends.sort();
  const locked = {
    ...rendered,
    ...(exceptedUntil === undefined ? {} : { exceptedUntil }),
    objects: rendered.objects.map((object) => withDigests(object, paths, locks)),
    digests: tags.flatMap(({ text }) => locks.get(text) ?? []),
    findings: uses.flatMap((use) => findingsOf(use, unresolved.get(use.text), treatments.get(use.text))),
    blocked: failures.size === 0 ? {} : Object.fromEntries(rendered.objects.flatMap((object) => blockedEntry(object, paths, failures))),
  };
  // Another run of the same commit was first: what it said holds, and is read now.
  return (await kept) ? locked : await lockImages(rendered, policy, deps, signal);
}

type Unresolved = Exclude<Resolution, { readonly state: 'found' }>;

interface Locks {
  readonly locks: ReadonlyMap<string, ImageLock>;
  readonly unresolved: ReadonlyMap<string, Unresolved>;
  /** Settles when it is stored as of how many relocks the commit is locked: false when another number holds. */
  readonly kept: Promise<boolean>;
}

const NO_LOCKS: Locks = { locks: new Map(), unresolved: new Map(), kept: Promise.resolve(true) };

async function locksFor(
  rendered: RenderedSource,
  tags: readonly ImageReference[],
  deps: LockDependencies,
  signal: AbortSignal,
): Promise<Locks> {
  const { repository, revision } = rendered;
  const tree = renderedTree(rendered);
  const known = await deps.locks.readTree(repository, tree, signal);
  // While the repository has no lock there is nothing that a revert could go back to.
  if (tags.length === 0 && known.locks.length === 0) return NO_LOCKS;
  const relocks = relocksOf(tree, known);
  const kept = deps.locks.putTree(repository, tree, relocks, known).then((holds) => holds === relocks);
  // It is awaited once the objects have their digests; a rejection meanwhile is no unhandled one.
  kept.catch(() => undefined);
  const used = new Set(tags.map(({ text }) => text));
  const current = new Map(known.locks.flatMap((lock) => (used.has(lock.reference) ? [[lock.reference, lock] as const] : [])));
  const fresh = tags.filter(({ text }) => !current.has(text));
  const resolutions = fresh.length === 0 ? new Map<string, Resolution>() : await deps.registry.resolve(fresh, signal);
  const resolvedAt = deps.clock.now().toISOString();
  const unresolved = new Map<string, Unresolved>();
  await inParallel(fresh, WRITES_AT_ONCE, async ({ text }) => {
    const resolution = resolutions.get(text) ?? UNANSWERED;
    if (resolution.state !== 'found') {
      unresolved.set(text, resolution);
      return;
    }
    const { digest, mediaType, platforms } = resolution;
    const lock = { reference: text, digest, mediaType, platforms, resolvedAt, generation: 1, firstRevision: revision };
    current.set(text, await deps.locks.putIfAbsent(repository, lock));
  });
  return { locks: await locksAsOf(repository, current, relocks, deps.locks, signal), unresolved, kept };
}

const UNANSWERED: Unresolved = {
  state: 'unverifiable',
  failure: { reason: 'MalformedAnswer', message: 'the registry did not answer for this reference' },
};

function withDigests(object: KubernetesObject, paths: readonly ImagePath[], locks: ReadonlyMap<string, ImageLock>): KubernetesObject {
  if (locks.size === 0) return object;
  return mapAllImages(object, paths, (image) => {
    const lock = locks.get(image);
    return lock === undefined ? image : lockedText(image, lock.digest);
  });
}

function failureOf(
  use: ImageUse,
  unresolved: Unresolved | undefined,
  treatment: ImageTreatment | undefined,
): readonly (readonly [string, Failure])[] {
  if (use.parsed instanceof ImageReferenceError) return [[use.text, { reason: use.parsed.reason, message: use.parsed.message }]];
  if (treatment?.action === 'block') return [[use.text, treatment.failure]];
  if (unresolved === undefined) return [];
  const reason = unresolved.state === 'missing' ? 'TagUnresolvable' : 'ImageUnverifiable';
  return [[use.text, { reason, message: `${unresolvedFinding(use, unresolved).message}${endedNote(treatment?.ended)}` }]];
}

function findingsOf(use: ImageUse, unresolved: Unresolved | undefined, treatment: ImageTreatment | undefined): readonly ImageFinding[] {
  const isUnpinned = treatment !== undefined && treatment.action !== 'lock' && unpinnedTagOf(use) !== undefined;
  const note = endedNote(treatment?.ended);
  return [
    ...referenceFindings(use),
    ...[...(isUnpinned ? [unpinnedFinding(use)] : []), ...(unresolved === undefined ? [] : [unresolvedFinding(use, unresolved)])].map(
      (finding) => ({ ...finding, message: `${finding.message}${note}` }),
    ),
  ];
}

/** An object with several images that fail is blocked for the first, and says all of them. */
function blockedEntry(
  object: KubernetesObject,
  paths: readonly ImagePath[],
  failures: ReadonlyMap<string, Failure>,
): readonly (readonly [string, Failure])[] {
  const found = new Set<Failure>();
  mapAllImages(object, paths, (image) => {
    const failure = failures.get(image);
    if (failure !== undefined) found.add(failure);
    return image;
  });
  const [first] = found;
  if (first === undefined) return [];
  return [[objectKey(objectIdOf(object)), { reason: first.reason, message: [...found].map(({ message }) => message).join(' ') }]];
}
