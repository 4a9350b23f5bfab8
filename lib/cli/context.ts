import type { Clock } from '../clock.ts';
import type { RenderedSource } from '../source/artifact.ts';
import type { Deployment, DeploymentTarget } from './deployment.ts';
import { createOutput, type Output } from './output.ts';
import { type Delay, type Progress, withProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** 0 in sync or done, 1 failed, 2 differences or findings exist. */
export type ExitStatus = 0 | 1 | 2;

/** Everything that the command has from outside; tests give their own. */
export interface CliContext {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly delay: Delay;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Aborted by a second Ctrl-C: what a command brings to a good end after the first is then given up. */
  readonly abandon: AbortSignal;
  /** Where relative paths in arguments begin. */
  readonly directory: string;
  /** Renders a folder on this machine; needs no deployment. */
  readonly renderDirectory: (directory: string, signal: AbortSignal) => Promise<Pick<RenderedSource, 'objects' | 'problems'>>;
  /** Finds the deployment; called once a command has checked its arguments. */
  readonly openDeployment: (target: DeploymentTarget, signal: AbortSignal) => Promise<Deployment>;
}

/** The options that every command takes. */
export interface CommonOptions extends DeploymentTarget {
  readonly json: boolean;
}

/** What the action of a command works with. */
export interface CommandRun extends CliContext {
  readonly options: CommonOptions;
  readonly output: Output;
  deployment(): Promise<Deployment>;
  progress<T>(text: string, work: (progress: Progress) => Promise<T>): Promise<T>;
}

export function createCommandRun(context: CliContext, options: CommonOptions): CommandRun {
  const progress: CommandRun['progress'] = (text, work) => withProgress(text, context.terminal, context.delay, work);
  return {
    ...context,
    options,
    output: createOutput(context.terminal, options.json),
    deployment: () => progress(`finding deployment ${options.stack}`, () => context.openDeployment(options, context.signal)),
    progress,
  };
}
