import { DescribeImagesCommand, type ImageDetail } from '@aws-sdk/client-ecr';
import type { Clock } from '../../clock.ts';
import { inParallel } from '../../in-parallel.ts';
import type { AskedDetails, DetailReader, DetailsAnswer, ImageDetails, ImageScan } from '../registry/image-details.ts';
import { digestKey, type ImageContents, type ImageDigest, type ManifestAnswer, type NoAnswer, unanswered } from '../registry/registry.ts';
import {
  BATCH,
  boundedFailure,
  byRepository,
  CALLS_AT_ONCE,
  callSignal,
  chunks,
  type EcrClients,
  failedCall,
  type Repository,
} from './calls.ts';
import { ecrHostOf } from './host.ts';
import { createLifecycleReader } from './lifecycle.ts';
import { readSignatureTags, readSigned } from './signatures.ts';

const KEPT_MS = 3_600_000;
/** Before what could not be known is asked for again. */
const RETRY_MS = 600_000;

export interface EcrDetailDependencies {
  readonly clientFor: EcrClients;
  readonly contents: Pick<ImageContents, 'manifests'>;
  readonly clock: Clock;
}

interface Kept<T> {
  readonly image: ImageDigest;
  readonly answer: T;
  readonly until: number;
}

/** What one call says of an image itself. */
type Described = { readonly state: 'found'; readonly status: ImageDetails['status']; readonly scan: ImageScan | 'never' } | NoAnswer;

/** Details of images in private ECR, kept for an hour; that an image is not there, or its registry does not answer, for ten minutes. */
export function createEcrDetails(deps: EcrDetailDependencies): DetailReader {
  const described = new Map<string, Kept<Described>>();
  const children = new Map<string, Kept<readonly string[] | undefined>>();
  const signatures = new Map<string, Kept<boolean | undefined>>();
  const copied = new Map<string, Kept<'there' | NoAnswer>>();
  const lifecycles = createLifecycleReader(deps);
  const now = () => deps.clock.now().getTime();
  const isFresh = ({ until }: { readonly until: number }) => until > now();

  async function describeAll(images: readonly ImageDigest[], signal: AbortSignal): Promise<void> {
    const asked = images.filter((image) => !fresh(described, image));
    const batches = byRepository(asked).repositories.flatMap((repository) =>
      chunks(unique(repository.references), BATCH).map((references) => ({ ...repository, references })),
    );
    await inParallel(batches, CALLS_AT_ONCE, async (batch) => {
      for (const [image, answer] of await askForSilent(await describe(deps.clientFor, batch, signal), signal)) {
        described.set(digestKey(image), { image, answer, until: now() + keptFor(answer) });
      }
    });
  }

  /** What an answer does not mention is not missing for that; the registry says whether it is when it is asked for the manifest. */
  async function askForSilent(
    answers: readonly (readonly [ImageDigest, Described])[],
    signal: AbortSignal,
  ): Promise<readonly (readonly [ImageDigest, Described])[]> {
    const silent = answers.filter(([, answer]) => answer === SILENT).map(([image]) => image);
    const manifests = silent.length === 0 ? new Map<string, ManifestAnswer>() : await deps.contents.manifests(silent, signal);
    return answers.map(([image, answer]) => {
      if (answer !== SILENT) return [image, answer];
      const manifest = manifests.get(digestKey(image));
      return [image, manifest?.state === 'missing' ? manifest : unanswered(`digest ${image.digest}`)];
    });
  }

  function fresh<T>(kept: ReadonlyMap<string, Kept<T>>, image: ImageDigest): Kept<T> | undefined {
    const known = kept.get(digestKey(image));
    return known !== undefined && isFresh(known) ? known : undefined;
  }

  /** The images that an index is made of: they are scanned, and it is not. */
  async function readChildren(images: readonly ImageDigest[], signal: AbortSignal): Promise<void> {
    const asked = images.filter((image) => fresh(described, image)?.answer.state === 'found' && !fresh(children, image));
    const answers = asked.length === 0 ? new Map() : await deps.contents.manifests(asked, signal);
    for (const image of asked) {
      const answer = answers.get(digestKey(image));
      const found = answer?.state === 'found' ? answer.manifest.children.map(({ digest }: { digest: string }) => digest) : undefined;
      children.set(digestKey(image), { image, answer: found, until: now() + (found === undefined ? RETRY_MS : KEPT_MS) });
    }
    await describeAll(
      images.flatMap((image) => (children.get(digestKey(image))?.answer ?? []).map((digest) => ({ ...image, digest }))),
      signal,
    );
  }

  function scanOf(image: ImageDigest): ImageScan | 'never' | undefined {
    const digests = children.get(digestKey(image))?.answer;
    if (digests === undefined) return undefined;
    const parts = (digests.length === 0 ? [image.digest] : digests).map((digest) => described.get(digestKey({ ...image, digest }))?.answer);
    const scans = parts.map((part) => (part?.state === 'found' ? part.scan : undefined));
    if (scans.some((scan) => scan === undefined)) return undefined;
    const done = scans.flatMap((scan) => (scan === undefined || scan === 'never' ? [] : [scan]));
    if (done.length < scans.length) return 'never';
    const completedAt = done.map((scan) => scan.completedAt).toSorted()[0];
    return completedAt === undefined ? undefined : { completedAt, critical: done.reduce((sum, scan) => sum + scan.critical, 0) };
  }

  async function readSignatures(images: readonly ImageDigest[], signal: AbortSignal): Promise<void> {
    const asked = byRepository(images.filter((image) => !fresh(signatures, image))).repositories.flatMap((repository) =>
      chunks(unique(repository.references), BATCH).map((references) => ({ ...repository, references })),
    );
    for (const { host, references, ...repository } of asked) {
      const client = deps.clientFor(host);
      const tagged = await readSignatureTags(client, { ...repository, host, references }, signal);
      await inParallel(references, CALLS_AT_ONCE, async (image) => {
        const isTagged = tagged.get(image.digest);
        const isAttached = isTagged === true ? undefined : await readSigned(client, host, image, signal);
        // That there is none is known once neither place has it.
        const answer = isTagged === true || isAttached === true ? true : isTagged === false ? isAttached : undefined;
        signatures.set(digestKey(image), { image, answer, until: now() + (answer === undefined ? RETRY_MS : KEPT_MS) });
      });
    }
  }

  return {
    async details(images, { lifecycles: wantsLifecycles, scans, signatures: wantsSignatures }: AskedDetails, signal) {
      const ours = unique(images.filter(({ registry }) => ecrHostOf(registry) !== undefined));
      await describeAll(ours, signal);
      if (scans) await readChildren(ours, signal);
      if (wantsSignatures) await readSignatures(ours, signal);
      const lifecycleOf = await lifecycles.read(wantsLifecycles ? byRepository(ours).repositories : [], signal);
      return new Map(
        ours.map((image): readonly [string, DetailsAnswer] => {
          const key = digestKey(image);
          const answer = described.get(key)?.answer ?? unanswered(`digest ${image.digest}`);
          if (answer.state !== 'found') return [key, answer];
          const [scan, lifecycle, signed] = [scans ? scanOf(image) : undefined, lifecycleOf(image), signatures.get(key)?.answer];
          const details = {
            status: answer.status,
            ...(scan === undefined ? {} : { scan }),
            ...(lifecycle === undefined ? {} : { lifecycle }),
            ...(signed === undefined ? {} : { signed }),
          };
          return [key, { state: 'found', details }];
        }),
      );
    },

    async copies(images, region, signal) {
      const asked = unique(images).flatMap((image) => {
        const host = ecrHostOf(image.registry);
        // Names of hosts hold the region once, in every form.
        return host === undefined ? [] : [{ image, copy: { ...image, registry: image.registry.replace(host.region, region) } }];
      });
      const unknown = asked.filter(({ copy }) => !fresh(copied, copy)).map(({ copy }) => copy);
      const answers = unknown.length === 0 ? new Map() : await deps.contents.manifests(unknown, signal);
      for (const copy of unknown) {
        const found = answers.get(digestKey(copy)) ?? unanswered(`digest ${copy.digest}`);
        const answer = found.state === 'found' ? 'there' : found;
        copied.set(digestKey(copy), { image: copy, answer, until: now() + (answer === 'there' ? KEPT_MS : RETRY_MS) });
      }
      return new Map(
        asked.map(({ image, copy }) => [digestKey(image), copied.get(digestKey(copy))?.answer ?? unanswered(`digest ${image.digest}`)]),
      );
    },

    forget(isChanged) {
      lifecycles.forget(isChanged);
      for (const kept of [described, children, signatures, copied]) {
        for (const [key, { image }] of kept) if (isChanged(image)) kept.delete(key);
      }
    },
  };
}

/** For an image that an answer does not mention. */
const SILENT: Described = unanswered('the image');

/** DescribeImages fails as a whole for one image that is not there, so the batch is halved until that one stands alone. */
async function describe(
  clientFor: EcrClients,
  batch: Repository<ImageDigest>,
  signal: AbortSignal,
): Promise<readonly (readonly [ImageDigest, Described])[]> {
  const { host, name, references } = batch;
  try {
    const output = await clientFor(host).send(
      new DescribeImagesCommand({
        registryId: host.account,
        repositoryName: name,
        imageIds: references.map(({ digest }) => ({ imageDigest: digest })),
        // Without it archived images are hidden, as if they were not there.
        filter: { imageStatus: 'ANY' },
      }),
      { abortSignal: callSignal(signal) },
    );
    const found = new Map((output.imageDetails ?? []).map((detail) => [detail.imageDigest, detail]));
    return references.map((image) => {
      const detail = found.get(image.digest);
      return [image, detail === undefined ? SILENT : readDetail(detail)] as const;
    });
  } catch (error) {
    signal.throwIfAborted();
    const isMissing = error instanceof Error && error.name === 'ImageNotFoundException';
    if (isMissing && references.length > 1) {
      const middle = Math.ceil(references.length / 2);
      const halves = [references.slice(0, middle), references.slice(middle)].map((half) => ({ ...batch, references: half }));
      const answers: (readonly [ImageDigest, Described])[] = [];
      for (const half of halves) answers.push(...(await describe(clientFor, half, signal)));
      return answers;
    }
    const answer: NoAnswer = isMissing ? { state: 'missing', failure: boundedFailure(error) } : failedCall(error);
    return references.map((image) => [image, answer] as const);
  }
}

function readDetail({ imageStatus, imageScanFindingsSummary: scan }: ImageDetail): Described {
  const completedAt = scan?.imageScanCompletedAt?.toISOString();
  return {
    state: 'found',
    // Registries from before there was a status have only active images.
    status: imageStatus ?? 'ACTIVE',
    scan: completedAt === undefined ? 'never' : { completedAt, critical: scan?.findingSeverityCounts?.CRITICAL ?? 0 },
  };
}

/** That it could not be known is a finding, which the next audit is to take back; one that waited in vain would do so again. */
function keptFor(answer: Described): number {
  if (answer.state === 'found') return KEPT_MS;
  return answer.state === 'unverifiable' && answer.failure.reason !== 'TimeoutError' ? 0 : RETRY_MS;
}

function unique(images: readonly ImageDigest[]): readonly ImageDigest[] {
  return [...new Map(images.map((image) => [digestKey(image), image])).values()];
}
