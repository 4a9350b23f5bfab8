import { z } from 'zod';
import type { StartEngine } from './engine.ts';
import { startLineEngine } from './line-engine.ts';

/** Actions of the engine's change set. */
const Counts = z.object({ created: z.number().default(0), configured: z.number().default(0), unchanged: z.number().default(0) });

/** Flux's engine, `github.com/fluxcd/pkg/ssa`, as its kustomize-controller uses it. */
export function fluxEngine(program: string, signal: AbortSignal): StartEngine {
  const readAnswer = (answer: unknown) => {
    const { created, configured } = Counts.parse(answer);
    return { did: { created, changed: configured } };
  };
  return (_workload, { kubeconfig }, { file }) => startLineEngine(program, [kubeconfig, file], readAnswer, { env: {}, signal });
}
