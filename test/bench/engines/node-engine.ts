import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE_OPTIONS } from '../../../infra/constructs/plumbline-function.ts';
import type { EngineProcess, Pass } from './engine.ts';
import { startLineEngine } from './line-engine.ts';

/** Starts a bundled program on this Node, with the options that the functions have; its settings are in a file, since one is a token. */
export async function startNodeEngine(
  bundle: string,
  settings: object,
  directory: string,
  readAnswer: (answer: unknown) => Pass['did'],
  signal: AbortSignal,
): Promise<EngineProcess> {
  const file = join(directory, 'settings.json');
  await writeFile(file, JSON.stringify(settings), { mode: 0o600 });
  return startLineEngine(process.execPath, [...NODE_OPTIONS.split(' '), bundle, file], readAnswer, { env: {}, signal });
}
