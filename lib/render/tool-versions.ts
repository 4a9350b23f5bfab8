import { stat } from 'node:fs/promises';
import type { Tools } from './tools.ts';

/** What tells one build of the tools from another, without starting them: other tools may render the same files otherwise. */
export async function toolVersions({ kubectl, helm }: Tools): Promise<string> {
  const sizes = await Promise.all([kubectl, helm].map(async (file) => (await stat(file).catch(() => undefined))?.size ?? 'missing'));
  return `kubectl ${sizes[0]}, helm ${sizes[1]}`;
}
