import type { Failure } from '../errors.ts';
import type { TagSighting } from '../storage/stores.ts';
import { ecrHostOf } from './ecr/host.ts';
import { describeTagSettings, isTagMutable, type TagSettings } from './ecr/mutability.ts';
import type { Creation } from './ecr/origins.ts';
import { severityOf } from './finding-table.ts';
import type { ImageUse } from './image-uses.ts';
import { ImageReferenceError, tagOf } from './reference.ts';
import type { RepositorySettings, Resolution } from './registry/registry.ts';
import type { FindingId, ImageFinding, ImageReference } from './types.ts';

/** What the reference alone says, without asking a registry. */
export function referenceFindings(use: ImageUse): readonly ImageFinding[] {
  const { parsed } = use;
  if (parsed instanceof ImageReferenceError) return [finding('ref.invalid', use, parsed.message)];
  const findings: ImageFinding[] = [];
  if (parsed.digest === undefined && tagOf(parsed) === 'latest') {
    const problem = parsed.tag === undefined ? 'has no tag, which means latest' : 'has the tag latest';
    findings.push(
      finding('ref.latest', use, `image ${use.shown} ${problem}: nothing in Git says which version that is; name a version or a digest.`),
    );
  }
  if (ecrHostOf(parsed.registry) === undefined) {
    const message = `image ${use.shown} comes from ${parsed.registry}, which is not ECR: no setting there keeps a tag from being overwritten, and its limits are not ours; copy it to ECR.`;
    findings.push(finding('reg.foreign', use, message));
  }
  return findings;
}

/** Of a reference without a digest where Git has to have one, or where nothing gives it one. */
export function unpinnedFinding(use: ImageUse): ImageFinding {
  const message = `image ${use.shown} has no digest, neither in Git nor by a lock: each node runs what its tag names when it pulls; pin it in Git, or lock it (imagePolicy).`;
  return finding('ref.unpinned', use, message);
}

/** Of a tag that has no digest to deploy, because the registry has no such image or could not be asked. */
export function unresolvedFinding(use: ImageUse, resolution: Exclude<Resolution, { readonly state: 'found' }>): ImageFinding {
  return resolution.state === 'missing' ? unresolvable(use, resolution.failure) : unverifiable(use, 'its tag', resolution.failure);
}

/** What the registry says today of a tag in use. */
export interface TagObservation {
  readonly resolution: Resolution;
  /** ISO 8601: when the digest that the tag names now was first seen there; for a tag that was found. */
  readonly seenAt?: string;
  /** What it named before, by our own history. */
  readonly previous?: TagSighting;
  readonly settings: RepositorySettings;
}

/** What a tag in use and its registry add to the reference's own findings. */
export function tagFindings(use: ImageUse, reference: ImageReference, observed: TagObservation): readonly ImageFinding[] {
  return [...resolutionFindings(use, observed), ...settingsFindings(use, reference, observed)];
}

/** Where Git has a tag and a digest, and the tag names another one: whoever reads Git takes it for something else than what runs. */
export function disagreement(use: ImageUse, { tag, digest }: ImageReference, { resolution }: TagObservation): readonly ImageFinding[] {
  if (digest === undefined || resolution.state !== 'found' || resolution.digest === digest) return [];
  const message = `image ${use.shown}: its tag ${tag} names ${resolution.digest} in the registry, and the digest beside it is what is deployed; write the two that belong together.`;
  return [{ ...finding('tag.tag-digest-disagree', use, message), lockedDigest: digest, currentDigest: resolution.digest }];
}

function resolutionFindings(use: ImageUse, { resolution, seenAt, previous }: TagObservation): readonly ImageFinding[] {
  if (resolution.state !== 'found') return [unresolvedFinding(use, resolution)];
  const moved = (lockedDigest: string, before: string, consequence: string): readonly ImageFinding[] => {
    const message =
      `image ${use.shown} ${before}, and its tag names ${resolution.digest} since ${seenAt ?? 'now'} or before: ` +
      `${consequence}; find out who pushed the tag again, and make the repository immutable.`;
    return [{ ...finding('tag.moved', use, message), lockedDigest, currentDigest: resolution.digest }];
  };
  if (use.lock !== undefined) {
    const { digest, resolvedAt } = use.lock;
    if (digest === resolution.digest) return [];
    return moved(digest, `was locked to ${digest} at ${resolvedAt}`, 'the locked bytes stay deployed');
  }
  if (previous === undefined || previous.digest === resolution.digest) return [];
  return moved(
    previous.digest,
    `named ${previous.digest} at ${previous.seenAt}`,
    'without a lock each node runs what it named when it pulled',
  );
}

function settingsFindings(use: ImageUse, reference: ImageReference, { resolution, settings }: TagObservation): readonly ImageFinding[] {
  if (settings.state === 'unverifiable') {
    // What is said of the tag says enough.
    return resolution.state !== 'found' ? [] : [unverifiable(use, "its repository's settings", settings.failure)];
  }
  if (settings.state === 'missing') return [];
  if (ecrHostOf(reference.registry) === undefined) {
    // There is no way to ask for such a setting: unknown is no pass.
    const message = `image ${use.shown}: ${reference.registry} is not ECR and does not tell whether this tag can be overwritten, so it is taken for one that can; pin the digest, or copy the image to ECR with IMMUTABLE tags.`;
    return [finding('repo.mutable', use, message)];
  }
  return [...mutabilityFindings(use, settings.settings, tagOf(reference)), ...originFindings(use, settings, tagOf(reference))];
}

function mutabilityFindings(use: ImageUse, settings: TagSettings, tag: string): readonly ImageFinding[] {
  if (!isTagMutable(settings, tag)) return [];
  const setting = describeTagSettings(settings);
  if (settings.mutability === 'IMMUTABLE_WITH_EXCLUSION') {
    const message = `image ${use.shown}: its repository is immutable, but a filter leaves this tag out (${setting}); use a tag that no filter matches.`;
    return [finding('tag.excluded', use, message)];
  }
  const message = `image ${use.shown}: its repository lets this tag be overwritten (${setting}); set IMMUTABLE tags.`;
  return [finding('repo.mutable', use, message)];
}

/** What happens to the tag without anybody pushing it: from upstream, or when ECR makes the repository again. */
function originFindings(use: ImageUse, found: RepositorySettings & { readonly state: 'found' }, tag: string): readonly ImageFinding[] {
  const { upstream, recreated = [] } = found.origin ?? {};
  const findings: ImageFinding[] = [];
  if (upstream !== undefined && isTagMutable(found.settings, tag)) {
    const message = `image ${use.shown}: its repository is a cache of ${upstream.slice(0, 200)}, and follows its tags; use a creation template with IMMUTABLE tags, or pin the digest.`;
    findings.push(finding('repo.pullthrough', use, message));
  }
  const again = recreated.find(({ settings }) => isTagMutable(settings, tag));
  if (again !== undefined) {
    const message = `image ${use.shown}: ECR makes its repository again, ${CREATED_BY[again.by]}, with tags that can be overwritten (${describeTagSettings(again.settings)}); have a creation template for that set IMMUTABLE.`;
    findings.push(finding('repo.template-mutable', use, message));
  }
  return findings;
}

const CREATED_BY: Readonly<Record<Creation, string>> = {
  PULL_THROUGH_CACHE: 'when an image is pulled through it',
  REPLICATION: 'when an image is replicated to it',
  CREATE_ON_PUSH: 'when an image is pushed to it',
};

function unresolvable(use: ImageUse, failure: Failure): ImageFinding {
  const consequence =
    use.lock === undefined
      ? 'its workload is not applied'
      : 'running pods keep their bytes, but a node that needs to pull the image may not get it';
  return finding(
    'tag.unresolvable',
    use,
    `image ${use.shown} is not in the registry (${failure.reason}: ${failure.message}): ${consequence}; push it again or name another.`,
  );
}

function unverifiable(use: ImageUse, subject: string, failure: Failure): ImageFinding {
  const message = `image ${use.shown}: ${subject} could not be read (${failure.reason}: ${failure.message}), so nothing is known of it now; check the registry and our access to it.`;
  return finding('run.unverifiable', use, message);
}

function finding(id: FindingId, use: ImageUse, message: string): ImageFinding {
  return { id, severity: severityOf(id), reference: use.shown, objects: use.objects, message };
}
