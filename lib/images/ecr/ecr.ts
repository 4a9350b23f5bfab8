import {
  BatchGetImageCommand,
  type BatchGetImageCommandOutput,
  type ECRClient,
  GetDownloadUrlForLayerCommand,
  type ImageIdentifier,
} from '@aws-sdk/client-ecr';
import { failureOf } from '../../errors.ts';
import { inParallel } from '../../in-parallel.ts';
import type { RegistryHttp } from '../oci/http.ts';
import { tagOf } from '../reference.ts';
import { MAX_CONFIG_BYTES, readImageConfig } from '../registry/image-config.ts';
import { MANIFEST_MEDIA_TYPES, readManifest } from '../registry/manifest.ts';
import {
  type ConfigAnswer,
  digestKey,
  type ImageContents,
  type ImageDigest,
  type ImageLookup,
  type ImageRegistry,
  type ManifestAnswer,
  type NoAnswer,
  type Resolution,
  repositoryKey,
  unanswered,
  unverifiable,
} from '../registry/registry.ts';
import type { ImageReference } from '../types.ts';
import { BATCH, byRepository, CALLS_AT_ONCE, callSignal, chunks, failedCall, type Repository, readFailure } from './calls.ts';
import { ecrHostOf } from './host.ts';
import { readSettings, type SettingsDependencies } from './settings.ts';

export interface EcrDependencies extends SettingsDependencies {
  /** Reads what a presigned address of ECR names. */
  readonly http: RegistryHttp;
}

/** Private ECR registries, through BatchGetImage and DescribeRepositories: as few calls as their batches allow. */
export function createEcrRegistry(deps: EcrDependencies): ImageRegistry & ImageContents & ImageLookup {
  return {
    async resolve(references, signal) {
      const { repositories, foreign } = byRepository(references);
      const resolutions = new Map<string, Resolution>(foreign.map((reference) => [reference.text, notEcr(reference)]));
      const batches = repositories.flatMap((repository) =>
        chunks([...new Set(repository.references.map(tagOf))], BATCH).map((tags) => ({ repository, tags })),
      );
      await inParallel(batches, CALLS_AT_ONCE, async ({ repository, tags }) => {
        const resolved = await resolveTags(deps.clientFor(repository.host), repository, tags, signal);
        for (const reference of repository.references) {
          const answer = resolved.get(tagOf(reference));
          if (answer !== undefined) resolutions.set(reference.text, resolutionOf(answer));
        }
      });
      return resolutions;
    },

    async settings(references, signal) {
      const foreign = references.filter(({ registry }) => ecrHostOf(registry) === undefined);
      return new Map([
        ...(await readSettings(references, deps, signal)),
        ...foreign.map((reference) => [repositoryKey(reference), notEcr(reference)] as const),
      ]);
    },

    async manifests(images, signal) {
      const { repositories, foreign } = byRepository(images);
      const answers = new Map<string, ManifestAnswer>(foreign.map((image) => [digestKey(image), notEcr(image)]));
      const batches = repositories.flatMap((repository) =>
        chunks([...new Set(repository.references.map(({ digest }) => digest))], BATCH).map((digests) => ({ repository, digests })),
      );
      await inParallel(batches, CALLS_AT_ONCE, async ({ repository, digests }) => {
        const found = await readDigests(deps.clientFor(repository.host), repository, digests, signal);
        for (const image of repository.references) {
          const answer = found.get(image.digest);
          if (answer !== undefined) answers.set(digestKey(image), answer);
        }
      });
      return answers;
    },

    async lookUp(tags, digests, signal) {
      const { repositories, foreign } = byRepository<ImageReference | ImageDigest>([...tags, ...digests]);
      const resolutions = new Map<string, Resolution>();
      const manifests = new Map<string, ManifestAnswer>();
      const keep = (item: ImageReference | ImageDigest, answer: ManifestAnswer) =>
        'text' in item ? resolutions.set(item.text, resolutionOf(answer)) : manifests.set(digestKey(item), answer);
      for (const item of foreign) keep(item, notEcr(item));
      const batches = repositories.flatMap((repository) =>
        chunks([...new Map(repository.references.map((item) => [idOf(item), item])).keys()], BATCH).map((ids) => ({ repository, ids })),
      );
      await inParallel(batches, CALLS_AT_ONCE, async ({ repository, ids }) => {
        const answers = await readMixed(deps.clientFor(repository.host), repository, ids, signal);
        for (const item of repository.references) {
          const answer = answers.get(idOf(item));
          if (answer !== undefined) keep(item, answer);
        }
      });
      return { resolutions, manifests };
    },

    config: (config, signal) => readConfig(config, deps, signal),
  };
}

/** A tag has no colon, a digest has one. */
function idOf(item: ImageReference | ImageDigest): string {
  return 'text' in item ? tagOf(item) : item.digest;
}

/** Up to 100 tags and digests of one repository, in one call; where its answer cannot be matched to the tags, in one more for those. */
async function readMixed(
  client: ECRClient,
  repository: Pick<Repository, 'host' | 'name'>,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ManifestAnswer>> {
  const [digests, tags] = [ids.filter((id) => id.includes(':')), ids.filter((id) => !id.includes(':'))];
  if (tags.length === 0) return readDigests(client, repository, digests, signal);
  if (digests.length === 0) return resolveTags(client, repository, tags, signal);
  let output: BatchGetImageCommandOutput;
  try {
    output = await batchGet(client, repository, [...tags.map((imageTag) => ({ imageTag })), ...digestIds(digests)], signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isInvalid(error)) return new Map(ids.map((id) => [id, failedCall(error)]));
    // One id that is not accepted fails the whole call: the tags have no part in a digest's fault.
    const apart = await Promise.all([resolveTags(client, repository, tags, signal), readDigests(client, repository, digests, signal)]);
    return new Map(apart.flatMap((some) => [...some]));
  }
  const answers = new Map<string, ManifestAnswer>(readDigestAnswers(digests, output));
  const tagged = [...(output.images ?? []), ...(output.failures ?? [])].filter(({ imageId }) => tags.includes(imageId?.imageTag ?? ''));
  const named = new Map(tagged.map((answer) => [answer.imageId?.imageTag ?? '', answer]));
  const isOneToOne = named.size === tags.length && tagged.every((one) => isSameAnswer(one, named.get(one.imageId?.imageTag ?? '')));
  if (!isOneToOne) return new Map([...answers, ...(await resolveTags(client, repository, tags, signal))]);
  for (const [tag, answer] of named) answers.set(tag, 'failureCode' in answer ? readFailure(answer) : readImage(answer));
  return answers;
}

function isInvalid(error: unknown): boolean {
  return error instanceof Error && error.name === 'InvalidParameterException';
}

/** An image that was asked for by tag and by digest may come twice. */
function isSameAnswer(a: Answered, b: Answered | undefined): boolean {
  return a.imageId?.imageDigest === b?.imageId?.imageDigest;
}

type Answered = NonNullable<BatchGetImageCommandOutput['images'] | BatchGetImageCommandOutput['failures']>[number];

function digestIds(digests: readonly string[]): readonly ImageIdentifier[] {
  return digests.map((imageDigest) => ({ imageDigest }));
}

function batchGet(
  client: ECRClient,
  { host, name }: Pick<Repository, 'host' | 'name'>,
  imageIds: readonly ImageIdentifier[],
  signal: AbortSignal,
): Promise<BatchGetImageCommandOutput> {
  const command = new BatchGetImageCommand({
    registryId: host.account,
    repositoryName: name,
    imageIds: [...imageIds],
    acceptedMediaTypes: [...MANIFEST_MEDIA_TYPES],
  });
  return client.send(command, { abortSignal: callSignal(signal) });
}

function readDigestAnswers(digests: readonly string[], output: BatchGetImageCommandOutput): ReadonlyMap<string, ManifestAnswer> {
  const answers = new Map<string, ManifestAnswer>(digests.map((digest) => [digest, unanswered(`digest ${digest}`)]));
  const keep = (digest: string | undefined, answer: ManifestAnswer) => {
    if (digest !== undefined && answers.has(digest)) answers.set(digest, answer);
  };
  for (const failure of output.failures ?? []) keep(failure.imageId?.imageDigest, readFailure(failure));
  for (const image of output.images ?? []) keep(image.imageId?.imageDigest, readImage(image));
  return answers;
}

/** The manifests of up to 100 digests of one repository, in one call; each digest comes back with its manifest or its failure. */
async function readDigests(
  client: ECRClient,
  repository: Pick<Repository, 'host' | 'name'>,
  digests: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ManifestAnswer>> {
  try {
    return readDigestAnswers(digests, await batchGet(client, repository, digestIds(digests), signal));
  } catch (error) {
    signal.throwIfAborted();
    return new Map(digests.map((digest) => [digest, failedCall(error)]));
  }
}

async function readConfig(config: ImageDigest, { clientFor, http }: EcrDependencies, signal: AbortSignal): Promise<ConfigAnswer> {
  const host = ecrHostOf(config.registry);
  if (host === undefined) return notEcr(config);
  try {
    const command = new GetDownloadUrlForLayerCommand({
      registryId: host.account,
      repositoryName: config.repository,
      layerDigest: config.digest,
    });
    const asked = hostAsked(command);
    const { downloadUrl = '' } = await clientFor(host).send(command, { abortSignal: callSignal(signal) });
    if (!URL.canParse(downloadUrl)) return unanswered(`config ${config.digest}`);
    const url = new URL(downloadUrl);
    // Where somebody set at which address ECR is asked, that one may be inside a network, and no other.
    const allowPrivate = url.host === asked();
    const request = { method: 'GET', url, headers: {}, maxBytes: MAX_CONFIG_BYTES, allowPrivate } as const;
    const { status, body } = await http(request, signal);
    if (status !== 200) return unverifiable('RegistryFailed', `config ${config.digest}: its download answers HTTP ${status}`);
    const read = readImageConfig(body, config.digest);
    return 'failure' in read ? { state: 'unverifiable', failure: read.failure } : { state: 'found', config: read };
  } catch (error) {
    signal.throwIfAborted();
    const { reason, message } = failureOf(error);
    return unverifiable(reason, message);
  }
}

/** Host and port that a call is sent to: those of AWS, unless somebody set others (`AWS_ENDPOINT_URL`). Known once it was sent. */
function hostAsked(command: GetDownloadUrlForLayerCommand): () => string | undefined {
  let host: string | undefined;
  command.middlewareStack.add(
    (next) => (args) => {
      const sent: object = 'request' in args && typeof args.request === 'object' && args.request !== null ? args.request : {};
      if ('hostname' in sent) host = `${sent.hostname}${'port' in sent && sent.port !== undefined ? `:${sent.port}` : ''}`;
      return next(args);
    },
    { step: 'finalizeRequest' },
  );
  return () => host;
}

function resolutionOf(answer: ManifestAnswer): Resolution {
  if (answer.state !== 'found') return answer;
  const { digest, mediaType, platforms } = answer.manifest;
  return { state: 'found', digest, mediaType, platforms };
}

/** What BatchGetImage says of up to 100 tags of one repository, for each of them. */
async function resolveTags(
  client: ECRClient,
  repository: Pick<Repository, 'host' | 'name'>,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ManifestAnswer>> {
  let output: BatchGetImageCommandOutput;
  try {
    output = await batchGet(
      client,
      repository,
      tags.map((imageTag) => ({ imageTag })),
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    return new Map(tags.map((tag) => [tag, failedCall(error)]));
  }
  const answers = [
    ...(output.images ?? []).map((image) => ({ tag: image.imageId?.imageTag, resolution: readImage(image) })),
    ...(output.failures ?? []).map((failure) => ({ tag: failure.imageId?.imageTag, resolution: readFailure(failure) })),
  ];
  const [only] = tags;
  if (tags.length === 1 && only !== undefined) {
    const [answer] = answers;
    return new Map([[only, answers.length === 1 && answer !== undefined ? answer.resolution : unanswered(`tag ${only}`)]]);
  }
  const byTag = new Map(answers.map(({ tag, resolution }) => [tag, resolution]));
  const resolved = new Map<string, ManifestAnswer>();
  for (const tag of tags) {
    const resolution = byTag.get(tag);
    if (resolution !== undefined) resolved.set(tag, resolution);
  }
  if (resolved.size === tags.length && answers.length === tags.length) return resolved;
  // An answer that is not one to one with what was asked cannot be matched by its tags: each is asked for alone.
  const alone = new Map<string, ManifestAnswer>();
  for (const tag of tags) {
    for (const [key, resolution] of await resolveTags(client, repository, [tag], signal)) alone.set(key, resolution);
  }
  return alone;
}

function readImage(image: NonNullable<BatchGetImageCommandOutput['images']>[number]): ManifestAnswer {
  const read = readManifest({
    manifest: image.imageManifest,
    digest: image.imageId?.imageDigest,
    mediaType: image.imageManifestMediaType,
  });
  return 'failure' in read ? { state: 'unverifiable', failure: read.failure } : { state: 'found', manifest: read };
}

function notEcr({ registry }: Pick<ImageReference, 'registry'>): NoAnswer {
  return unverifiable('NotEcr', `registry ${registry} is not a private ECR registry`);
}
