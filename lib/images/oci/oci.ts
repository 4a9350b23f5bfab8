import { createHash } from 'node:crypto';
import { z } from 'zod';
import { failureOf } from '../../errors.ts';
import { inParallel } from '../../in-parallel.ts';
import { tagOf } from '../reference.ts';
import { MAX_CONFIG_BYTES, readImageConfig } from '../registry/image-config.ts';
import { parseJson } from '../registry/json-text.ts';
import {
  MANIFEST_MEDIA_TYPES,
  MAX_MANIFEST_BYTES,
  mediaTypeOf,
  type ReadManifest,
  readManifest,
  SHA256_DIGEST,
} from '../registry/manifest.ts';
import {
  digestKey,
  type ImageContents,
  type ImageRegistry,
  type ManifestAnswer,
  type NoAnswer,
  type Resolution,
  repositoryKey,
  unverifiable,
} from '../registry/registry.ts';
import type { ImageReference } from '../types.ts';
import type { OciClient } from './client.ts';
import { RegistryHttpError, type RegistryResponse } from './http.ts';

const CALLS_AT_ONCE = 4;
/** Of manifests that were read; an entry of a large index has some 100 KB. */
const MANIFESTS_KEPT = 500;

/** Codes by which a registry says that it knows the repository and has no such manifest in it. */
const MISSING_CODES = ['MANIFEST_UNKNOWN', 'BLOB_UNKNOWN'];
const Errors = z.object({ errors: z.array(z.object({ code: z.string() })).min(1) });

type Where = Pick<ImageReference, 'registry' | 'repository'>;

/**
 * Any registry that speaks the distribution API. A tag is asked for by HEAD, which Docker Hub does not count as a pull; its manifest is read
 * once, by digest. No registry tells whether a tag can be overwritten, so each is taken for one that lets it.
 */
export function createOciRegistry(send: OciClient): ImageRegistry & ImageContents {
  const kept = new Map<string, ReadManifest>();

  async function read(where: Where, reference: string, signal: AbortSignal): Promise<ManifestAnswer> {
    const answered = await askManifest(send, where, 'GET', reference, signal);
    if ('state' in answered) return answered;
    const digest = SHA256_DIGEST.test(reference) ? reference : (digestHeader(answered) ?? digestOf(answered.body));
    const manifest = readManifest({ manifest: answered.body, digest, mediaType: mediaTypeOf(answered.headers['content-type']) });
    if ('failure' in manifest) return { state: 'unverifiable', failure: manifest.failure };
    if (kept.size >= MANIFESTS_KEPT) kept.clear();
    kept.set(manifest.digest, manifest);
    return { state: 'found', manifest };
  }

  async function resolveTag(reference: ImageReference, signal: AbortSignal): Promise<Resolution> {
    const head = await askManifest(send, reference, 'HEAD', tagOf(reference), signal);
    if ('state' in head && head.state === 'unverifiable') return head;
    const digest = 'state' in head ? undefined : digestHeader(head);
    const known = digest === undefined ? undefined : kept.get(digest);
    const answer =
      known === undefined ? await read(reference, digest ?? tagOf(reference), signal) : ({ state: 'found', manifest: known } as const);
    if (answer.state !== 'found') return answer;
    const { digest: found, mediaType, platforms } = answer.manifest;
    return { state: 'found', digest: found, mediaType, platforms };
  }

  return {
    async resolve(references, signal) {
      const resolutions = new Map<string, Resolution>();
      await inParallel(references, CALLS_AT_ONCE, async (reference) => {
        resolutions.set(reference.text, await resolveTag(reference, signal));
      });
      return resolutions;
    },

    async settings(references) {
      return new Map(references.map((reference) => [repositoryKey(reference), { state: 'found', settings: UNKNOWN_SETTINGS } as const]));
    },

    async manifests(images, signal) {
      const answers = new Map<string, ManifestAnswer>();
      await inParallel(images, CALLS_AT_ONCE, async (image) => {
        answers.set(digestKey(image), await read(image, image.digest, signal));
      });
      return answers;
    },

    async config(image, signal) {
      const { registry, repository, digest } = image;
      const request = {
        method: 'GET',
        registry,
        repository,
        path: `blobs/${digest}`,
        accept: ['*/*'],
        maxBytes: MAX_CONFIG_BYTES,
      } as const;
      try {
        const response = await send(request, signal);
        if (response.status !== 200) return noAnswer(response, `config ${digest}`, registry);
        const config = readImageConfig(response.body, digest);
        return 'failure' in config ? { state: 'unverifiable', failure: config.failure } : { state: 'found', config };
      } catch (error) {
        return notReached(error, signal);
      }
    },
  };
}

const UNKNOWN_SETTINGS = { mutability: 'MUTABLE', exclusions: [] } as const;

/** A 200 with a manifest, or why there is none. Of a HEAD that finds nothing only the GET that follows says whether it is missing. */
export async function askManifest(
  send: OciClient,
  { registry, repository }: Where,
  method: 'GET' | 'HEAD',
  reference: string,
  signal: AbortSignal,
): Promise<RegistryResponse | NoAnswer> {
  const request = {
    method,
    registry,
    repository,
    path: `manifests/${reference}`,
    accept: MANIFEST_MEDIA_TYPES,
    maxBytes: MAX_MANIFEST_BYTES,
  };
  try {
    const response = await send(request, signal);
    if (response.status === 200) return response;
    // A HEAD has no body that says why; the GET that follows has.
    return method === 'HEAD' && response.status === 404
      ? { state: 'missing', failure: { reason: 'NotFound', message: 'not found' } }
      : noAnswer(response, `manifest ${reference}`, registry);
  } catch (error) {
    return notReached(error, signal);
  }
}

/**
 * A 404 alone is no proof: registries answer it for repositories that we may not see, and so do proxies. Missing is what the registry itself
 * calls an unknown manifest.
 */
function noAnswer({ status, body }: RegistryResponse, subject: string, registry: string): NoAnswer {
  const code = Errors.safeParse(parseJson(body.toString())).data?.errors[0]?.code.slice(0, 50);
  const message = `registry ${registry} answers HTTP ${status}${code === undefined ? '' : ` ${code}`} for ${subject}`;
  if (status === 404 && MISSING_CODES.includes(code ?? '')) return { state: 'missing', failure: { reason: 'ManifestUnknown', message } };
  if (status === 404) return unverifiable('RepositoryUnknown', message);
  return unverifiable('RegistryFailed', message);
}

function notReached(error: unknown, signal: AbortSignal): NoAnswer {
  signal.throwIfAborted();
  const { reason, message } = failureOf(error);
  return unverifiable(error instanceof RegistryHttpError && reason === 'AnswerTooLarge' ? 'ManifestTooLarge' : reason, message);
}

function digestHeader(response: RegistryResponse): string | undefined {
  const digest = response.headers['docker-content-digest'];
  return digest !== undefined && SHA256_DIGEST.test(digest) ? digest : undefined;
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
