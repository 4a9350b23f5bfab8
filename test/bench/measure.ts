import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchCluster } from './bench-cluster.ts';
import { reportStatuses } from './controllers.ts';
import { disturb } from './disturb.ts';
import type { Answer, EngineProcess, ObjectSet, StartEngine } from './engines/engine.ts';
import { requestsBetween } from './request-counts.ts';
import type { Engine, Measured, Sample, StorageSample, Workload } from './rows.ts';

/** One engine, and what it is measured at. */
export interface Contender {
  readonly engine: Engine;
  readonly start: StartEngine;
  readonly workloads: readonly Workload[];
  /** Passes that it makes until it is done with a first apply that has come up. */
  readonly passesToSettle: number;
}

export interface Surroundings {
  readonly set: ObjectSet;
  readonly samples: number;
  /** As many clusters are made for each contender. */
  readonly firstApplies: number;
  startCluster(): Promise<BenchCluster>;
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
}

/** A contender with a cluster of its own, which it has applied the objects to, and a folder for what it knows of it. */
interface Arena {
  readonly contender: Contender;
  readonly cluster: BenchCluster;
  readonly directory: string;
}

/** Until the server is done with what it was asked before: compacting, its caches, its garbage. */
const SETTLE_MILLISECONDS = 500;

/**
 * Measures the contenders in turn, sample by sample, so that whatever else the machine does meets all of them: each first apply on a fresh
 * cluster, the other workloads on the cluster of the last one, in a fresh process for each workload.
 */
export async function measureRound(contenders: readonly Contender[], surroundings: Surroundings): Promise<readonly Measured[]> {
  const { firstApplies } = surroundings;
  await using scope = new AsyncDisposableStack();
  const log = new SampleLog();
  for (let turn = 1; turn < firstApplies; turn += 1) {
    for (const contender of contenders.filter(({ workloads }) => workloads.includes('first-apply'))) {
      await using attempt = new AsyncDisposableStack();
      await firstApply(contender, `${turn}/${firstApplies}`, attempt, log, surroundings);
    }
  }
  const arenas: Arena[] = [];
  for (const contender of contenders) arenas.push(await firstApply(contender, `${firstApplies}/${firstApplies}`, scope, log, surroundings));
  for (const arena of arenas) await settle(arena, surroundings);
  const workloads = new Set(contenders.flatMap((contender) => contender.workloads).filter((workload) => workload !== 'first-apply'));
  for (const workload of workloads) {
    const taking = arenas.filter(({ contender }) => contender.workloads.includes(workload));
    await measureWorkload(workload, taking, log, surroundings);
  }
  const objects = surroundings.set.objects.length;
  return contenders.flatMap(({ engine, workloads: asked }) =>
    asked.map((workload) => ({
      workload,
      objects,
      engine,
      samples: log.samples(engine, workload),
      storage: log.storage(engine, workload),
    })),
  );
}

class SampleLog {
  readonly #measured = new Map<string, MeasuredPass[]>();

  add(engine: Engine, workload: Workload, pass: MeasuredPass): void {
    this.#measured.set(`${engine} ${workload}`, [...this.#of(engine, workload), pass]);
  }

  samples(engine: Engine, workload: Workload): readonly Sample[] {
    return this.#of(engine, workload).map(({ sample }) => sample);
  }

  storage(engine: Engine, workload: Workload): readonly StorageSample[] {
    return this.#of(engine, workload).flatMap(({ storage }) => storage ?? []);
  }

  #of(engine: Engine, workload: Workload): readonly MeasuredPass[] {
    return this.#measured.get(`${engine} ${workload}`) ?? [];
  }
}

interface MeasuredPass extends Answer {
  readonly sample: Sample;
}

async function firstApply(
  contender: Contender,
  turn: string,
  scope: AsyncDisposableStack,
  log: SampleLog,
  surroundings: Surroundings,
): Promise<Arena> {
  const { set } = surroundings;
  const cluster = scope.use(await surroundings.startCluster());
  const directory = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  await using running = await contender.start('first-apply', cluster, set, directory);
  const arena = { contender, cluster, directory };
  await measureTurn('first-apply', turn, { created: set.objects.length, changed: 0 }, { ...arena, running }, log, surroundings);
  return arena;
}

/** Everything comes up, and the engine sees it: from then on a pass without drift is what it is on any other day. */
async function settle({ contender, cluster, directory }: Arena, { set }: Surroundings): Promise<void> {
  await reportStatuses(set.objects, 0, cluster);
  await using running = await contender.start('no-drift', cluster, set, directory);
  for (let pass = 0; pass < contender.passesToSettle; pass += 1) await running.pass();
}

async function measureWorkload(workload: Workload, arenas: readonly Arena[], log: SampleLog, surroundings: Surroundings): Promise<void> {
  const { set, samples } = surroundings;
  await using scope = new AsyncDisposableStack();
  const runners: (Arena & { readonly running: EngineProcess })[] = [];
  for (const arena of arenas) {
    const running = scope.use(await arena.contender.start(workload, arena.cluster, set, arena.directory));
    runners.push({ ...arena, running });
  }
  for (let turn = 1; turn <= samples; turn += 1) {
    for (const runner of runners) {
      const changed = await disturb(workload, set.objects, turn, runner.cluster);
      await measureTurn(workload, `${turn}/${samples}`, { created: 0, changed }, runner, log, surroundings);
    }
  }
}

/** One pass. What it did must be what the workload is about, or the figures are of something else. */
async function measureTurn(
  workload: Workload,
  turn: string,
  expected: NonNullable<Answer['did']>,
  { contender: { engine }, cluster, running }: Arena & { readonly running: EngineProcess },
  log: SampleLog,
  { set, progress, signal }: Surroundings,
): Promise<void> {
  await sleep(SETTLE_MILLISECONDS, undefined, { signal });
  const pass = await measurePass(running, cluster);
  const { sample, did } = pass;
  const where = `${engine}, ${set.objects.length} objects, ${workload}`;
  if (did !== undefined && (did.created !== expected.created || did.changed !== expected.changed))
    throw new Error(
      `${where}: it created ${did.created} and changed ${did.changed} objects; ${expected.created} and ${expected.changed} were expected`,
    );
  log.add(engine, workload, pass);
  progress(`${where} ${turn}: ${sample.wallSeconds.toFixed(3)} s`);
}

async function measurePass(engine: EngineProcess, cluster: BenchCluster): Promise<MeasuredPass> {
  const before = await cluster.requests();
  await cluster.wire.read();
  const cpuBefore = cluster.cpuSeconds();
  const { clientCpuSeconds, clientPeakMiB, ...answer } = await engine.pass();
  const apiServerCpuSeconds = cluster.cpuSeconds() - cpuBefore;
  const { wallSeconds, bytes } = await cluster.wire.read();
  const requestsByVerb = requestsBetween(before, await cluster.requests());
  return { ...answer, sample: { wallSeconds, requestsByVerb, apiServerCpuSeconds, clientCpuSeconds, clientPeakMiB, bytes } };
}
