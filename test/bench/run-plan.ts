import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { applicationSet } from '../helpers/application-set.ts';
import { type ClusterPrograms, startBenchCluster } from './bench-cluster.ts';
import type { StartEngine } from './engines/engine.ts';
import { measureRound } from './measure.ts';
import { realisticSet, writeSet } from './object-sets.ts';
import { distinctWorkloads, FIRST_APPLIES, type Plan } from './plan.ts';
import { ENGINES, type Engine, type Measured, type Row, rowOf, type StorageSample, WORKLOADS, type Workload } from './rows.ts';

/** After an API server is ready it still sets up its own roles and priorities. */
const SETTLE_MILLISECONDS = 2_000;

/** Ours reads no more objects a pass to see whether they came up. */
const FOLLOWED_A_PASS = 200;

/** How each engine is started; `stored` is ours with the stores of a deployment. */
export type Engines = Readonly<Record<Engine | 'stored', StartEngine>>;

/** Measures what the plan says, one engine after the other, and resolves to the rows. */
export async function runPlan(
  plan: Plan,
  engines: Engines,
  programs: ClusterPrograms,
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
  try {
    const objects = plan.set === 'realistic' ? realisticSet() : applicationSet(plan.applications);
    const set = await writeSet(objects, join(directory, 'objects.json'));
    const startCluster = async () => {
      const cluster = await startBenchCluster(programs, plan.roundTripMilliseconds, signal);
      await sleep(SETTLE_MILLISECONDS, undefined, { signal });
      return cluster;
    };
    const rollouts = objects.filter(({ kind }) => kind === 'Deployment').length;
    const storageProgress = (message: string): void => progress(`with storage: ${message}`);
    const surroundings = { set, samples: plan.samples, firstApplies: FIRST_APPLIES, startCluster, progress, signal };
    const rows: Row[] = [];
    for (const round of plan.rounds) {
      const contenders = round.map(({ engine, workloads }) => ({
        engine,
        start: engines[engine],
        workloads: distinctWorkloads(engine, workloads),
        passesToSettle: engine === 'ours' ? Math.ceil(rollouts / FOLLOWED_A_PASS) + 1 : 0,
      }));
      const timed = await measureRound(contenders, surroundings);
      // Ours once more, with its storage: that clock is another one, and its passes would disturb the first.
      const stored = contenders.filter(({ engine }) => engine === 'ours').map((ours) => ({ ...ours, start: engines.stored }));
      const withStorage =
        stored.length === 0 ? [] : await measureRound(stored, { ...surroundings, firstApplies: 1, progress: storageProgress });
      const measured = timed.map((one) => rowOf({ ...one, storage: storageOf(one, withStorage) }));
      rows.push(...round.flatMap(({ engine, workloads }) => workloads.map((workload) => rowFor(engine, workload, measured))));
    }
    return rows.toSorted((a, b) => order(a) - order(b));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function storageOf({ engine, workload }: Measured, withStorage: readonly Measured[]): readonly StorageSample[] {
  return withStorage.find((one) => one.engine === engine && one.workload === workload)?.storage ?? [];
}

/** A workload that the engine does not tell from `no-drift` has that row's figures. */
function rowFor(engine: Engine, workload: Workload, measured: readonly Row[]): Row {
  const own = measured.filter((row) => row.engine === engine);
  const row = own.find((one) => one.workload === workload) ?? own.find((one) => one.workload === 'no-drift');
  if (row === undefined) throw new Error(`${engine}, ${workload}: it was not measured`);
  return { ...row, workload };
}

/** Workload by workload, the engines beside each other. */
function order({ workload, engine }: Row): number {
  return WORKLOADS.indexOf(workload) * ENGINES.length + ENGINES.indexOf(engine);
}
