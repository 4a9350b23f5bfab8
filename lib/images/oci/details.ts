import type { Clock } from '../../clock.ts';
import { inParallel } from '../../in-parallel.ts';
import { ecrHostOf } from '../ecr/host.ts';
import type { DetailReader, DetailsAnswer } from '../registry/image-details.ts';
import { digestKey, type ImageDigest, type NoAnswer } from '../registry/registry.ts';
import type { OciClient } from './client.ts';
import { askManifest } from './oci.ts';
import { readOciSigned } from './signatures.ts';

const CALLS_AT_ONCE = 4;
const KEPT_MS = 3_600_000;
/** Before what could not be known, or was not there, is asked for again. */
const RETRY_MS = 600_000;

interface Kept<T> {
  readonly image: ImageDigest;
  readonly answer: T;
  readonly until: number;
}

/** What any other registry knows of its images: that they are there, and whether they are signed. Each is asked for once an hour. */
export function createOciDetails(send: OciClient, clock: Clock): DetailReader {
  const presence = new Map<string, Kept<'there' | NoAnswer>>();
  const signatures = new Map<string, Kept<boolean | undefined>>();
  const now = () => clock.now().getTime();

  async function readAll<T>(
    images: readonly ImageDigest[],
    kept: Map<string, Kept<T>>,
    read: (image: ImageDigest) => Promise<T>,
    isKnown: (answer: T) => boolean,
  ): Promise<void> {
    const asked = images.filter((image) => (kept.get(digestKey(image))?.until ?? 0) <= now());
    await inParallel(asked, CALLS_AT_ONCE, async (image) => {
      const answer = await read(image);
      kept.set(digestKey(image), { image, answer, until: now() + (isKnown(answer) ? KEPT_MS : RETRY_MS) });
    });
  }

  return {
    async details(images, { signatures: wantsSignatures }, signal) {
      const others = images.filter(({ registry }) => ecrHostOf(registry) === undefined);
      const ours = [...new Map(others.map((image) => [digestKey(image), image])).values()];
      await readAll(
        ours,
        presence,
        (image) => isThere(send, image, signal),
        (answer) => answer === 'there',
      );
      if (wantsSignatures) {
        await readAll(
          ours.filter((image) => presence.get(digestKey(image))?.answer === 'there'),
          signatures,
          (image) => readOciSigned(send, image, signal),
          (answer) => answer !== undefined,
        );
      }
      return new Map(
        ours.flatMap((image): readonly (readonly [string, DetailsAnswer])[] => {
          const key = digestKey(image);
          const answer = presence.get(key)?.answer;
          if (answer === undefined) return [];
          if (answer !== 'there') return [[key, answer]];
          const signed = wantsSignatures ? signatures.get(key)?.answer : undefined;
          return [[key, { state: 'found', details: { status: 'ACTIVE', ...(signed === undefined ? {} : { signed }) } }]];
        }),
      );
    },

    async copies() {
      return new Map();
    },

    forget(isChanged) {
      for (const kept of [presence, signatures]) {
        for (const [key, { image }] of kept) if (isChanged(image)) kept.delete(key);
      }
    },
  };
}

/** By HEAD, which Docker Hub does not count as a pull. */
async function isThere(send: OciClient, image: ImageDigest, signal: AbortSignal): Promise<'there' | NoAnswer> {
  const head = await askManifest(send, image, 'HEAD', image.digest, signal);
  if (!('state' in head)) return 'there';
  if (head.state === 'unverifiable') return head;
  const answer = await askManifest(send, image, 'GET', image.digest, signal);
  return 'state' in answer ? answer : 'there';
}
