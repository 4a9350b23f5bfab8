import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { applicationSet } from '../helpers/application-set.ts';
import { type ClusterPrograms, startBenchCluster } from './bench-cluster.ts';
import type { StartEngine } from './engines/engine.ts';
import { measureSeries } from './measure.ts';
import { realisticSet, writeSet } from './object-sets.ts';
import { distinctWorkloads, type Plan, SAMPLES } from './plan.ts';
import { type Engine, type Row, rowOf, type Workload } from './rows.ts';

/** After an API server is ready it still sets up its own roles and priorities. */
const SETTLE_MILLISECONDS = 2_000;

/** Measures what the plan says, one engine after the other, and resolves to the rows in the plan's order. */
export async function runPlan(
  plan: Plan,
  engines: Readonly<Record<Engine, StartEngine>>,
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
    const rows: Row[] = [];
    for (const { engine, workloads } of plan.engines) {
      const series = { engine, start: engines[engine], set, samples: SAMPLES, ...splitFirst(distinctWorkloads(engine, workloads)) };
      const measured = (await measureSeries(series, { startCluster, progress, signal })).map(rowOf);
      for (const workload of workloads) rows.push({ ...rowFor(workload, measured), workload });
    }
    return rows.toSorted((a, b) => order(plan, a) - order(plan, b));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function splitFirst(workloads: readonly Workload[]) {
  return {
    measuresFirstApply: workloads.includes('first-apply'),
    workloads: workloads.filter((workload) => workload !== 'first-apply'),
  };
}

/** A workload that the engine does not tell from `no-drift` has that row's figures. */
function rowFor(workload: Workload, measured: readonly Row[]): Row {
  const row = measured.find((one) => one.workload === workload) ?? measured.find((one) => one.workload === 'no-drift');
  if (row === undefined) throw new Error(`${workload}: it was not measured`);
  return row;
}

/** Workload by workload, the engines beside each other. */
function order({ engines }: Plan, { workload, engine }: Row): number {
  const workloads = engines[0]?.workloads ?? [];
  return workloads.indexOf(workload) * engines.length + engines.findIndex((one) => one.engine === engine);
}
