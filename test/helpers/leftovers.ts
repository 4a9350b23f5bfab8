import { readdir, readFile } from 'node:fs/promises';

/**
 * Processes of which the command line or the environment holds this text, as Linux shows them: everything of a local environment has its
 * name in one of the two.
 */
export async function processesThatMention(text: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    // A process may end between the listing and the reading.
    const [environment, commandLine] = await Promise.all(
      ['environ', 'cmdline'].map((file) => readFile(`/proc/${entry}/${file}`, 'utf8').catch(() => '')),
    );
    if (`${environment}\0${commandLine}`.includes(text)) found.push(`${entry} ${commandLine?.replaceAll('\0', ' ').trim()}`);
  }
  return found;
}
