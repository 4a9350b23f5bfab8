/**
 * `npm run bench [-- --quick]`: our engine beside Flux's and kubectl, on fresh clusters in turn. Prints a table and writes `build/bench.json`;
 * a full run also keeps its result in `test/results/bench.json` and draws the chart of the README. See docs/bench.md.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { failureOf } from '../../lib/errors.ts';
import { controlPlaneBinaries, type Host, thisHost, toolsDirectory } from '../../lib/local/index.ts';
import type { ClusterPrograms } from './bench-cluster.ts';
import { type BenchStorage, startBenchStorage } from './bench-storage.ts';
import { drawChart } from './chart.ts';
import { bundleProgram } from './engines/bundle.ts';
import { fluxEngine } from './engines/flux.ts';
import { kubectlEngine } from './engines/kubectl.ts';
import { limitEngine } from './engines/limit.ts';
import { oursEngine, oursStoredEngine } from './engines/ours.ts';
import { goProgram } from './go-programs.ts';
import { formatLocking, type Locking, measureLocking } from './locking.ts';
import { fullPlan, type Plan, quickPlan } from './plan.ts';
import type { Row } from './rows.ts';
import { type Engines, runPlan } from './run-plan.ts';
import { formatTable } from './table.ts';

const CHART_OBJECTS = 1_010;
const started = Date.now();
const interrupted = new AbortController();

process.exitCode = await main();

async function main(): Promise<number> {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupted.abort(new Error('interrupted')));
  try {
    const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
    await bench(values.quick, thisHost(process.env), interrupted.signal);
    return 0;
  } catch (error) {
    progress(failureOf(error).message);
    return interrupted.signal.aborted ? 130 : 1;
  }
}

async function bench(quick: boolean, host: Host, signal: AbortSignal): Promise<void> {
  if (host.platform !== 'linux') throw new Error(`npm run bench: it reads /proc, and so needs Linux; this is ${host.platform}.`);
  await using scope = new AsyncDisposableStack();
  const { programs, engines, storage } = await prepare(host, scope, signal);
  // What was bundled just now is of this commit, whatever becomes of the checkout meanwhile.
  const commit = await headOf(host.project, signal);
  const near: Row[] = [];
  const distant: Row[] = [];
  for (const plan of quick ? quickPlan() : fullPlan()) {
    const rows = await runPlan(plan, engines, programs, progress, signal);
    (plan.roundTripMilliseconds === 0 ? near : distant).push(...rows);
    console.log(`\n${titleOf(plan)}\n\n${formatTable(rows)}`);
  }
  progress('locking images');
  const locking = await measureLocking(storage, signal);
  console.log(`\n${formatLocking(locking)}`);
  await report({ near, distant, locking }, commit, quick, host);
}

interface Measured {
  readonly near: readonly Row[];
  readonly distant: readonly Row[];
  readonly locking: Locking;
}

async function prepare(
  host: Host,
  scope: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<{ readonly programs: ClusterPrograms; readonly engines: Engines; readonly storage: BenchStorage }> {
  const binaries = await controlPlaneBinaries(['etcd', 'kube-apiserver'], host, progress, signal);
  const wire = await goProgram('wire', host, progress, signal);
  const flux = await goProgram('flux', host, progress, signal);
  const kubectl = join(await toolsDirectory(host, progress, signal), 'kubectl', 'kubectl');
  const path = host.env.PATH ?? '';
  const directory = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  const storage = scope.use(await startBenchStorage(host, progress, signal));
  const ours = bundleProgram('ours-process', directory);
  return {
    storage,
    programs: { etcd: binaries.etcd, apiServer: binaries['kube-apiserver'], wire },
    engines: {
      ours: oursEngine(ours, signal),
      stored: oursStoredEngine(ours, storage, signal),
      flux: fluxEngine(flux, signal),
      'kubectl-apply': kubectlEngine(kubectl, 'apply', path, signal),
      'kubectl-diff': kubectlEngine(kubectl, 'diff', path, signal),
      limit: limitEngine(bundleProgram('limit-process', directory), signal),
    },
  };
}

/** Empty where this is no checkout. */
async function headOf(project: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: project, signal }).catch(() => ({ stdout: '' }));
  signal.throwIfAborted();
  return stdout.trim();
}

function titleOf({ set, applications, roundTripMilliseconds }: Plan): string {
  const what =
    set === 'realistic' ? '40 kinds, with realistic Deployments and their autoscalers' : `${applications} applications of six kinds`;
  return roundTripMilliseconds === 0 ? what : `${what}, each round trip ${roundTripMilliseconds} ms longer`;
}

async function report({ near: rows, distant, locking }: Measured, commit: string, quick: boolean, host: Host): Promise<void> {
  const result = {
    commit,
    at: new Date(started).toISOString(),
    seconds: Math.round((Date.now() - started) / 1000),
    cores: cpus().length,
    rows,
    ...(distant.length === 0 ? {} : { distant }),
    locking,
  };
  const json = `${JSON.stringify(result, null, 2)}\n`;
  const chart = drawChart(rows, CHART_OBJECTS);
  const write = async (folder: string, name: string, text: string): Promise<void> => {
    await mkdir(join(host.project, folder), { recursive: true });
    await writeFile(join(host.project, folder, name), text);
  };
  await write('build', 'bench.json', json);
  await write('build', 'bench.svg', chart);
  if (quick) return;
  await write('test/results', 'bench.json', json);
  await write('docs/images', 'bench.svg', chart);
}

function progress(message: string): void {
  process.stderr.write(`${String(Math.round((Date.now() - started) / 1000)).padStart(5)} s  ${message}\n`);
}
