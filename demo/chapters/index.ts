/** The chapters of the demo's story. Each tells what it does, does it with real parts, and waits for what comes of it. */
export { breakByHand, changeWithLeave } from './changes-by-hand.ts';
export { registerClusters, showFleet, switchToObserve } from './clusters.ts';
export { commitNewVersion, removeFromGit, rollBack } from './commits.ts';
export { besideFight } from './fight.ts';
export { attachDebugContainer, moveTags, pushAnImage, runOtherBytes } from './images.ts';
export { showRecords, showWhatWasAllowed } from './outcomes.ts';
