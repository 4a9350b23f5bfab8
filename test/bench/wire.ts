import { z } from 'zod';
import { startLineProcess } from './line-process.ts';

const Counts = z.object({ first: z.number(), last: z.number(), bytes: z.number() });

/** What went over the wire since the last reading. */
export interface WireReading {
  /** From the first connection or request to the last answer. */
  readonly wallSeconds: number;
  readonly bytes: number;
}

/** The way to an API server that all engines take, and where they are measured. */
export interface Wire extends AsyncDisposable {
  /** `https://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Reads and counts from zero. */
  read(): Promise<WireReading>;
}

/** Opens a way to `target` (`https://HOST:PORT`) whose round trips take so much longer. */
export async function openWire(program: string, target: string, roundTripMilliseconds: number, signal: AbortSignal): Promise<Wire> {
  const delay = `${roundTripMilliseconds / 2}ms`;
  const wire = await startLineProcess(program, [new URL(target).host, delay], { env: {}, signal });
  return {
    endpoint: `https://127.0.0.1:${wire.greeting}`,
    async read() {
      const { first, last, bytes } = Counts.parse(JSON.parse(await wire.ask('')));
      return { wallSeconds: (last - first) / 1e9, bytes };
    },
    [Symbol.asyncDispose]: () => wire[Symbol.asyncDispose](),
  };
}
