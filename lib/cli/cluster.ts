import { Command } from 'commander';
import { clusterAddCommand } from './cluster-add.ts';
import { clusterListCommand, clusterShowCommand } from './cluster-list.ts';
import { clusterRemoveCommand } from './cluster-remove.ts';
import { clusterSetCommand } from './cluster-set.ts';
import { clusterResumeCommand, clusterSuspendCommand } from './cluster-suspend.ts';
import type { DefineCommand } from './leaf-command.ts';

/** The life of a row of the clusters table. */
export function clusterCommand(define: DefineCommand): Command {
  const command = new Command('cluster').description('Register clusters and change their rows.');
  const subcommands = [
    clusterAddCommand,
    clusterListCommand,
    clusterShowCommand,
    clusterSetCommand,
    clusterSuspendCommand,
    clusterResumeCommand,
    clusterRemoveCommand,
  ];
  for (const subcommand of subcommands) command.addCommand(subcommand(define));
  return command.addHelpText('after', '\nExample:\n  $ plumbline cluster list\n      shows every registered cluster\n');
}
