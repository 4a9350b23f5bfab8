import { describe, expect, it } from 'vitest';
import { allowListOf, bottlerocketSettings } from '../../../lib/images/allow-list.ts';
import type { ImageLock } from '../../../lib/images/types.ts';
import { deployment } from '../../helpers/workloads.ts';

const [A, B] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`);
const lock: ImageLock = {
  reference: 'registry.example/web:1',
  digest: A ?? '',
  mediaType: 'application/vnd.oci.image.index.v1+json',
  platforms: [],
  resolvedAt: '2026-01-01T00:00:00Z',
  generation: 1,
  firstRevision: 'a1',
};

describe('the allow-list', () => {
  const list = allowListOf({
    objects: [
      deployment('web', `registry.example/web:1@${A}`, `nginx@${B}`),
      deployment('old', 'nginx:1', 'UPPER:1'),
      deployment('twin', `nginx:2@${B}`),
    ],
    digests: [lock],
  });

  it('has each image once, by digest, and names those that have none', () => {
    expect(list).toEqual({
      images: [`docker.io/library/nginx@${B}`, `registry.example/web@${A}`],
      unpinned: ['UPPER:1', 'nginx:1'],
    });
  });

  it('becomes user data of Bottlerocket with the digests alone', () => {
    const settings = bottlerocketSettings(list);
    expect(settings).toMatch(
      /^\[settings\.image-verifier-plugins\]\nenabled = true\n\n\[settings\.image-verifier-plugins\.digestion\]\ntrustpolicy = "/,
    );
    const policy = JSON.parse(Buffer.from(/trustpolicy = "([^"]+)"/.exec(settings)?.[1] ?? '', 'base64').toString());
    expect(policy).toEqual({ version: '1.0', trustedDigests: [A, B] });
  });
});
