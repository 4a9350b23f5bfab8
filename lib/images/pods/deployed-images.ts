import { digestKey, type ImageDigest } from '../registry/registry.ts';
import type { Platform } from '../types.ts';
import { type ImageKnowledge, standingOf } from './image-knowledge.ts';
import type { ManagedPods } from './managed-pods.ts';
import { digestOf, type Place, placeOf, type Sighting } from './pod-sightings.ts';

/** A container that has started; `desired` is of a template that has a digest. */
interface RunningContainer extends Place {
  readonly pod: string;
  readonly platform?: Platform;
  readonly desired?: ImageDigest;
}

/** An image that nodes have to be able to pull, and where it is to run. */
export interface DeployedImage extends Place {
  readonly desired: ImageDigest;
  readonly platforms: readonly Platform[];
  readonly pod?: string;
}

/** What runs, and what Git means to, at the nodes' platforms. */
export function deployedImages({ meant, platforms }: ManagedPods, containers: readonly RunningContainer[]): readonly DeployedImage[] {
  const running = containers.flatMap(({ path, workload, image, pod, desired, platform }): readonly DeployedImage[] =>
    desired === undefined ? [] : [{ path, workload, image, pod, desired, platforms: platform === undefined ? platforms : [platform] }],
  );
  const known = new Set(running.map(({ path, desired }) => `${path} ${digestKey(desired)}`));
  const idle = meant.flatMap(({ workload, place, image }): readonly DeployedImage[] => {
    const desired = digestOf(image);
    return desired === undefined ? [] : [{ ...placeOf(workload, { name: place, image }), desired, platforms }];
  });
  return [...running, ...idle.filter(({ path, desired }) => !known.has(`${path} ${digestKey(desired)}`))];
}

/** That an image is gone from its registry, or that nobody can tell. */
export function standingSightings(
  { path, workload, image, pod, desired, platforms }: DeployedImage,
  knowledge: ImageKnowledge,
): readonly Sighting[] {
  const standing = standingOf(desired, platforms, knowledge);
  if (standing === undefined || standing.state === 'there') return [];
  const place = { path, workload, image, ...(pod === undefined ? {} : { pod }), desired: desired.digest, why: standing.failure };
  return [{ ...place, id: standing.state === 'missing' ? 'digest.missing' : 'run.unverifiable' }];
}

/** Whether an image is there, by what was seen no earlier than a moment (epoch milliseconds). */
export function isBack({ desired, platforms }: DeployedImage, knowledge: ImageKnowledge, openedAt: number): boolean {
  const standing = standingOf(desired, platforms, knowledge);
  return standing?.state === 'there' && standing.seenAt >= openedAt;
}
