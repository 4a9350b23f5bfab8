import { z } from 'zod';
import { type LineProcessOptions, startLineProcess } from '../line-process.ts';
import { cpuSecondsOf, peakMiBOf } from '../process-usage.ts';
import type { EngineProcess, Pass } from './engine.ts';

/** An engine that is a program: it makes one pass for each line, and answers with what it did. */
export async function startLineEngine(
  file: string,
  args: readonly string[],
  readAnswer: (answer: unknown) => Pass['did'],
  options: LineProcessOptions,
): Promise<EngineProcess> {
  const engine = await startLineProcess(file, args, options);
  return {
    async pass() {
      const before = cpuSecondsOf(engine.pid);
      const did = readAnswer(JSON.parse(await engine.ask('')));
      return { did, clientCpuSeconds: cpuSecondsOf(engine.pid) - before, clientPeakMiB: peakMiBOf(engine.pid) };
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

export const Did = z.object({ created: z.number().default(0), changed: z.number().default(0) });
