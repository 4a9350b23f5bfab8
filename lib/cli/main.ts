/** The entry of the `plumbline` command: the one place of it that sees the process. */
import { systemClock } from '../clock.ts';
import type { CliContext } from './context.ts';
import { exitStatusOf, listenForInterrupts } from './interrupt.ts';
import { localCommand } from './local.ts';
import { runCli } from './program.ts';
import { sayStep, systemDelay } from './progress.ts';
import { createTerminal } from './terminal.ts';

const { signal, abandon } = listenForInterrupts(process, systemClock);
// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const terminal = createTerminal(process.stdout, process.stderr, process.env);

// What takes long to load is loaded by the command that needs it: help and a mistyped option answer at once.
async function toolsDirectory(finding: AbortSignal): Promise<string> {
  const local = await import('../local/index.ts');
  return await local.toolsDirectory(local.thisHost(process.env), (message) => sayStep(message, terminal), finding);
}

const context: CliContext = {
  terminal,
  clock: systemClock,
  delay: systemDelay,
  signal,
  abandon,
  directory: process.cwd(),
  renderDirectory: async (directory, rendering) => {
    const [{ toolsIn }, { renderDirectory }] = await Promise.all([import('../render/index.ts'), import('../source/index.ts')]);
    return await renderDirectory(directory, { tools: toolsIn(await toolsDirectory(rendering)) }, rendering);
  },
  openDeployment: async (target, opening) => {
    // Clients of several kinds are made on the way, each of which reads its region here.
    if (target.region !== undefined) process.env.AWS_REGION = target.region;
    const { openDeployment } = await import('./open-deployment.ts');
    return await openDeployment(target, { environment: process.env, clock: systemClock, toolsDirectory }, opening);
  },
};

const status = exitStatusOf(await runCli(process.argv.slice(2), context, [localCommand()]), context);
// `local` sets its own.
if (status !== 0) process.exitCode = status;
