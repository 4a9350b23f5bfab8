import { Command, CommanderError } from 'commander';
import { clusterCommand } from './cluster.ts';
import { completionCommand } from './completion.ts';
import type { CliContext, ExitStatus } from './context.ts';
import { imagesCommand } from './images.ts';
import { addCommonOptions, createDefineCommand } from './leaf-command.ts';
import { planCommand } from './plan.ts';
import { printError } from './print-error.ts';
import { reconcileCommand } from './reconcile.ts';
import { recordsCommand } from './records.ts';
import { renderCommand } from './render.ts';
import { statusCommand } from './status.ts';
import { describeUsageError } from './usage-error.ts';

const EXIT_STATUSES = `
Exit status: 0 in sync or done, 1 failed, 2 differences or findings exist (plan, status, images).

Example:
  $ plumbline status
      shows what is known of every cluster
`;

/**
 * Runs the command with these arguments (without node and script) and resolves to its exit status. Errors are printed, not thrown.
 * `others` are commands that are made elsewhere, as `local` is.
 */
export async function runCli(args: readonly string[], context: CliContext, others: readonly Command[] = []): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const program = createProgram(context, (ended) => {
    status = ended;
  });
  for (const command of others) program.addCommand(command);
  configureAll(program, context);
  try {
    if (args.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    if (context.signal.aborted) context.terminal.error('interrupted\n');
    else printError(context.terminal, error);
    return 1;
  }
}

function createProgram(context: CliContext, finish: (status: ExitStatus) => void): Command {
  const define = createDefineCommand(context, finish);
  const program = new Command('plumbline')
    .description('Keeps a fleet of EKS clusters equal to what Git says, and records every drift.')
    .enablePositionalOptions()
    .addHelpText('after', EXIT_STATUSES);
  addCommonOptions(program, false);
  const commands = [clusterCommand, renderCommand, planCommand, reconcileCommand, statusCommand, recordsCommand, imagesCommand];
  for (const command of commands) program.addCommand(command(define));
  program.addCommand(completionCommand(define, program));
  return program;
}

/** Every command writes to the same terminal, and throws instead of ending the process; what is wrong with a call is said in our words. */
function configureAll(command: Command, context: CliContext): void {
  const { out, error, columns } = context.terminal;
  command
    .exitOverride((ended) => {
      if (ended.exitCode !== 0) error(describeUsageError(command, ended));
      throw ended;
    })
    .configureOutput({
      writeOut: out,
      writeErr: () => {},
      getOutHelpWidth: () => columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  for (const child of command.commands) configureAll(child, context);
}
