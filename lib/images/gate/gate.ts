import type { Clock } from '../../clock.ts';
import type { Failure } from '../../errors.ts';
import { objectIdOf, objectKey } from '../../manifests/object.ts';
import { podSpecsOf } from '../../manifests/pod-specs.ts';
import type { LockedSource } from '../../source/artifact.ts';
import { findingsOf } from '../audit.ts';
import type { ImageObservation } from '../detail-findings.ts';
import { isTagMutable } from '../ecr/mutability.ts';
import { FINDINGS, type FindingId, type FindingPolicy, isFindingId, STOPS_ROLLOUT } from '../finding-table.ts';
import { type TagObservation, unpinnedFinding } from '../findings.ts';
import { type ImageUse, imageUsesOf, pinnedTagOf, unpinnedTagOf } from '../image-uses.ts';
import { deployedImage, observeImages } from '../pods/observe-images.ts';
import { podSentence } from '../pods/pod-sentences.ts';
import { stateFindings } from '../pods/pod-state.ts';
import { ImageReferenceError, tagOf } from '../reference.ts';
import type { ImageBuild } from '../registry/content-reader.ts';
import {
  digestKey,
  type ImageRegistry,
  type RepositorySettings,
  type Resolution,
  repositoryKey,
  unanswered,
} from '../registry/registry.ts';
import { type RolloutImagesDependencies, readRolloutImages } from './rollout-images.ts';

export interface GateDependencies extends RolloutImagesDependencies {
  readonly registry: ImageRegistry;
  readonly clock: Clock;
}

const OF_TEMPLATES: readonly FindingId[] = ['fs.writable', 'fs.state', 'pull.hazard'];
const OF_SETTINGS: readonly FindingId[] = ['repo.mutable', 'tag.excluded', 'repo.pullthrough', 'repo.template-mutable'];
const OF_DETAILS: readonly FindingId[] = ['sig.missing', 'scan.stale', 'scan.critical'];

/**
 * Blocks the objects of which something is found that `images.policy` says to block, and says of their images what may stop a rollout to them
 * in clusters of these regions. Registries are asked only for what one of those findings needs. What they do not tell blocks where the policy
 * itself says `block`, since unknown is no pass.
 */
export async function gateImages(
  locked: LockedSource,
  regions: readonly string[],
  deps: GateDependencies,
  signal: AbortSignal,
): Promise<LockedSource> {
  const policy = locked.settings?.images?.policy;
  const uses = imageUsesOf(locked.objects, locked.digests, locked.settings?.images?.paths);
  const [blocked, images] = await Promise.all([
    blockedObjects(locked, uses, deps, signal),
    readRolloutImages(uses, policy, regions, deps, signal),
  ]);
  // What could not be locked was not deployed before either, and its reason says more.
  return { ...locked, blocked: { ...blocked, ...locked.blocked }, ...(Object.keys(images).length === 0 ? {} : { images }) };
}

async function blockedObjects(
  locked: LockedSource,
  uses: readonly ImageUse[],
  deps: GateDependencies,
  signal: AbortSignal,
): Promise<Readonly<Record<string, Failure>>> {
  const blocking = blockingIds(locked.settings?.images?.policy);
  if (blocking.size === 0) return {};
  const failures = await failuresOfUses(uses, blocking, deps, signal);
  const blocked = new Map<string, Failure>();
  const block = (key: string, failure: Failure) => {
    const known = blocked.get(key);
    blocked.set(key, known === undefined ? failure : { reason: known.reason, message: `${known.message} ${failure.message}` });
  };
  for (const [use, failure] of failures) for (const object of use.objects) block(objectKey(object), failure);
  if (OF_TEMPLATES.some((id) => blocking.has(id))) {
    for (const object of locked.objects) {
      for (const { spec } of podSpecsOf(object)) {
        for (const { id, container, live } of stateFindings(spec)) {
          if (!blocking.has(id)) continue;
          const message = `container ${container.name}: ${podSentence({ id, image: container.image, live }, 1)}`;
          block(objectKey(objectIdOf(object)), refused(id, message));
        }
      }
    }
  }
  return Object.fromEntries(blocked);
}

function blockingIds(policy: FindingPolicy | undefined): ReadonlySet<string> {
  return new Set(
    Object.entries(policy ?? {}).flatMap(([id, act]) => (act === 'block' && !(isFindingId(id) && STOPS_ROLLOUT.has(id)) ? [id] : [])),
  );
}

async function failuresOfUses(
  uses: readonly ImageUse[],
  blocking: ReadonlySet<string>,
  { registry, details, contents, clock }: GateDependencies,
  signal: AbortSignal,
): Promise<readonly (readonly [ImageUse, Failure])[]> {
  const any = (ids: readonly FindingId[]) => ids.some((id) => blocking.has(id));
  const tags = any(OF_SETTINGS) ? uses.flatMap((use) => unpinnedTagOf(use) ?? []) : [];
  const pinned = blocking.has('tag.tag-digest-disagree') ? uses.flatMap((use) => pinnedTagOf(use) ?? []) : [];
  const [settings, resolutions] = await Promise.all([
    tags.length === 0 ? new Map() : registry.settings(tags, signal),
    pinned.length === 0 ? new Map<string, Resolution>() : registry.resolve(pinned, signal),
  ]);
  const wanted = { policy: onlyBlocked(blocking), uses };
  const builtOf = blocking.has('prov.no-commit') ? uses.flatMap((use) => deployedImage(use) ?? []) : undefined;
  const [imageOf, builds] = await Promise.all([
    observeImages(any(OF_DETAILS) ? [wanted] : [], details, signal),
    builtOf === undefined ? undefined : contents.builds(builtOf, signal),
  ]);
  const asked = new Set([...tags, ...pinned].map(({ text }) => text));
  return uses.flatMap((use) => {
    const image = imageOf(use, undefined);
    const tag = asked.has(use.text) ? observationOf(use, settings, resolutions) : undefined;
    const findings = [
      ...findingsOf(use, tag, image, clock.now()),
      ...(unpinnedTagOf(use) !== undefined && use.lock === undefined ? [unpinnedFinding(use)] : []),
    ];
    // What could not be asked for is unverifiable, and what we asked for is what blocks.
    const found = findings.filter(({ id }) => blocking.has(id) || id === 'run.unverifiable').map(({ id, message }) => refused(id, message));
    const unknown = unknownOf(use, image, blocking);
    const all = [
      ...found,
      ...(unknown === undefined ? [] : [unknown]),
      ...unknownOrigins(use, tag?.settings, blocking),
      ...(builds === undefined ? [] : commitFailures(use, builds)),
    ];
    const [first] = all;
    return first === undefined ? [] : [[use, { reason: first.reason, message: all.map(({ message }) => message).join(' ') }] as const];
  });
}

/** Of an image that does not say from which commit it was built, or whose config could not be read. */
function commitFailures(use: ImageUse, builds: ReadonlyMap<string, ImageBuild>): readonly Failure[] {
  const image = deployedImage(use);
  const build = image === undefined ? undefined : builds.get(digestKey(image));
  if (build?.revision !== undefined) return [];
  if (build !== undefined) return [refused('prov.no-commit', podSentence({ id: 'prov.no-commit', image: use.text }, 1))];
  const why = image === undefined ? 'it has no digest' : 'the registry did not tell';
  return [unverifiable(`image ${use.shown}: the commit that it was built from could not be read (${why}).`)];
}

/** Settings say whether the tag can be overwritten; where it points is the lock's to say. */
function observationOf(
  use: ImageUse,
  settings: Awaited<ReturnType<ImageRegistry['settings']>>,
  resolutions: ReadonlyMap<string, Resolution>,
): TagObservation {
  const known = use.parsed instanceof ImageReferenceError ? undefined : settings.get(repositoryKey(use.parsed));
  const locked: Resolution = { state: 'found', digest: use.lock?.digest ?? '', mediaType: '', platforms: [] };
  return {
    resolution: pinnedTagOf(use) === undefined ? locked : (resolutions.get(use.text) ?? unanswered(use.shown)),
    settings: known ?? unanswered(use.shown),
  };
}

/** What a finding would have needed, and is not known of this image. */
function unknownOf(use: ImageUse, image: ImageObservation | undefined, blocking: ReadonlySet<string>): Failure | undefined {
  const wants = (id: FindingId) => blocking.has(id);
  const say = (what: string, why: string) => unverifiable(`image ${use.shown}: ${what} could not be read (${why}).`);
  if (image === undefined) {
    const why = 'it has no digest';
    if (wants('sig.missing')) return say('its signature', why);
    return wants('scan.stale') || wants('scan.critical') ? say('its scan', why) : undefined;
  }
  const { details: answer } = image;
  if (answer.state !== 'found') return say('what its registry knows of it', `${answer.failure.reason}: ${answer.failure.message}`);
  if (wants('sig.missing') && answer.details.signed === undefined) return say('its signature', 'the registry did not tell');
  if (wants('scan.critical') && typeof answer.details.scan !== 'object') return say('its scan', 'there is none');
  return wants('scan.stale') && answer.details.scan === undefined ? say('its scan', 'the registry did not tell') : undefined;
}

/** What makes the repository by itself, and could not be read: only where something would follow from it. */
function unknownOrigins(use: ImageUse, settings: RepositorySettings | undefined, blocking: ReadonlySet<string>): readonly Failure[] {
  const tag = unpinnedTagOf(use);
  if (settings?.state !== 'found' || tag === undefined) return [];
  const unknown = settings.origin?.unknown ?? [];
  const say = (what: string) => unverifiable(`image ${use.shown}: ${what} could not be read.`);
  const isMutable = isTagMutable(settings.settings, tagOf(tag));
  return [
    ...(blocking.has('repo.pullthrough') && isMutable && unknown.includes('upstream')
      ? [say('the pull-through rules of its registry')]
      : []),
    ...(blocking.has('repo.template-mutable') && unknown.includes('template')
      ? [say('the creation templates or the replication of its registry')]
      : []),
  ];
}

function onlyBlocked(blocking: ReadonlySet<string>): FindingPolicy {
  return Object.fromEntries(Object.keys(FINDINGS).map((id) => [id, blocking.has(id) ? 'block' : 'ignore']));
}

function refused(id: string, message: string): Failure {
  return id === 'run.unverifiable' ? unverifiable(message) : { reason: 'ImagePolicy', message: `${message} plumbline.yaml blocks ${id}.` };
}

function unverifiable(message: string): Failure {
  return { reason: 'ImageUnverifiable', message: `${message} plumbline.yaml blocks what that would show.` };
}
