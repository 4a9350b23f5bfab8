import { DescribeImageSigningStatusCommand, type ECRClient, ListImageReferrersCommand } from '@aws-sdk/client-ecr';
import { callSignal } from './ecr-calls.ts';
import type { EcrHost } from './ecr-host.ts';
import type { ImageDigest } from './registry.ts';

/** Of Notation, of Cosign, and of Sigstore's bundles, which Cosign writes by now. */
const SIGNATURE_TYPES =
  /^application\/(?:vnd\.cncf\.notary\.signature|vnd\.dev\.cosign\.artifact\.sig\.v1\+json|vnd\.dev\.sigstore\.bundle(?:\.v[\d.]+)?\+json)$/;
const MAX_PAGES = 10;

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
      if ((output.referrers ?? []).some(({ artifactType }) => SIGNATURE_TYPES.test(artifactType ?? ''))) return true;
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
