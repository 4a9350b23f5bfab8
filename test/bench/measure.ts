import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchCluster } from './bench-cluster.ts';
import { disturb } from './disturb.ts';
import type { EngineProcess, ObjectSet, Pass, StartEngine } from './engines/engine.ts';
import { requestsBetween } from './request-counts.ts';
import type { Engine, Measured, Sample, Workload } from './rows.ts';

/** One engine on one set of objects. */
export interface Series {
  readonly engine: Engine;
  readonly start: StartEngine;
  readonly set: ObjectSet;
  /** After the first apply, in this order. */
  readonly workloads: readonly Exclude<Workload, 'first-apply'>[];
  /** Whether the first apply is of interest, or only a way to the others. */
  readonly measuresFirstApply: boolean;
  readonly samples: number;
}

export interface Surroundings {
  startCluster(): Promise<BenchCluster>;
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Until the server is done with what it was asked before: compacting, its caches, its garbage. */
const SETTLE_MILLISECONDS = 500;

/** The first apply, each time on a new cluster, and the other workloads on the last of these; a process of the engine's own for each. */
export async function measureSeries(series: Series, surroundings: Surroundings): Promise<readonly Measured[]> {
  const { engine, set, workloads, samples: count } = series;
  const objects = set.objects.length;
  const first: Sample[] = [];
  const times = series.measuresFirstApply ? count : 1;
  for (let turn = 1; turn < times; turn += 1) first.push((await firstApply(series, surroundings)).sample);
  const { sample, measured } = await firstApply(series, surroundings, workloads);
  first.push(sample);
  return [...(series.measuresFirstApply ? [{ workload: 'first-apply' as const, objects, engine, samples: first }] : []), ...measured];
}

async function firstApply(
  series: Series,
  surroundings: Surroundings,
  workloads: Series['workloads'] = [],
): Promise<{ readonly sample: Sample; readonly measured: readonly Measured[] }> {
  const { engine, set, samples: count } = series;
  const objects = set.objects.length;
  await using scope = new AsyncDisposableStack();
  const cluster = scope.use(await surroundings.startCluster());
  const directory = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  const [sample] = await passes('first-apply', 1, { created: objects }, series, cluster, directory, surroundings);
  if (sample === undefined) throw new Error('one pass was asked for');
  const measured: Measured[] = [];
  for (const workload of workloads) {
    const samples = await passes(workload, count, { created: 0 }, series, cluster, directory, surroundings);
    measured.push({ workload, objects, engine, samples });
  }
  return { sample, measured };
}

async function passes(
  workload: Workload,
  count: number,
  { created }: { readonly created: number },
  { engine, start, set }: Series,
  cluster: BenchCluster,
  directory: string,
  { progress, signal }: Surroundings,
): Promise<readonly Sample[]> {
  await using running = await start(workload, cluster, set, directory);
  const samples: Sample[] = [];
  for (let turn = 1; turn <= count; turn += 1) {
    const changed = await disturb(workload, set.objects, turn, cluster);
    await sleep(SETTLE_MILLISECONDS, undefined, { signal });
    const { sample, did } = await measurePass(running, cluster);
    if (did !== undefined && (did.created !== created || did.changed !== changed))
      throw new Error(
        `${engine}, ${workload}: it created ${did.created} and changed ${did.changed} objects; ${created} and ${changed} were expected`,
      );
    progress(`${engine}, ${set.objects.length} objects, ${workload} ${turn}/${count}: ${sample.wallSeconds.toFixed(2)} s`);
    samples.push(sample);
  }
  return samples;
}

async function measurePass(engine: EngineProcess, cluster: BenchCluster): Promise<{ readonly sample: Sample; readonly did: Pass['did'] }> {
  const before = await cluster.requests();
  await cluster.wire.read();
  const cpuBefore = cluster.cpuSeconds();
  const { did, clientCpuSeconds, clientPeakMiB } = await engine.pass();
  const apiServerCpuSeconds = cluster.cpuSeconds() - cpuBefore;
  const { wallSeconds, bytes } = await cluster.wire.read();
  const requestsByVerb = requestsBetween(before, await cluster.requests());
  return { sample: { wallSeconds, requestsByVerb, apiServerCpuSeconds, clientCpuSeconds, clientPeakMiB, bytes }, did };
}
