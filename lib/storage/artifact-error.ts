import { PlumblineError } from '../errors.ts';

export class ArtifactError extends PlumblineError {}

const MOVED = 'InventoryMoved';

export function inventoryMoved(cluster: string, cause?: unknown): ArtifactError {
  return new ArtifactError(
    MOVED,
    `inventory of ${cluster}: another run has stored it since this one read it. The next run goes on from there.`,
    {
      cause,
    },
  );
}

export function isInventoryMoved(error: unknown): boolean {
  return error instanceof ArtifactError && error.reason === MOVED;
}
