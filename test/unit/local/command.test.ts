import { CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { localCommand } from '../../../lib/cli/local.ts';

function parse(...args: readonly string[]): Promise<unknown> {
  const command = localCommand();
  for (const each of [command, ...command.commands]) each.exitOverride().configureOutput({ writeErr: () => undefined });
  return command.parseAsync([...args], { from: 'user' });
}

it.each([
  ['Prod', /"Prod" is not a name/],
  ['a=admin', /after = comes enforce or observe/],
  ['a=enforce=observe', /after = comes enforce or observe/],
  ['a,a=observe', /named twice/],
  ['', /"" is not a name/],
])('clusters %j are refused before anything starts', async (list, message) => {
  const refused = await parse('up', '--clusters', list).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(CommanderError);
  expect(refused).toMatchObject({ message: expect.stringMatching(message), exitCode: 1 });
});
