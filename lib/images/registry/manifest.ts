import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Failure } from '../../errors.ts';
import type { Platform } from '../types.ts';
import { parseJson } from './json-text.ts';

const INDEX_MEDIA_TYPES = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'];
const IMAGE_MEDIA_TYPES = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'];
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

/** Sent with every request by tag: a registry that is not told that we accept an index may convert it, and the digest with it. */
export const MANIFEST_MEDIA_TYPES: readonly string[] = [...INDEX_MEDIA_TYPES, ...IMAGE_MEDIA_TYPES];

/** The limit that registries themselves set on manifests. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Runtimes stop at 127; more is nothing that could be started. */
const MAX_LAYERS = 1000;
const MAX_CHILDREN = 1000;

export const SHA256_DIGEST = /^sha256:[0-9a-f]{64}$/;
const Descriptor = z.object({ mediaType: z.string().optional(), digest: z.string().regex(SHA256_DIGEST) });
const Manifest = z.object({ schemaVersion: z.literal(2), mediaType: z.string().optional() });
const Image = Manifest.extend({ config: Descriptor.optional(), layers: z.array(z.unknown()).max(MAX_LAYERS).optional() });
const Index = Manifest.extend({
  manifests: z
    .array(
      Descriptor.extend({
        platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
        annotations: z.record(z.string(), z.string()).nullish(),
      }),
    )
    .max(MAX_CHILDREN),
});

/** One image of an index. */
export interface ChildManifest {
  readonly digest: string;
  /** Absent where the index does not say. */
  readonly platform?: Platform;
}

/** A manifest or index whose bytes are the ones that its digest names. */
export interface ReadManifest {
  readonly digest: string;
  readonly mediaType: string;
  /** Of an index that says it of all its images; empty for a single manifest, whose platform is in its config. */
  readonly platforms: readonly Platform[];
  /** Of an index, without attestations. */
  readonly children: readonly ChildManifest[];
  /** Digest of the config of a single manifest: what a container runtime knows an image by. */
  readonly config?: string;
}

/**
 * Checks what a registry answered: size, digest (by hashing the bytes), media type and form. What cannot be trusted comes back as a
 * failure and is never taken for an image.
 */
export function readManifest(answer: {
  readonly manifest: string | Buffer | undefined;
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

  const json = parseJson(manifest.toString());
  const plain = Manifest.safeParse(json);
  const mediaType = mediaTypeOf(answer.mediaType) ?? plain.data?.mediaType ?? '';
  if (SCHEMA_1.test(mediaType) || z.object({ schemaVersion: z.literal(1) }).safeParse(json).success) {
    return failed('SchemaVersion1', 'the manifest is of schema version 1, which no digest of today names; push the image again');
  }
  if (!plain.success) return failed('MalformedManifest', 'the manifest is not JSON of schema version 2');
  if (plain.data.mediaType !== undefined && plain.data.mediaType !== mediaType) {
    return failed('UnsupportedMediaType', `the registry says ${shown(mediaType)}, and the manifest itself ${shown(plain.data.mediaType)}`);
  }
  if (IMAGE_MEDIA_TYPES.includes(mediaType)) return readImage(json, digest, mediaType);
  if (INDEX_MEDIA_TYPES.includes(mediaType)) return readIndex(json, digest, mediaType);
  return failed('UnsupportedMediaType', `the media type is ${shown(mediaType)}; accepted are ${MANIFEST_MEDIA_TYPES.join(', ')}`);
}

/** A media type without its parameters. */
export function mediaTypeOf(header: string | undefined): string | undefined {
  return header?.split(';')[0]?.trim().toLowerCase();
}

function readImage(json: unknown, digest: string, mediaType: string): ReadManifest | { readonly failure: Failure } {
  const image = Image.safeParse(json);
  if (!image.success) return failed('MalformedManifest', `the manifest has no well-formed config, or more than ${MAX_LAYERS} layers`);
  const { config } = image.data;
  return { digest, mediaType, platforms: [], children: [], ...(config === undefined ? {} : { config: config.digest }) };
}

function readIndex(json: unknown, digest: string, mediaType: string): ReadManifest | { readonly failure: Failure } {
  const index = Index.safeParse(json);
  if (!index.success) return failed('MalformedManifest', `the index has no well-formed list of at most ${MAX_CHILDREN} manifests`);
  if (index.data.manifests.some((child) => INDEX_MEDIA_TYPES.includes(child.mediaType ?? ''))) {
    return failed('NestedIndex', 'the index holds another index, which no container runtime looks into');
  }
  const children = new Map<string, ChildManifest>();
  const platforms = new Map<string, Platform>();
  for (const child of index.data.manifests) {
    if (child.platform?.os === 'unknown' || child.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest') continue;
    if (child.platform === undefined) {
      children.set(`${child.digest} `, { digest: child.digest });
      continue;
    }
    const { os, architecture, variant } = child.platform;
    const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
    children.set(`${child.digest} ${platformKey(platform)}`, { digest: child.digest, platform });
    platforms.set(platformKey(platform), platform);
  }
  const all = [...children.values()];
  const isTold = all.every(({ platform }) => platform !== undefined);
  return { digest, mediaType, platforms: isTold ? [...platforms.values()] : [], children: all };
}

/** `linux/arm64/v8` */
export function platformKey({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

function shown(mediaType: string): string {
  return `"${mediaType.slice(0, 100)}"`;
}

function failed(reason: string, message: string): { readonly failure: Failure } {
  return { failure: { reason, message } };
}
