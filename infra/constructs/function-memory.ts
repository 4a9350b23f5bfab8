import type { FunctionName } from './bundle.ts';

/** Of each function, in MiB. */
export const MEMORY_MIB: Readonly<Record<FunctionName, number>> = {
  schedule: 256,
  // Git and Helm run beside it.
  source: 1536,
  // Ten thousand objects, all verified in full.
  reconcile: 512,
  audit: 512,
};

/** The rest is for what is no heap of V8: its code, buffers of answers, TLS. */
const OLD_SPACE_SHARE = 0.75;

/**
 * A young generation of half the usual size: a run of a thousand objects leaves much garbage and holds little. The old one is told its bound, so
 * that it collects garbage before it grows. Source maps are beside the bundles for people to read a trace by; Node would parse one whenever a
 * trace is read, which takes a reconcile function another 40 MB.
 */
export function nodeOptions(name: FunctionName): string {
  return `--max-semi-space-size=8 --max-old-space-size=${MEMORY_MIB[name] * OLD_SPACE_SHARE}`;
}
