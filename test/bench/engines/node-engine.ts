import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { nodeOptions } from '../../../infra/constructs/function-memory.ts';
import type { EngineProcess } from './engine.ts';
import { startLineEngine } from './line-engine.ts';

export interface NodeEngine {
  /** Path of the bundled program. */
  readonly bundle: string;
  readonly settings: object;
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly signal: AbortSignal;
}

const Answer = z.object({
  did: z.object({ created: z.number(), changed: z.number() }).optional(),
  storage: z.object({ wallSecondsWithStorage: z.number(), storageCalls: z.number() }).optional(),
});

/** Starts a bundled program on this Node, with the options that the function has; its settings are in a file, since one is a token. */
export async function startNodeEngine({ bundle, settings, env, directory, signal }: NodeEngine): Promise<EngineProcess> {
  const file = join(directory, 'settings.json');
  await writeFile(file, JSON.stringify(settings), { mode: 0o600 });
  const readAnswer = (answer: unknown) => {
    const { did, storage } = Answer.parse(answer);
    return { did, ...(storage === undefined ? {} : { storage }) };
  };
  return startLineEngine(process.execPath, [...nodeOptions('reconcile').split(' '), bundle, file], readAnswer, { env, signal });
}
