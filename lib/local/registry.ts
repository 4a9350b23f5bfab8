import { createHash } from 'node:crypto';
import { LocalEnvironmentError } from './host.ts';

const PUSH_TIMEOUT_MS = 15_000;

/** Where images are pushed: an OCI registry, here the emulator's ECR. The repository must exist. */
export interface PushTarget {
  /** `http://127.0.0.1:4566` */
  readonly endpointUrl: string;
  /** The registry's host name as image references have it: one endpoint serves the registries of all accounts and regions. */
  readonly registry: string;
  readonly repository: string;
  /** As `GetAuthorizationToken` returns it; the emulator's registry asks for none. */
  readonly authorizationToken?: string;
}

/** A small image of one layer with one file. The same variant and platform are the same bytes, and so the same digest. */
export interface ImageContent {
  /** The text of the file. */
  readonly variant: string;
  readonly architecture?: 'amd64' | 'arm64';
  /** `oci` if not given. */
  readonly format?: 'oci' | 'docker';
  /** The build step that made its layer, by the history of its config; one that copies the file if not given. */
  readonly createdBy?: string;
}

/** A registry refused what was pushed to it: `status` and the first code of its answer, like `TAG_INVALID`. */
export class PushError extends LocalEnvironmentError {
  readonly status: number;
  readonly code: string;

  constructor(what: string, status: number, code: string) {
    super(`pushing ${what}: the registry answered ${status} ${code}`);
    this.status = status;
    this.code = code;
  }
}

const MEDIA_TYPES = {
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    index: 'application/vnd.oci.image.index.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar',
  },
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar',
  },
} as const;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Pushes layer, config and manifest, and points `tag` at them. Resolves to the manifest's digest; rejects with `PushError`. */
export async function pushImage(target: PushTarget, tag: string, image: ImageContent, signal: AbortSignal): Promise<string> {
  const { digest } = await pushManifest(target, tag, await imageManifest(target, image, signal), signal);
  return digest;
}

/**
 * Pushes an index of one image for each architecture, as `docker buildx` builds it: with an attestation beside them, whose platform is
 * `unknown/unknown`. Resolves to the index's digest.
 */
export async function pushIndex(target: PushTarget, tag: string, image: ImageContent, signal: AbortSignal): Promise<string> {
  const types = MEDIA_TYPES[image.format ?? 'oci'];
  const children = [];
  for (const architecture of ['amd64', 'arm64'] as const) {
    const child = await pushManifest(target, undefined, await imageManifest(target, { ...image, architecture }, signal), signal);
    children.push({ ...child, platform: { os: 'linux', architecture, ...(architecture === 'arm64' ? { variant: 'v8' } : {}) } });
  }
  const attestation = await pushManifest(
    target,
    undefined,
    await imageManifest(target, { ...image, variant: `${image.variant} attested` }, signal),
    signal,
  );
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': children[0]?.digest };
  const manifests = [...children, { ...attestation, annotations, platform: { os: 'unknown', architecture: 'unknown' } }];
  const { digest } = await pushManifest(target, tag, { schemaVersion: 2, mediaType: types.index, manifests }, signal);
  return digest;
}

interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly [field: string]: unknown;
}

async function imageManifest(target: PushTarget, image: ImageContent, signal: AbortSignal): Promise<Manifest> {
  const { variant, architecture = 'amd64', format = 'oci', createdBy = 'COPY variant.txt /' } = image;
  const types = MEDIA_TYPES[format];
  const layer = tarOf('variant.txt', variant);
  const diffId = digestOf(layer);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: { Cmd: ['/variant.txt'] },
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created_by: createdBy }],
    }),
  );
  const layers = [await pushBlob(target, types.layer, layer, signal)];
  return { schemaVersion: 2, mediaType: types.manifest, config: await pushBlob(target, types.config, config, signal), layers };
}

async function pushManifest(target: PushTarget, tag: string | undefined, manifest: Manifest, signal: AbortSignal): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const digest = digestOf(bytes);
  await send(target, 'PUT', `/v2/${target.repository}/manifests/${tag ?? digest}`, { type: manifest.mediaType, bytes }, signal);
  return { mediaType: manifest.mediaType, digest, size: bytes.length };
}

async function pushBlob(target: PushTarget, mediaType: string, bytes: Buffer, signal: AbortSignal): Promise<Descriptor> {
  const digest = digestOf(bytes);
  const started = await send(target, 'POST', `/v2/${target.repository}/blobs/uploads/`, undefined, signal);
  const location = new URL(started.headers.get('location') ?? '', target.endpointUrl);
  location.searchParams.set('digest', digest);
  await send(target, 'PUT', `${location.pathname}${location.search}`, { type: 'application/octet-stream', bytes }, signal);
  return { mediaType, digest, size: bytes.length };
}

async function send(
  target: PushTarget,
  method: 'POST' | 'PUT',
  path: string,
  body: { readonly type: string; readonly bytes: Buffer } | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const url = new URL(path, target.endpointUrl);
  // As containerd names the registry to a mirror.
  url.searchParams.set('ns', target.registry);
  const { authorizationToken } = target;
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': body.type }),
      ...(authorizationToken === undefined ? {} : { authorization: `Basic ${authorizationToken}` }),
    },
    ...(body === undefined ? {} : { body: new Uint8Array(body.bytes) }),
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(PUSH_TIMEOUT_MS)]),
  });
  const text = await response.text();
  if (!response.ok)
    throw new PushError(`${target.repository} (${method} ${path})`, response.status, /"code": *"(\w+)"/.exec(text)?.[1] ?? 'UNKNOWN');
  return response;
}

/** A tar archive of one file, the same bytes each time. */
function tarOf(name: string, text: string): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(512);
  const field = (value: string, offset: number) => header.write(value, offset, 'latin1');
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  field(name, 0);
  field(octal(0o644, 7), 100);
  field(octal(0, 7), 108);
  field(octal(0, 7), 116);
  field(octal(content.length, 11), 124);
  field(octal(0, 11), 136);
  field('        ', 148);
  field('0', 156);
  field('ustar\x0000', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  field(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)]);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
