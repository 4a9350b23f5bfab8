import { Command } from 'commander';
import { type CliContext, type CommandRun, createCommandRun, type ExitStatus } from './context.ts';

export interface Leaf {
  /** Name and arguments as commander reads them: `show <name>`. */
  readonly usage: string;
  readonly description: string;
  /** Printed below the help: each a command that works, with what it does. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** `--region` is the command's own option, as with `cluster add`. */
  readonly ownRegion?: boolean;
}

export type Action = (run: CommandRun, args: readonly string[], options: Readonly<Record<string, unknown>>) => Promise<ExitStatus>;

/** Makes commands that share their common options, help with examples, and one way to end with a status. */
export type DefineCommand = (leaf: Leaf, action: Action, configure?: (command: Command) => Command) => Command;

export function createDefineCommand(context: CliContext, finish: (status: ExitStatus) => void): DefineCommand {
  return (leaf, action, configure = (command) => command) => {
    const [name = '', ...argumentsText] = leaf.usage.split(' ');
    const command = new Command(name).description(leaf.description).summary(firstSentence(leaf.description));
    if (argumentsText.length > 0) command.arguments(argumentsText.join(' '));
    configure(command);
    addCommonOptions(command, leaf.ownRegion === true);
    command.addHelpText('after', formatExamples(leaf.examples));
    return command.action(async (...received: unknown[]) => {
      const args = received
        .slice(0, -2)
        .flat()
        .filter((value) => typeof value === 'string');
      const common = commonOptions(command, leaf.ownRegion === true);
      finish(await action(createCommandRun(context, common), args, command.opts()));
    });
  };
}

/** On the program and on each command, so that `plumbline --json status` and `plumbline status --json` are the same. */
export function addCommonOptions(command: Command, ownRegion: boolean): void {
  command.option('--stack <name>', 'the deployment to work on (default: plumbline)');
  command.option('--json', 'print JSON Lines on standard output and nothing else there');
  if (!ownRegion) command.option('--region <region>', 'region of the deployment (default: AWS_REGION or the profile’s)');
}

function commonOptions(command: Command, ownRegion: boolean): { stack: string; json: boolean; region?: string } {
  const own = command.opts();
  const shared: Record<string, unknown> = {};
  for (let parent = command.parent; parent !== null; parent = parent.parent) Object.assign(shared, parent.opts());
  const region = text(ownRegion ? undefined : own.region) ?? text(shared.region);
  return {
    stack: text(own.stack) ?? text(shared.stack) ?? 'plumbline',
    json: own.json === true || shared.json === true,
    ...(region === undefined ? {} : { region }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** In a list of commands there is room for one. */
function firstSentence(text: string): string {
  return text.replace(/(?<=\.) .*$/s, '');
}

function formatExamples(examples: Leaf['examples']): string {
  const lines = examples.map(([command, does]) => `  $ plumbline ${command}\n      ${does}`);
  return `\nExample${examples.length === 1 ? '' : 's'}:\n${lines.join('\n')}\n`;
}
