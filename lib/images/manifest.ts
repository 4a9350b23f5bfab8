import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Failure } from '../errors.ts';
import type { Platform } from './types.ts';

const INDEX_MEDIA_TYPES = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'];
const IMAGE_MEDIA_TYPES = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'];

/** Sent with every request by tag: a registry that is not told that we accept an index may convert it, and the digest with it. */
export const MANIFEST_MEDIA_TYPES: readonly string[] = [...INDEX_MEDIA_TYPES, ...IMAGE_MEDIA_TYPES];

/** The limit that registries themselves set on manifests. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

const Manifest = z.object({ schemaVersion: z.literal(2), mediaType: z.string().optional() });
const Index = Manifest.extend({
  manifests: z
    .array(
      z.object({
        platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
        annotations: z.record(z.string(), z.string()).nullish(),
      }),
    )
    .max(1000),
});

/** A manifest or index whose bytes are the ones that its digest names. */
export interface ReadManifest {
  readonly digest: string;
  readonly mediaType: string;
  /** Of an index; empty for a single manifest, whose platform is in its config. */
  readonly platforms: readonly Platform[];
}

/**
 * Checks what a registry answered: size, digest (by hashing the bytes), media type and form. What cannot be trusted comes back as a
 * failure and is never taken for an image.
 */
export function readManifest(answer: {
  readonly manifest: string | undefined;
  readonly digest: string | undefined;
  readonly mediaType: string | undefined;
}): ReadManifest | { readonly failure: Failure } {
  const { manifest, digest } = answer;
  if (manifest === undefined || digest === undefined)
    return failed('MalformedAnswer', 'the registry answered without a manifest or its digest');
  const bytes = Buffer.byteLength(manifest);
  if (bytes > MAX_MANIFEST_BYTES)
    return failed('ManifestTooLarge', `the manifest has ${bytes} bytes; at most ${MAX_MANIFEST_BYTES} are read`);
  const actual = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
  if (actual !== digest)
    return failed('DigestMismatch', `the registry says ${digest.slice(0, 80)}, and the manifest that it sent is ${actual}`);

  const json = parseJson(manifest);
  const plain = Manifest.safeParse(json);
  if (!plain.success) return failed('MalformedManifest', 'the manifest is not JSON of schema version 2');
  const mediaType = answer.mediaType ?? plain.data.mediaType ?? '';
  if (IMAGE_MEDIA_TYPES.includes(mediaType)) return { digest, mediaType, platforms: [] };
  if (!INDEX_MEDIA_TYPES.includes(mediaType)) {
    return failed(
      'UnsupportedMediaType',
      `the media type is "${mediaType.slice(0, 100)}"; accepted are ${MANIFEST_MEDIA_TYPES.join(', ')}`,
    );
  }
  const index = Index.safeParse(json);
  if (!index.success) return failed('MalformedManifest', 'the index has no well-formed list of at most 1000 manifests');
  return { digest, mediaType, platforms: platformsOf(index.data) };
}

function platformsOf(index: z.infer<typeof Index>): readonly Platform[] {
  const platforms = new Map<string, Platform>();
  for (const { platform, annotations } of index.manifests) {
    if (platform === undefined || platform.os === 'unknown' || annotations?.['vnd.docker.reference.type'] === 'attestation-manifest')
      continue;
    const { os, architecture, variant } = platform;
    platforms.set(`${os}/${architecture}/${variant ?? ''}`, { os, architecture, ...(variant === undefined ? {} : { variant }) });
  }
  return [...platforms.values()];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failed(reason: string, message: string): { readonly failure: Failure } {
  return { failure: { reason, message } };
}
