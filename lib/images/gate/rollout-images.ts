import { actOn, FINDINGS, type FindingId, type FindingPolicy } from '../finding-table.ts';
import { deployedText, type ImageUse } from '../image-uses.ts';
import { deployedImage, observeImages } from '../pods/observe-images.ts';
import type { ContentReader, ImagePlatforms } from '../registry/content-reader.ts';
import type { DetailReader } from '../registry/image-details.ts';
import { digestKey, type NoAnswer, unverifiable } from '../registry/registry.ts';
import type { RolloutImage, RolloutStop } from '../types.ts';

const PATIENCE_MS = 20_000;
const TOO_LATE = unverifiable('TooLate', `the registry did not answer within ${PATIENCE_MS / 1000} seconds`);

export interface RolloutImagesDependencies {
  readonly details: DetailReader;
  readonly contents: ContentReader;
}

type Observation = NonNullable<ReturnType<Awaited<ReturnType<typeof observeImages>>>>;

/**
 * What is known of the images of these uses that may stop a rollout to them, in clusters of these regions, by the reference that is deployed.
 * Only what the policy has stop a rollout is asked for. What is not told stops none, unless `plumbline.yaml` itself says `block`.
 */
export async function readRolloutImages(
  uses: readonly ImageUse[],
  policy: FindingPolicy | undefined,
  regions: readonly string[],
  { details, contents }: RolloutImagesDependencies,
  signal: AbortSignal,
): Promise<Readonly<Record<string, RolloutImage>>> {
  const stops = (...ids: readonly FindingId[]) => ids.some((id) => actOn(id, policy) === 'block');
  const deployed = uses.flatMap((use) => {
    const image = deployedImage(use);
    return image === undefined ? [] : [{ use, image }];
  });
  const asked = { uses: deployed.map(({ use }) => use), policy: NOTHING_ELSE };
  const remote = stops('digest.not-replicated') ? regions : [];
  const judgesDigests = stops('digest.missing', 'digest.archived');
  const clusters = [...(judgesDigests ? [asked] : []), ...remote.map((region) => ({ ...asked, region }))];
  const fitting = stops('ref.no-platform', 'ref.platform-pin') ? deployed : [];
  const untold = fitting.flatMap(({ use, image }) => (lockedPlatforms(use) === undefined ? [image] : []));
  const [observe, platformsOf] = await Promise.all([
    patiently((within) => observeImages(clusters, clusters.length === 0 ? undefined : details, within), signal),
    patiently((within) => contents.platforms(untold, within), signal),
  ]);
  const offered = new Map(fitting.map(({ use, image }) => [use, lockedPlatforms(use) ?? platformsOf?.get(digestKey(image))]));
  const known = deployed.map(({ use }): readonly [string, RolloutImage] => {
    const against = [
      ...(judgesDigests ? digestStops(use, observe?.(use, undefined), policy) : []),
      ...remote.flatMap((region) => copyStops(use, region, observe === undefined ? TOO_LATE : observe(use, region)?.copy?.answer, policy)),
    ];
    return [deployedText(use), { ...offered.get(use), ...(against.length === 0 ? {} : { stops: against }) }];
  });
  return Object.fromEntries(known.filter(([, image]) => Object.keys(image).length > 0));
}

/** What else the registries know is not for stopping a rollout, and costs calls. */
const NOTHING_ELSE: FindingPolicy = Object.fromEntries(Object.keys(FINDINGS).map((id) => [id, 'ignore']));

/** An index says it itself; of a single manifest its lock does not. */
function lockedPlatforms({ lock }: ImageUse): ImagePlatforms | undefined {
  return lock === undefined || lock.platforms.length === 0 ? undefined : { isIndex: true, platforms: lock.platforms };
}

function digestStops(use: ImageUse, observed: Observation | undefined, policy: FindingPolicy | undefined): readonly RolloutStop[] {
  const details = observed?.details ?? TOO_LATE;
  const subject = `image ${use.shown}: ${deployedImage(use)?.digest}`;
  if (details.state === 'missing') {
    return stopping('digest.missing', policy, {
      reason: 'DigestMissing',
      message: `${subject} is not in its registry any more (${details.failure.reason}), so no node can pull it. Push it again, or name another.`,
    });
  }
  if (details.state === 'unverifiable') return unknown(['digest.missing', 'digest.archived'], policy, subject, details);
  if (details.details.status === 'ACTIVE') return [];
  return stopping('digest.archived', policy, {
    reason: 'DigestArchived',
    message: `${subject} is archived (${details.details.status}), so no node can pull it. Restore it, or name another.`,
  });
}

function copyStops(
  use: ImageUse,
  region: string,
  answer: 'there' | NoAnswer | undefined,
  policy: FindingPolicy | undefined,
): readonly RolloutStop[] {
  // An image of the region itself needs no copy there.
  if (answer === undefined || answer === 'there') return [];
  const found =
    answer.state === 'missing'
      ? stopping('digest.not-replicated', policy, {
          reason: 'DigestNotReplicated',
          message: `image ${use.shown} is not in ${region}, the region of this cluster, whose nodes could start nothing while they cannot reach another. Replicate the repository, and name its copy.`,
        })
      : unknown(['digest.not-replicated'], policy, `image ${use.shown}: a copy of it in ${region}, the region of this cluster,`, answer);
  return found.map((stop) => ({ ...stop, region }));
}

/** Undefined when registries take too long: a commit is published whether or not they answer. Throws what the signal aborts with. */
async function patiently<T>(read: (within: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await read(AbortSignal.any([signal, patience]));
  } catch (error) {
    signal.throwIfAborted();
    if (patience.aborted) return undefined;
    throw error;
  }
}

function stopping(id: FindingId, policy: FindingPolicy | undefined, { reason, message }: RolloutStop): readonly RolloutStop[] {
  if (actOn(id, policy) !== 'block') return [];
  return [{ reason, message: `${message} Or have plumbline.yaml say images.policy ${id}: report.` }];
}

/** Unknown is not missing: it stops a rollout only where Git says in words that the finding has to be ruled out. */
function unknown(
  ids: readonly FindingId[],
  policy: FindingPolicy | undefined,
  subject: string,
  { failure }: NoAnswer,
): readonly RolloutStop[] {
  const [id] = ids.filter((one) => policy?.[one] === 'block');
  if (id === undefined) return [];
  const message = `${subject} could not be asked for (${failure.reason}: ${failure.message}), and plumbline.yaml blocks ${id}.`;
  return [{ reason: 'ImageUnverifiable', message }];
}
