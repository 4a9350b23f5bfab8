/** Starts an environment, says so in one line, and waits to be ended: the process that `lifecycle.test.ts` sends signals to. */
import { startLocalEnvironment, thisHost } from '../../../lib/local/index.ts';

const { directory, processes } = await startLocalEnvironment({
  name: process.argv[2] ?? 'test',
  clusters: [{ name: 'one', access: 'enforce' }],
  host: thisHost(process.env),
  progress: () => undefined,
  signal: AbortSignal.timeout(120_000),
});
process.stdout.write(JSON.stringify({ directory, processes }));
setInterval(() => undefined, 60_000);
