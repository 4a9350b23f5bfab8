import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readManifest } from '../../../lib/images/registry/manifest.ts';

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';

function read(manifest: string, mediaType: string | undefined) {
  return readManifest({ manifest, digest: `sha256:${createHash('sha256').update(manifest).digest('hex')}`, mediaType });
}

const child = (os: string, architecture: string, extra: object = {}) => ({
  mediaType: OCI_IMAGE,
  digest: `sha256:${'0'.repeat(64)}`,
  size: 1,
  platform: { os, architecture, ...extra },
});

describe('readManifest', () => {
  it.each([[OCI_IMAGE], ['application/vnd.docker.distribution.manifest.v2+json']])(
    'reads a single manifest of type %s, whose platform is not in it',
    (mediaType) => {
      expect(read('{"schemaVersion":2}', mediaType)).toMatchObject({ mediaType, platforms: [] });
    },
  );

  it.each([[OCI_INDEX], ['application/vnd.docker.distribution.manifest.list.v2+json']])(
    'reads the platforms of an index of type %s, without attestations',
    (mediaType) => {
      const manifests = [
        child('linux', 'amd64'),
        child('linux', 'arm64', { variant: 'v8' }),
        child('unknown', 'unknown'),
        { ...child('linux', 'amd64'), annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
        child('windows', 'amd64', { 'os.version': '10.0.20348' }),
        child('windows', 'amd64', { 'os.version': '10.0.26100' }),
      ];
      expect(read(JSON.stringify({ schemaVersion: 2, manifests }), mediaType)).toMatchObject({
        platforms: [
          { os: 'linux', architecture: 'amd64' },
          { os: 'linux', architecture: 'arm64', variant: 'v8' },
          { os: 'windows', architecture: 'amd64' },
        ],
      });
    },
  );

  it('knows no platforms of an index that does not say them all', () => {
    const manifests = [child('linux', 'amd64'), { mediaType: OCI_IMAGE, digest: `sha256:${'0'.repeat(64)}`, size: 1 }];
    const index = read(JSON.stringify({ schemaVersion: 2, manifests }), OCI_INDEX);
    expect(index).toMatchObject({ platforms: [], children: [{ platform: { os: 'linux' } }, { digest: `sha256:${'0'.repeat(64)}` }] });
  });

  it('takes the media type from the manifest where the answer has none', () => {
    expect(read(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE }), undefined)).toMatchObject({ mediaType: OCI_IMAGE });
  });

  it.each([
    ['text that is not JSON', 'manifest unknown', OCI_IMAGE, 'MalformedManifest'],
    ['schema version 1', '{"schemaVersion":1}', OCI_IMAGE, 'SchemaVersion1'],
    [
      'the signed form of schema version 1',
      '{"schemaVersion":1}',
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      'SchemaVersion1',
    ],
    ['JSON that is no object', '[]', OCI_IMAGE, 'MalformedManifest'],
    ['an index without a list', '{"schemaVersion":2}', OCI_INDEX, 'MalformedManifest'],
    ['an index of 1,001 manifests', JSON.stringify({ schemaVersion: 2, manifests: Array(1001).fill({}) }), OCI_INDEX, 'MalformedManifest'],
    [
      'an index in an index',
      JSON.stringify({ schemaVersion: 2, manifests: [{ ...child('linux', 'amd64'), mediaType: OCI_INDEX }] }),
      OCI_INDEX,
      'NestedIndex',
    ],
    [
      'a child without a digest',
      JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: OCI_IMAGE }] }),
      OCI_INDEX,
      'MalformedManifest',
    ],
    ['10,000 layers', JSON.stringify({ schemaVersion: 2, layers: Array(10_000).fill({}) }), OCI_IMAGE, 'MalformedManifest'],
    ['a config that is no digest', JSON.stringify({ schemaVersion: 2, config: { digest: 'latest' } }), OCI_IMAGE, 'MalformedManifest'],
    ['two media types', JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX }), OCI_IMAGE, 'UnsupportedMediaType'],
    ['a media type that is unknown', '{"schemaVersion":2}', 'application/vnd.wasm', 'UnsupportedMediaType'],
    ['no media type at all', '{"schemaVersion":2}', undefined, 'UnsupportedMediaType'],
    ['10 MB', JSON.stringify({ schemaVersion: 2, pad: 'x'.repeat(10_000_000) }), OCI_IMAGE, 'ManifestTooLarge'],
  ])('refuses %s', (_what, manifest, mediaType, reason) => {
    expect(read(manifest, mediaType)).toMatchObject({ failure: { reason } });
  });

  it('refuses bytes that are not the ones of the digest', () => {
    const answer = { manifest: '{"schemaVersion":2}', digest: `sha256:${'0'.repeat(64)}`, mediaType: OCI_IMAGE };
    expect(readManifest(answer)).toMatchObject({ failure: { reason: 'DigestMismatch' } });
  });
});
