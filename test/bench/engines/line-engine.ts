import { type LineProcessOptions, startLineProcess } from '../line-process.ts';
import { cpuSecondsOf, peakMiBOf } from '../process-usage.ts';
import type { Answer, EngineProcess } from './engine.ts';

/** An engine that is a program: it makes one pass for each line, and answers with a line of JSON. */
export async function startLineEngine(
  file: string,
  args: readonly string[],
  readAnswer: (answer: unknown) => Answer,
  options: LineProcessOptions,
): Promise<EngineProcess> {
  const engine = await startLineProcess(file, args, options);
  return {
    async pass() {
      const before = cpuSecondsOf(engine.pid);
      const answer = readAnswer(JSON.parse(await engine.ask('')));
      return { ...answer, clientCpuSeconds: cpuSecondsOf(engine.pid) - before, clientPeakMiB: peakMiBOf(engine.pid) };
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
