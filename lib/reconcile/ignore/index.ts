/**
 * Fields that are left as they are: `rules.ts` and `pointer.ts` find the paths that `plumbline.yaml` names, `built-in.ts` those that are never
 * Git's to say, and `desired.ts` makes of a desired object what is applied beside them.
 */
export { autoscalersOf, builtInPaths, builtInRules, isScaledByHpa, isUnstated, REPLICAS } from './built-in.ts';
export { desiredBeside } from './desired.ts';
export { expandPointer, parsePointer } from './pointer.ts';
export { ignoredPaths } from './rules.ts';
