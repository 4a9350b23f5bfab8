import { parseArgs } from 'node:util';
import { environmentVariables, thisHost } from '../lib/local/index.ts';
import { runDemo } from './demo.ts';

const HELP = `Runs Plumbline end to end on this machine: two real Kubernetes API servers, the stacks deployed to an AWS emulator, a Git repository,
changes made by hand, tags that move and pods that run other bytes, and the records of what happened to them. Ends by itself and leaves nothing behind.

  npm run demo                   about six minutes, most of it waiting for the schedule
  npm run demo -- --keep         leaves it up, and prints the commands to go on with
  npm run demo -- --name NAME    names the local environment (default: demo and the process id)
`;

const { values } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, name: { type: 'string' }, help: { type: 'boolean' } },
});

if (values.help === true) {
  console.log(HELP);
} else {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  const host = thisHost(process.env);
  try {
    await runDemo({
      name: values.name ?? `demo-${process.pid}`,
      keep: values.keep,
      host,
      signal: controller.signal,
      useEnvironment: (environment) => {
        // The SDK reads its endpoint and keys from the process's environment, as it does in the functions.
        for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
        Object.assign(process.env, environmentVariables(environment, host));
      },
    });
  } catch (error) {
    process.exitCode = controller.signal.aborted ? 130 : 1;
    console.error(
      controller.signal.aborted ? '\ninterrupted; nothing of it is left running' : `\n${error instanceof Error ? error.message : error}`,
    );
  }
}
