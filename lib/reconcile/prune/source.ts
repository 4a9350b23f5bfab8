import type { Artifact } from '../../source/artifact.ts';

/** Where an artifact's objects came from. Another branch of the same place is the same place. */
export function sourceOf({ repository, path }: Pick<Artifact, 'repository' | 'path'>): string {
  return `${repository} ${path}`;
}
