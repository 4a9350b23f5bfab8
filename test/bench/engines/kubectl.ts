import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpuSecondsOf, peakMiBOf } from '../process-usage.ts';
import type { Pass, StartEngine } from './engine.ts';

const POLL_MILLISECONDS = 10;

/** `kubectl apply --server-side` or `kubectl diff --server-side`, a process for each pass. */
export function kubectlEngine(program: string, verb: 'apply' | 'diff', path: string, signal: AbortSignal): StartEngine {
  return async (workload, { kubeconfig }, { file }, directory) => {
    // `diff` is measured on what `apply` has made.
    const args = [workload === 'first-apply' ? 'apply' : verb, '--server-side', '--kubeconfig', kubeconfig, '--filename', file];
    const env = { PATH: path, HOME: directory };
    return { pass: () => runKubectl(program, args, env, signal), [Symbol.asyncDispose]: async () => undefined };
  };
}

async function runKubectl(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Pass> {
  signal.throwIfAborted();
  const child = spawn(program, [...args], { env, stdio: ['ignore', 'ignore', 'pipe'], signal, killSignal: 'SIGKILL' });
  let problems = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    problems = (problems + text).slice(-4_000);
  });
  const closed = once(child, 'close');
  // A process that has ended tells nothing any more: what it had computed is asked again and again until then.
  let clientCpuSeconds = 0;
  let clientPeakMiB = 0;
  const poll = setInterval(() => {
    if (child.pid === undefined || child.exitCode !== null) return;
    try {
      clientCpuSeconds = Math.max(clientCpuSeconds, cpuSecondsOf(child.pid));
      clientPeakMiB = Math.max(clientPeakMiB, peakMiBOf(child.pid));
    } catch {
      // It ended just now.
    }
  }, POLL_MILLISECONDS);
  try {
    const [code] = await closed;
    if (code !== 0) throw new Error(`kubectl ${args[0]} ended with ${code}:\n${problems}`);
  } finally {
    clearInterval(poll);
  }
  return { did: undefined, clientCpuSeconds, clientPeakMiB };
}
