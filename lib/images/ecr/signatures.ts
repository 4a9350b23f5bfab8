import { BatchGetImageCommand, DescribeImageSigningStatusCommand, type ECRClient, ListImageReferrersCommand } from '@aws-sdk/client-ecr';
import { MANIFEST_MEDIA_TYPES } from '../registry/manifest.ts';
import type { ImageDigest } from '../registry/registry.ts';
import { isSignature, signatureTag } from '../registry/signature-types.ts';
import { callSignal, type Repository, readFailure } from './calls.ts';
import type { EcrHost } from './host.ts';

const MAX_PAGES = 10;

/**
 * Which of up to 100 images of a repository have a signature in a tag beside them, by digest: in one call. Left out where that could not be
 * known.
 */
export async function readSignatureTags(
  client: ECRClient,
  { host, name, references }: Repository<ImageDigest>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, boolean>> {
  const digestOf = new Map(references.map(({ digest }) => [signatureTag(digest), digest]));
  const signed = new Map<string, boolean>();
  try {
    const { images = [], failures = [] } = await client.send(
      new BatchGetImageCommand({
        registryId: host.account,
        repositoryName: name,
        imageIds: [...digestOf.keys()].map((imageTag) => ({ imageTag })),
        acceptedMediaTypes: [...MANIFEST_MEDIA_TYPES],
      }),
      { abortSignal: callSignal(signal) },
    );
    for (const failure of failures) {
      const digest = digestOf.get(failure.imageId?.imageTag ?? '');
      if (digest !== undefined && readFailure(failure).state === 'missing') signed.set(digest, false);
    }
    for (const { imageId } of images) {
      const digest = digestOf.get(imageId?.imageTag ?? '');
      if (digest !== undefined) signed.set(digest, true);
    }
  } catch {
    signal.throwIfAborted();
  }
  return signed;
}

/**
 * Whether a signature is attached to an image, or ECR itself has signed it. That it is there says nothing of whether it is valid, or whose it
 * is. Undefined where that could not be known.
 */
export async function readSigned(
  client: ECRClient,
  { account }: EcrHost,
  { repository, digest }: ImageDigest,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    let nextToken: string | undefined;
    for (let page = 0; page === 0 || (nextToken !== undefined && page < MAX_PAGES); page += 1) {
      const output = await client.send(
        new ListImageReferrersCommand({
          registryId: account,
          repositoryName: repository,
          subjectId: { imageDigest: digest },
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
        { abortSignal: callSignal(signal) },
      );
      if ((output.referrers ?? []).some(({ artifactType }) => isSignature(artifactType))) return true;
      nextToken = output.nextToken;
    }
    // A signature may be on the pages that nobody read.
    const isComplete = nextToken === undefined;
    const { signingStatuses = [] } = await client.send(
      new DescribeImageSigningStatusCommand({ registryId: account, repositoryName: repository, imageId: { imageDigest: digest } }),
      { abortSignal: callSignal(signal) },
    );
    return signingStatuses.some(({ status }) => status === 'COMPLETE') || (isComplete ? false : undefined);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
