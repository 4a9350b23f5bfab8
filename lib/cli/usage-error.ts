import type { Command, CommanderError } from 'commander';
import { printable } from './text.ts';

/** What a call that the parser refused is told: the command, what is wrong, what it accepts, and where to read on. */
export function describeUsageError(command: Command, error: CommanderError): string {
  const path = pathOf(command);
  const [problem = '', suggestion] = describeProblem(command, error);
  const lines = [
    `error: ${path}: ${problem}${suggestion === undefined ? '' : ` ${suggestion}`}`,
    ...describeAccepted(command, error, path),
    `Run \`${path} --help\` for what each means.`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

/** `plumbline cluster add`. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function describeProblem(command: Command, error: CommanderError): readonly string[] {
  // The parser prints the help of a command that only has subcommands, and no word on what is wrong.
  if (error.code === 'commander.help') return [command.parent === null ? 'no command is given.' : 'no subcommand is given.'];
  const [problem = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const sentence = /[.?!]$/.test(problem) ? problem : `${problem}.`;
  return suggestion === undefined ? [sentence] : [sentence, suggestion.replace(/^\((.*)\)$/, '$1')];
}

function describeAccepted(command: Command, error: CommanderError, path: string): readonly string[] {
  switch (error.code) {
    case 'commander.unknownOption':
      return [`Accepted: ${[...command.options.map(({ flags }) => flags), '--help'].join(', ')}`];
    case 'commander.unknownCommand':
    case 'commander.help':
      return [`Accepted: ${command.commands.map((child) => child.name()).join(', ')}`];
    case 'commander.optionMissingArgument': {
      const option = command.options.find(({ flags }) => error.message.includes(`'${flags}'`));
      return option === undefined ? [] : [`Accepted: ${option.flags}, ${option.description}`];
    }
    case 'commander.missingArgument':
    case 'commander.excessArguments':
      return [`Accepted: ${[path, ...command.registeredArguments.map(describeArgument), '[options]'].join(' ')}`];
    default:
      return [];
  }
}

function describeArgument(argument: { readonly required: boolean; readonly variadic: boolean; name(): string }): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}
