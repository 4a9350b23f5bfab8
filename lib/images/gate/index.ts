/** What keeps a rollout from images that must not run, and nothing else of the workload. */
export { type GateDependencies, gateImages } from './gate.ts';
export { type RolloutPlace, rolloutPlace } from './rollout-place.ts';
export { rolloutStop } from './rollout-stop.ts';
