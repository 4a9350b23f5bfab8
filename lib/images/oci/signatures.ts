import { z } from 'zod';
import { parseJson } from '../registry/json-text.ts';
import { MAX_MANIFEST_BYTES } from '../registry/manifest.ts';
import type { ImageDigest } from '../registry/registry.ts';
import { isSignature, referrersTag, signatureTag } from '../registry/signature-types.ts';
import type { OciClient } from './client.ts';
import { askManifest } from './oci.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
/** What registries answer that know nothing of referrers. */
const UNSUPPORTED = [400, 404, 405, 501];
const Referrers = z.object({ manifests: z.array(z.object({ artifactType: z.string().optional() })).max(1000) });

/**
 * Whether a signature is attached to an image: as a referrer, in the list that clients keep where the registry keeps none, or in the tag that
 * Cosign makes. Undefined where one of them could not be asked for, and no other has one.
 */
export async function readOciSigned(send: OciClient, image: ImageDigest, signal: AbortSignal): Promise<boolean | undefined> {
  const tag = await isThere(send, image, signatureTag(image.digest), signal);
  if (tag === true) return true;
  const listed = await readReferrers(send, image, signal);
  const attached = listed === 'unsupported' ? await readReferrersTag(send, image, signal) : listed;
  if (attached?.some(isSignature) === true) return true;
  // That there is none is known once no place has it.
  return attached === undefined ? undefined : tag;
}

async function isThere(send: OciClient, image: ImageDigest, tag: string, signal: AbortSignal): Promise<boolean | undefined> {
  const head = await askManifest(send, image, 'HEAD', tag, signal);
  if (!('state' in head)) return true;
  if (head.state === 'unverifiable') return undefined;
  const answer = await askManifest(send, image, 'GET', tag, signal);
  return 'state' in answer ? (answer.state === 'missing' ? false : undefined) : true;
}

type ArtifactTypes = readonly (string | undefined)[];

/** Undefined where it could not be read in full. */
async function readReferrers(
  send: OciClient,
  { registry, repository, digest }: ImageDigest,
  signal: AbortSignal,
): Promise<ArtifactTypes | 'unsupported' | undefined> {
  const request = {
    method: 'GET',
    registry,
    repository,
    path: `referrers/${digest}`,
    accept: [INDEX],
    maxBytes: MAX_MANIFEST_BYTES,
  } as const;
  try {
    const { status, headers, body } = await send(request, signal);
    if (UNSUPPORTED.includes(status)) return 'unsupported';
    return status === 200 && headers.link === undefined ? typesOf(body) : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function readReferrersTag(send: OciClient, image: ImageDigest, signal: AbortSignal): Promise<ArtifactTypes | undefined> {
  const answer = await askManifest(send, image, 'GET', referrersTag(image.digest), signal);
  if ('state' in answer) return answer.state === 'missing' ? [] : undefined;
  return typesOf(answer.body);
}

function typesOf(body: Buffer): ArtifactTypes | undefined {
  return Referrers.safeParse(parseJson(body.toString())).data?.manifests.map(({ artifactType }) => artifactType);
}
