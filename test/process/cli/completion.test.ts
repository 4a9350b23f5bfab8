import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../../lib/cli/main.ts', import.meta.url));
const run = promisify(execFile);

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plumbline-completion-'));
  const { stdout } = await run(process.execPath, [MAIN, 'completion', 'bash']);
  await writeFile(join(directory, 'plumbline.bash'), stdout);
  await mkdir(join(directory, 'clusters', 'prod eu'), { recursive: true });
  await writeFile(join(directory, 'ca.pem'), '');
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const COMPLETE = `
set -u
source ./plumbline.bash
complete -p plumbline
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_plumbline plumbline "\${!#}" ""
if [[ \${#COMPREPLY[@]} -gt 0 ]]; then printf '%s\\n' "\${COMPREPLY[@]}"; fi
`;

/** What bash offers for the last word; its words are as bash takes the line apart. Nothing but bash is found, so nothing else is asked. */
async function complete(...words: readonly string[]): Promise<readonly string[]> {
  const options = { cwd: directory, env: { PATH: '/nowhere' } };
  const { stdout } = await run('/bin/bash', ['--norc', '-c', COMPLETE, 'bash', 'plumbline', ...words], options);
  const [registered, ...offered] = stdout.trimEnd().split('\n');
  expect(registered).toBe('complete -F _plumbline plumbline');
  return offered;
}

const CASES: readonly [behaviour: string, words: readonly string[], offered: readonly string[]][] = [
  ['completes a command', ['rec'], ['reconcile', 'records']],
  ['completes a command of a command', ['cluster', 're'], ['resume', 'remove']],
  ['completes what is made elsewhere', ['local', 'd'], ['down']],
  ['completes an option', ['plan', '--m'], ['--markdown']],
  ['completes an option after arguments and other options', ['plan', 'prod-eu', '--stack', 'cluster', '--rev'], ['--revision']],
  ['is not led astray by an option’s value that is a command’s name', ['--stack', 'cluster', 'sta'], ['status']],
  ['is not led astray by a value after =', ['--stack', '=', 'cluster', 'sta'], ['status']],
  ['offers the options of a command that takes no choice', ['cluster', 'list', '--js'], ['--json']],
  ['completes one of a fixed set', ['completion', ''], ['bash', 'zsh', 'fish']],
  ['completes a folder where help says directory', ['plan', '--path', 'clusters/'], ['clusters/prod eu']],
  ['completes a folder after =', ['plan', '--path', '=', 'clu'], ['clusters']],
  ['offers no file where help says directory', ['plan', '--path', 'ca'], []],
  ['completes a file where help says file', ['cluster', 'add', 'a', '--ca', 'c'], ['clusters', 'ca.pem']],
  ['offers nothing where a value is not known', ['records', '--since', ''], []],
  ['looks up no cluster', ['reconcile', 'prod'], []],
  ['offers nothing for a command that there is not', ['stauts', 'x'], []],
];

describe('completion in bash', () => {
  it.each(CASES)('%s', async (_, words, offered) => {
    expect((await complete(...words)).toSorted()).toEqual(offered.toSorted());
  });

  it('offers exactly the commands that help lists', async () => {
    const { stdout } = await run(process.execPath, [MAIN, '--help']);
    const listed = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
    expect(listed).toContain('reconcile');
    expect((await complete('')).toSorted()).toEqual(listed.toSorted());
  });
});

describe.each([
  ['zsh', /'[^']*'/g],
  ['fish', /'(?:[^'\\]|\\.)*'/g],
])('completion in %s', (shell, quoted) => {
  it('has every command, and what help says of it only in quotes', async () => {
    const { stdout } = await run(process.execPath, [MAIN, 'completion', shell]);
    expect(stdout).toContain("'plumbline cluster suspend'");
    const bare = stdout.replace(/^ *#.*$/gm, '').replace(quoted, '');
    expect(bare).not.toMatch(/['’`]|reconcil/);
  });
});
