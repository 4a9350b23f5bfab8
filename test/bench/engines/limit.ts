import type { StartEngine } from './engine.ts';
import { startNodeEngine } from './node-engine.ts';

/** What no engine of this kind can go below: one metadata list for each kind, or one apply for each object, and nothing else. */
export function limitEngine(bundle: string, signal: AbortSignal): StartEngine {
  return (workload, { wire, controlPlane }, { file }, directory) => {
    const { certificateAuthority, adminToken } = controlPlane;
    const settings = { endpoint: wire.endpoint, certificateAuthority, adminToken, objects: file, applies: workload === 'first-apply' };
    return startNodeEngine({ bundle, settings, env: {}, directory, signal });
  };
}
