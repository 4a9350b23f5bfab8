import type { Clock } from '../clock.ts';
import type { Failure } from '../errors.ts';
import type { Fact, RunFacts } from '../records/fact.ts';
import type { FieldChange } from '../records/record.ts';
import type { Artifact } from '../source/artifact.ts';
import type { TagHistoryStore } from '../storage/stores.ts';
import { closesDetail, detailFindings, detailsAsked, type ImageObservation, unknownDetails } from './detail-findings.ts';
import { describeTagSettings } from './ecr/mutability.ts';
import type { FindingPolicy } from './finding-table.ts';
import { disagreement, referenceFindings, type TagObservation, tagFindings } from './findings.ts';
import { closesPlatform, platformFindings } from './gate/platform-findings.ts';
import { type ImageUse, imageUsesOf, pinnedTagOf, unpinnedTagOf } from './image-uses.ts';
import { observeImages } from './pods/observe-images.ts';
import type { DetailReader } from './registry/image-details.ts';
import { type ImageRegistry, type RepositorySettings, repositoryKey } from './registry/registry.ts';
import { keepSightings } from './tag-sightings.ts';
import type { ImageFinding, ImageReference, Platform } from './types.ts';

/** Findings that only what a tag names can open or close. */
const TAG_FINDINGS: ReadonlySet<string> = new Set(['tag.moved', 'tag.unresolvable', 'tag.tag-digest-disagree']);
/** Findings that only a repository's settings can open or close. */
const SETTINGS_FINDINGS: ReadonlySet<string> = new Set(['repo.mutable', 'tag.excluded', 'repo.pullthrough', 'repo.template-mutable']);
/** Of these, what follows from rules that can be refused while the settings are not. */
const ORIGINS: ReadonlyMap<string, 'upstream' | 'template'> = new Map([
  ['repo.pullthrough', 'upstream'],
  ['repo.template-mutable', 'template'],
]);

export interface AuditDependencies {
  readonly registry: ImageRegistry;
  /** Of registries that know more of an image than its bytes; without it nothing is said of that. */
  readonly details?: DetailReader;
  readonly history: TagHistoryStore;
  readonly clock: Clock;
}

/** What a cluster is meant to run now. */
export interface ArtifactInUse {
  readonly cluster: string;
  /** Of the cluster; absent where it is not in one. */
  readonly region?: string;
  /** Of its nodes; absent where they are not known. */
  readonly platforms?: readonly Platform[];
  readonly artifact: Pick<Artifact, 'revision' | 'objects' | 'digests' | 'settings' | 'images'>;
}

/** What the audit found of one cluster, as facts to record. */
export interface ClusterAudit extends Pick<RunFacts, 'cluster' | 'revision' | 'facts' | 'closes'> {
  readonly findings: readonly ImageFinding[];
  /** Why the history of a tag in use could not be kept; what its registry says of it is found all the same. */
  readonly notKept?: Failure;
}

interface AuditedTag extends TagObservation {
  readonly notKept?: Failure;
}

/**
 * Holds every image reference that these clusters use against its registry: is the tag still there, does it still name the locked digest,
 * can it be overwritten. Each tag is asked for once, however many clusters use it, and each digest seen goes into our own history.
 * What could not be asked is `run.unverifiable`, and closes nothing.
 */
export async function auditImages(
  inUse: readonly ArtifactInUse[],
  deps: AuditDependencies,
  signal: AbortSignal,
): Promise<readonly ClusterAudit[]> {
  const usesOf = usesIn(inUse);
  const { unpinned, pinned } = tagsOf([...usesOf.values()].flat());
  const observations = await observeTags(unpinned, pinned, deps, signal);
  const observed = inUse.map(({ artifact, region }) => ({
    uses: usesOf.get(artifact) ?? [],
    policy: artifact.settings?.images?.policy,
    ...(region === undefined ? {} : { region }),
  }));
  const imageOf = await observeImages(observed, deps.details, signal);
  const now = deps.clock.now();
  return inUse.map((used) => {
    const observe = (use: ImageUse) => ({ tag: observations.get(use.text), image: imageOf(use, used.region) });
    return auditCluster(used, usesOf.get(used.artifact) ?? [], observe, now);
  });
}

/** Every tag that these clusters use, beside a digest or not: what `auditImages` has resolved. */
export function tagsInUse(inUse: readonly Pick<ArtifactInUse, 'artifact'>[]): readonly ImageReference[] {
  const { unpinned, pinned } = tagsOf([...usesIn(inUse).values()].flat());
  return [...unpinned, ...pinned];
}

function usesIn(inUse: readonly Pick<ArtifactInUse, 'artifact'>[]): ReadonlyMap<ArtifactInUse['artifact'], readonly ImageUse[]> {
  const artifacts = new Set(inUse.map(({ artifact }) => artifact));
  return new Map(
    [...artifacts].map((artifact) => [artifact, imageUsesOf(artifact.objects, artifact.digests, artifact.settings?.images?.paths)]),
  );
}

function tagsOf(uses: readonly ImageUse[]): { readonly unpinned: readonly ImageReference[]; readonly pinned: readonly ImageReference[] } {
  const distinct = (tags: readonly ImageReference[]) => [...new Map(tags.map((tag) => [tag.text, tag])).values()];
  return {
    unpinned: distinct(uses.flatMap((use) => unpinnedTagOf(use) ?? [])),
    pinned: distinct(uses.flatMap((use) => pinnedTagOf(use) ?? [])),
  };
}

/** What the registries say of one reference in use. */
interface Observed {
  readonly tag: AuditedTag | undefined;
  readonly image: ImageObservation | undefined;
}

async function observeTags(
  tags: readonly ImageReference[],
  pinned: readonly ImageReference[],
  deps: AuditDependencies,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, AuditedTag>> {
  const all = [...tags, ...pinned];
  if (all.length === 0) return new Map();
  const [resolutions, settings] = await Promise.all([
    deps.registry.resolve(all, signal),
    tags.length === 0 ? new Map<string, RepositorySettings>() : deps.registry.settings(tags, signal),
  ]);
  const digests = new Map(
    tags.flatMap(({ text }) => {
      const resolution = resolutions.get(text);
      return resolution?.state === 'found' ? [[text, resolution.digest] as const] : [];
    }),
  );
  const { seenAt, previous, failures } = await keepSightings(digests, deps.history, deps.clock.now().toISOString(), signal);
  return new Map(
    all.map((tag) => {
      const common = { resolution: resolutions.get(tag.text) ?? UNANSWERED, settings: settings.get(repositoryKey(tag)) ?? UNANSWERED };
      const [since, before, notKept] = [seenAt.get(tag.text), previous.get(tag.text), failures.get(tag.text)];
      return [
        tag.text,
        {
          ...common,
          ...(since === undefined ? {} : { seenAt: since }),
          ...(before === undefined ? {} : { previous: before }),
          ...(notKept === undefined ? {} : { notKept }),
        },
      ] as const;
    }),
  );
}

const UNANSWERED = {
  state: 'unverifiable',
  failure: { reason: 'MalformedAnswer', message: 'the registry did not answer for this reference' },
} as const;

function auditCluster(
  { cluster, artifact, platforms = [] }: ArtifactInUse,
  uses: readonly ImageUse[],
  observe: (use: ImageUse) => Observed,
  now: Date,
): ClusterAudit {
  // References that differ only in the credentials that they should not have look alike, and are one.
  const uniqueUses = [...new Map(uses.map((use) => [use.shown, use])).values()];
  const policy = artifact.settings?.images?.policy;
  const byReference = new Map(uniqueUses.map((use) => [use.shown, { use, ...observe(use) }]));
  const judged = [...byReference.values()].map(({ use, ...observed }) => {
    const findings = [...judge(use, observed, policy, now), ...platformFindings(use, artifact, platforms)];
    return { findings, facts: findings.map((finding) => factOf(finding, use, observed.tag)) };
  });
  const notKept = [...byReference.values()].find(({ tag }) => tag?.notKept !== undefined)?.tag?.notKept;
  return {
    cluster,
    revision: artifact.revision,
    findings: judged.flatMap(({ findings }) => findings),
    facts: judged.flatMap(({ facts }) => facts),
    ...(notKept === undefined ? {} : { notKept }),
    closes: (open) => {
      if (open.kind !== 'image') return false;
      const observed = byReference.get(open.changes[0]?.path ?? '');
      if (observed === undefined) return true;
      const isOver = closesDetail(open.class, observed.image) ?? closesPlatform(open.class, observed.use, artifact, platforms);
      if (isOver !== undefined) return isOver;
      if (observed.tag === undefined) return true;
      // That a tag without a lock has moved is known by our own history alone.
      if (open.class === 'tag.moved' && observed.tag.notKept !== undefined) return false;
      if (TAG_FINDINGS.has(open.class)) return observed.tag.resolution.state !== 'unverifiable';
      if (SETTINGS_FINDINGS.has(open.class)) return closesSetting(open.class, observed.tag.settings);
      return true;
    },
  };
}

function closesSetting(id: string, settings: RepositorySettings): boolean {
  if (settings.state === 'unverifiable') return false;
  const origin = ORIGINS.get(id);
  return settings.state === 'missing' || origin === undefined || settings.origin?.unknown?.includes(origin) !== true;
}

function judge(use: ImageUse, { tag: observed, image }: Observed, policy: FindingPolicy | undefined, now: Date): readonly ImageFinding[] {
  const known = findingsOf(use, observed, image, now);
  // What is said of its tag says enough.
  const isKnown = image === undefined || known.some(({ id }) => id === 'run.unverifiable');
  return isKnown ? known : [...known, ...unknownDetails(use, image, detailsAsked([policy]))];
}

/** Everything that is found of one reference, by what its registry said of its tag and of its image, as far as those were asked. */
export function findingsOf(
  use: ImageUse,
  observed: TagObservation | undefined,
  image: ImageObservation | undefined,
  now: Date,
): readonly ImageFinding[] {
  const tag = unpinnedTagOf(use);
  const pinned = pinnedTagOf(use);
  return [
    ...referenceFindings(use),
    ...(tag === undefined || observed === undefined ? [] : tagFindings(use, tag, observed)),
    ...(pinned === undefined || observed === undefined ? [] : disagreement(use, pinned, observed)),
    ...(image === undefined ? [] : detailFindings(use, image, now)),
  ];
}

/** The reference is the path of the first change: that and the finding's id name the record. */
function factOf(finding: ImageFinding, use: ImageUse, observed: TagObservation | undefined): Fact {
  const [first] = finding.objects;
  if (first === undefined) throw new Error(`image ${finding.reference}: a finding without an object`);
  const { apiVersion, kind, namespace, name } = first;
  return {
    kind: 'image',
    object: { apiVersion, kind, namespace, name },
    class: finding.id,
    changes: changesOf(finding, use, observed),
    decision: 'reported',
    error: { reason: finding.id, message: finding.message },
  };
}

function changesOf(finding: ImageFinding, use: ImageUse, observed: TagObservation | undefined): readonly FieldChange[] {
  const path = finding.reference;
  switch (finding.id) {
    case 'tag.moved':
      return [
        change(path, finding.lockedDigest, finding.currentDigest),
        change(`${path} since`, use.lock?.resolvedAt ?? observed?.previous?.seenAt, observed?.seenAt),
      ];
    case 'tag.tag-digest-disagree':
      return [change(path, finding.lockedDigest, finding.currentDigest)];
    case 'tag.unresolvable':
      return [change(path, use.lock?.digest, undefined)];
    case 'repo.mutable':
    case 'tag.excluded':
      return [
        change(path, 'IMMUTABLE', observed?.settings.state === 'found' ? describeTagSettings(observed.settings.settings) : undefined),
      ];
    default:
      return [change(path, undefined, undefined)];
  }
}

function change(path: string, desired: string | undefined, live: string | undefined): FieldChange {
  return { path, ...(desired === undefined ? {} : { desired }), ...(live === undefined ? {} : { live }) };
}
