import { describe, expect, it } from 'vitest';
import type { DetailsAnswer, ImageDetails } from '../../../lib/images/registry/image-details.ts';
import type { ImageDigest, ManifestAnswer } from '../../../lib/images/registry/registry.ts';
import { digestKey } from '../../../lib/images/registry/registry.ts';
import { unpullable } from '../../../lib/images/reroll/pullable.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { deployment } from '../../helpers/workloads.ts';

const never = new AbortController().signal;
const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;
const WEB = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1@${digestOf('a')}`;
const SIDE = `ghcr.io/side/car@${digestOf('b')}`;

const found = (digest: string): ManifestAnswer => ({ state: 'found', manifest: { digest, mediaType: '', platforms: [], children: [] } });
const failed = (state: 'missing' | 'unverifiable', reason: string) => ({ state, failure: { reason, message: 'it said so' } });
const detail = (status: ImageDetails['status']): DetailsAnswer => ({ state: 'found', details: { status } });

interface Said {
  readonly manifest?: ManifestAnswer;
  readonly details?: DetailsAnswer;
}

/** The reason why new pods might not get their images; `said` is of the image with the digest of a's, and every other one is there. */
async function reason(workload: KubernetesObject, said: Said = {}): Promise<string | undefined> {
  const isAsked = ({ digest }: ImageDigest) => digest === digestOf('a');
  const deps = {
    contents: {
      manifests: async (images: readonly ImageDigest[]) =>
        new Map(images.map((image) => [digestKey(image), (isAsked(image) ? said.manifest : undefined) ?? found(image.digest)] as const)),
    },
    details: {
      details: async (images: readonly ImageDigest[]) =>
        new Map(
          images.flatMap((image) => (isAsked(image) && said.details !== undefined ? [[digestKey(image), said.details] as const] : [])),
        ),
    },
  };
  return (await unpullable(workload, deps, never))?.reason;
}

describe('new pods get their images', () => {
  it.each<[string, readonly string[], Said]>([
    ['that their registries have', [WEB, SIDE], { details: detail('ACTIVE') }],
    ['of registries that know no details', [SIDE], {}],
  ])('%s', async (_what, images, said) => {
    expect(await reason(deployment('web', ...images), said)).toBeUndefined();
  });
});

describe('new pods might not get an image', () => {
  it.each<[string, readonly string[], Said, string]>([
    ['that is gone', [SIDE, WEB], { manifest: failed('missing', 'ImageNotFound') }, 'ImageMissing'],
    ['whose registry denies us', [WEB], { manifest: failed('unverifiable', 'AccessDenied') }, 'ImageUnverifiable'],
    ['of a registry that is down', [WEB], { manifest: failed('unverifiable', 'RegistryUnreachable') }, 'ImageUnverifiable'],
    ['that is archived', [WEB], { details: detail('ARCHIVED') }, 'ImageArchived'],
    ['that is on its way back from the archive', [WEB], { details: detail('ACTIVATING') }, 'ImageArchived'],
    ['of which nobody knows whether it is archived', [WEB], { details: failed('unverifiable', 'Throttled') }, 'ImageUnverifiable'],
    ['without a digest', [WEB, 'nginx:1'], {}, 'NotPinned'],
    ['that is none', [WEB, 'UPPER/case'], {}, 'NotPinned'],
  ])('%s', async (_what, images, said, why) => {
    expect(await reason(deployment('web', ...images), said)).toBe(why);
  });

  it('of an init container or a volume either', async () => {
    const spec = (pod: object) => JSON.parse(JSON.stringify({ ...deployment('web'), spec: { template: { spec: pod } } }));
    const gone = { manifest: failed('missing', 'ImageNotFound') };
    expect(await reason(spec({ initContainers: [{ name: 'init', image: WEB }] }), gone)).toBe('ImageMissing');
    expect(await reason(spec({ volumes: [{ name: 'data', image: { reference: WEB } }] }), gone)).toBe('ImageMissing');
  });

  it('that the registry says nothing of', async () => {
    const silent = { contents: { manifests: async () => new Map() }, details: { details: async () => new Map() } };
    expect(await unpullable(deployment('web', WEB), silent, never)).toMatchObject({ reason: 'ImageUnverifiable' });
  });
});
