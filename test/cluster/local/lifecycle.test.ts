import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { type StartOptions, startLocalEnvironment, stopLocalEnvironment, thisHost } from '../../../lib/local/index.ts';
import { isRunning, ProcessIdentity } from '../../../lib/local/process-identity.ts';

const host = thisHost(process.env);
const STARTER = fileURLToPath(new URL('./start-environment.ts', import.meta.url));
const name = `test-life-${process.pid}`;
const options: StartOptions = {
  name,
  clusters: [{ name: 'one', access: 'enforce' }],
  host,
  progress: () => undefined,
  signal: AbortSignal.timeout(120_000),
};

afterEach(async () => {
  await stopLocalEnvironment(name, host, () => undefined, AbortSignal.timeout(30_000));
});

/** Processes that carry the environment's folder in their variables or arguments: also those that nobody wrote down. */
function leftovers(directory: string): readonly string[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return ['environ', 'cmdline'].some((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(directory));
    } catch {
      return false;
    }
  });
}

async function expectNothingLeft(directory: string): Promise<void> {
  for (let waited = 0; (existsSync(directory) || leftovers(directory).length > 0) && waited < 10_000; waited += 50) await sleep(50);
  expect(leftovers(directory)).toEqual([]);
  expect(existsSync(directory)).toBe(false);
}

it('a second start finds the same processes, and refuses to be another', async () => {
  const first = await startLocalEnvironment(options);
  const second = await startLocalEnvironment(options);
  expect(second.processes).toEqual(first.processes);
  expect(second.clusters).toEqual(first.clusters);
  const other = startLocalEnvironment({ ...options, clusters: [{ name: 'two', access: 'observe' }] });
  await expect(other).rejects.toThrow(/it runs with the clusters one=enforce, not two=observe/);
  await second.stop();
  await expectNothingLeft(first.directory);
});

it('two starts at once end with one environment', async () => {
  const both = await Promise.all([startLocalEnvironment(options), startLocalEnvironment(options)]);
  expect(both[0].processes).toEqual(both[1].processes);
  await both[0].stop();
  await expectNothingLeft(both[0].directory);
});

it('two names run side by side', async () => {
  const first = await startLocalEnvironment(options);
  const second = await startLocalEnvironment({ ...options, name: `${name}-b` });
  expect(new Set([...first.processes, ...second.processes].map(({ pid }) => pid)).size).toBe(first.processes.length * 2);
  await second.stop();
  expect(first.processes.every(isRunning)).toBe(true);
  await first.stop();
});

it('the next start cleans up after one whose supervisor was killed', async () => {
  const first = await startLocalEnvironment(options);
  const [supervisor, ...others] = first.processes;
  if (supervisor === undefined) throw new Error('the supervisor is the first process');
  process.kill(supervisor.pid, 'SIGKILL');
  while (isRunning(supervisor)) await sleep(20);
  expect(others.every(isRunning)).toBe(true);
  const second = await startLocalEnvironment(options);
  expect(others.some(isRunning)).toBe(false);
  await second.stop();
  await expectNothingLeft(first.directory);
});

it('ends as a whole when one of its programs ends, and the next start works', async () => {
  const first = await startLocalEnvironment(options);
  const etcd = first.processes.find((one) => one.name === 'etcd');
  if (etcd === undefined) throw new Error('etcd is one of the processes');
  process.kill(etcd.pid, 'SIGKILL');
  for (let waited = 0; first.processes.some(isRunning) && waited < 10_000; waited += 50) await sleep(50);
  expect(first.processes.filter(isRunning)).toEqual([]);
  const second = await startLocalEnvironment(options);
  await second.stop();
  await expectNothingLeft(first.directory);
});

const Started = z.object({ directory: z.string(), processes: z.array(ProcessIdentity) });

it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('nothing is left when the process that started it gets %s', async (signal) => {
  const starter = spawn(process.execPath, [STARTER, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(starter.stdout.setEncoding('utf8'), 'data');
  const { directory, processes } = Started.parse(JSON.parse(String(line)));
  expect(processes.every(isRunning)).toBe(true);
  starter.kill(signal);
  await once(starter, 'exit');
  await expectNothingLeft(directory);
});

it('nothing is left when a start is aborted, early or late', async () => {
  for (const milliseconds of [50, 400, 1200, 2000]) {
    const started = startLocalEnvironment({ ...options, signal: AbortSignal.timeout(milliseconds) });
    const directory = await started.then(
      async (environment) => {
        await environment.stop();
        return environment.directory;
      },
      () => `${host.env.XDG_CACHE_HOME ?? `${host.home}/.cache`}/plumbline/environments/${name}`,
    );
    await expectNothingLeft(directory);
  }
});
