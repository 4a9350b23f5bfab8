import type { Item } from './decide.ts';

/** Whether the cluster holds what Git says of the object. */
export function isEqual({ comparison }: Pick<Item, 'comparison'>): boolean {
  if (comparison.state === 'unchanged' || comparison.state === 'finished') return true;
  return (
    comparison.state === 'present' &&
    comparison.rollout.length === 0 &&
    comparison.drift.length === 0 &&
    comparison.irreversible === undefined
  );
}
