import { join } from 'node:path';
import type { StartEngine } from './engine.ts';
import { Did } from './line-engine.ts';
import { startNodeEngine } from './node-engine.ts';
import type { OursSettings } from './ours-settings.ts';

/** `reconcileCluster`, with stores in memory: the judged clock has no storage in it, as Flux's has none. */
export function oursEngine(bundle: string, signal: AbortSignal): StartEngine {
  return (workload, { wire, controlPlane }, { file }, directory) => {
    const { certificateAuthority, adminToken } = controlPlane;
    const settings: OursSettings = {
      endpoint: wire.endpoint,
      certificateAuthority,
      adminToken,
      objects: file,
      kept: join(directory, 'kept'),
      workload,
    };
    return startNodeEngine(bundle, settings, directory, (answer) => Did.parse(answer), signal);
  };
}
