import type { Clock } from '../clock.ts';
import type { Failure } from '../errors.ts';
import { type KubernetesObject, objectIdOf, objectKey } from '../manifests/object.ts';
import { mapImages } from '../manifests/pod-specs.ts';
import type { LockedSource, RenderedSource } from '../source/artifact.ts';
import type { LockStore } from '../storage/stores.ts';
import { referenceFindings, unresolvedFinding } from './findings.ts';
import { type ImageUse, imageUsesOf, lockedText, unpinnedTagOf } from './image-uses.ts';
import { inParallel } from './in-parallel.ts';
import { ImageReferenceError } from './reference.ts';
import type { ImageRegistry, Resolution } from './registry.ts';
import type { ImageFinding, ImageLock, ImageReference } from './types.ts';

const WRITES_AT_ONCE = 8;

export interface LockDependencies {
  readonly registry: Pick<ImageRegistry, 'resolve'>;
  readonly locks: LockStore;
  readonly clock: Clock;
}

/**
 * Gives every tag of the pod templates its digest: `repo:tag@sha256:…`. A reference that this repository has locked before keeps its
 * digest without a call to the registry, wherever its tag points by now, so that a revert deploys the bytes that ran before. One that
 * cannot be resolved blocks the objects that use it and nothing else; it is never applied by its tag.
 */
export async function lockImages(rendered: RenderedSource, deps: LockDependencies, signal: AbortSignal): Promise<LockedSource> {
  const uses = imageUsesOf(rendered.objects, []);
  const tags = uses.flatMap((use) => unpinnedTagOf(use) ?? []);
  const { locks, unresolved } = await locksFor(rendered, tags, deps, signal);
  const failures = new Map(uses.flatMap((use) => failureOf(use, unresolved.get(use.text))));
  return {
    ...rendered,
    objects: rendered.objects.map((object) => withDigests(object, locks)),
    digests: tags.flatMap(({ text }) => locks.get(text) ?? []),
    findings: uses.flatMap((use) => findingsOf(use, unresolved.get(use.text))),
    blocked: Object.fromEntries(rendered.objects.flatMap((object) => blockedEntry(object, failures))),
  };
}

type Unresolved = Exclude<Resolution, { readonly state: 'found' }>;

async function locksFor(
  rendered: RenderedSource,
  tags: readonly ImageReference[],
  deps: LockDependencies,
  signal: AbortSignal,
): Promise<{ readonly locks: ReadonlyMap<string, ImageLock>; readonly unresolved: ReadonlyMap<string, Unresolved> }> {
  const unresolved = new Map<string, Unresolved>();
  if (tags.length === 0) return { locks: new Map(), unresolved };
  const locks = new Map((await deps.locks.list(rendered.repository, signal)).map((lock) => [lock.reference, lock]));
  const fresh = tags.filter(({ text }) => !locks.has(text));
  if (fresh.length === 0) return { locks, unresolved };

  const resolutions = await deps.registry.resolve(fresh, signal);
  const resolvedAt = deps.clock.now().toISOString();
  await inParallel(fresh, WRITES_AT_ONCE, async ({ text }) => {
    const resolution = resolutions.get(text) ?? UNANSWERED;
    if (resolution.state !== 'found') {
      unresolved.set(text, resolution);
      return;
    }
    const { digest, mediaType, platforms } = resolution;
    const lock = { reference: text, digest, mediaType, platforms, resolvedAt, generation: 1, firstRevision: rendered.revision };
    locks.set(text, await deps.locks.putIfAbsent(rendered.repository, lock));
  });
  return { locks, unresolved };
}

const UNANSWERED: Unresolved = {
  state: 'unverifiable',
  failure: { reason: 'MalformedAnswer', message: 'the registry did not answer for this reference' },
};

function withDigests(object: KubernetesObject, locks: ReadonlyMap<string, ImageLock>): KubernetesObject {
  return mapImages(object, (image) => {
    const lock = locks.get(image);
    return lock === undefined ? image : lockedText(image, lock.digest);
  });
}

function failureOf(use: ImageUse, unresolved: Unresolved | undefined): readonly (readonly [string, Failure])[] {
  if (use.parsed instanceof ImageReferenceError) return [[use.text, { reason: use.parsed.reason, message: use.parsed.message }]];
  if (unresolved === undefined) return [];
  const reason = unresolved.state === 'missing' ? 'TagUnresolvable' : 'ImageUnverifiable';
  return [[use.text, { reason, message: unresolvedFinding(use, unresolved).message }]];
}

function findingsOf(use: ImageUse, unresolved: Unresolved | undefined): readonly ImageFinding[] {
  return unresolved === undefined ? referenceFindings(use) : [...referenceFindings(use), unresolvedFinding(use, unresolved)];
}

/** An object with several images that fail is blocked for the first, and says all of them. */
function blockedEntry(object: KubernetesObject, failures: ReadonlyMap<string, Failure>): readonly (readonly [string, Failure])[] {
  const found = new Set<Failure>();
  mapImages(object, (image) => {
    const failure = failures.get(image);
    if (failure !== undefined) found.add(failure);
    return image;
  });
  const [first] = found;
  if (first === undefined) return [];
  return [[objectKey(objectIdOf(object)), { reason: first.reason, message: [...found].map(({ message }) => message).join(' ') }]];
}
