import type { Command, Option } from 'commander';

/** What may follow an option: nothing, a path on this machine, or something that is not looked up. */
export type ValueKind = 'none' | 'file' | 'directory' | 'text';

export interface CompletedOption {
  /** `--help` and, where there is one, `-h`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly value: ValueKind;
}

export interface CompletedWord {
  readonly word: string;
  readonly description: string;
}

/** A command with what may be typed after it. */
export interface CompletionNode {
  /** `plumbline cluster add` */
  readonly path: string;
  readonly commands: readonly CompletedWord[];
  /** Values that its arguments are chosen from. */
  readonly choices: readonly string[];
  readonly options: readonly CompletedOption[];
}

/** The command and every command below it, as help shows them: what is not there cannot be completed, and what is there is. */
export function readCompletionTree(command: Command, above = ''): readonly CompletionNode[] {
  const path = `${above}${command.name()}`;
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const node: CompletionNode = {
    path,
    commands: commands.map((child) => ({ word: child.name(), description: child.summary() || child.description() })),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    options: help.visibleOptions(command).map(readOption),
  };
  return [node, ...commands.flatMap((child) => readCompletionTree(child, `${path} `))];
}

function readOption(option: Option): CompletedOption {
  const flags = [option.long, option.short].filter((flag) => flag !== undefined && flag !== null);
  return { flags, description: option.description, value: valueKindOf(option) };
}

/** By what help calls the value. */
function valueKindOf({ flags, required }: Option): ValueKind {
  if (!required) return 'none';
  if (flags.includes('<directory>')) return 'directory';
  return flags.includes('<file>') ? 'file' : 'text';
}
