import type { Engine, Workload } from './rows.ts';

export interface EnginePlan {
  readonly engine: Engine;
  readonly workloads: readonly Workload[];
}

/** What is measured of one set of objects. */
export interface Plan {
  readonly set: 'applications' | 'realistic';
  /** Of `applications`. */
  readonly applications: number;
  readonly roundTripMilliseconds: number;
  /** Passes of each workload but the first apply. */
  readonly samples: number;
  /** The engines of a round take turns; the rounds follow each other. */
  readonly rounds: readonly (readonly EnginePlan[])[];
}

export const FIRST_APPLIES = 3;
const SAMPLES = 3;
/** Of passes that take a fraction of a second: the first of a process is slower than all others, and any other program shows. */
const SAMPLES_OF_SMALL = 5;
/** Of each round trip between a region and its neighbour. */
const DISTANT_MILLISECONDS = 40;

const QUICK: readonly Workload[] = ['first-apply', 'no-drift', 'no-drift-sweep', 'one-drift', 'status-churn'];
const ALL: readonly Workload[] = [...QUICK.slice(0, 4), 'one-percent-drift', 'cold-checkpoint', 'status-churn'];
/** Flux keeps no checkpoint and sweeps nothing: what it does without drift is what it does then too. */
const FLUX_KNOWS_NO: ReadonlySet<Workload> = new Set(['no-drift-sweep', 'cold-checkpoint']);

export function quickPlan(): readonly Plan[] {
  return [near(200, [both(QUICK)], SAMPLES_OF_SMALL)];
}

export function fullPlan(): readonly Plan[] {
  return [
    near(
      200,
      [
        both(ALL),
        [{ engine: 'kubectl-apply', workloads: ['first-apply', 'no-drift'] }],
        [{ engine: 'kubectl-diff', workloads: ['no-drift'] }],
        [{ engine: 'limit', workloads: ['first-apply', 'no-drift'] }],
      ],
      SAMPLES_OF_SMALL,
    ),
    near(1_000, [both(['first-apply', 'no-drift', 'no-drift-sweep', 'one-percent-drift', 'cold-checkpoint'])]),
    near(2_000, [both(ALL)]),
    { set: 'realistic', applications: 200, roundTripMilliseconds: DISTANT_MILLISECONDS, samples: SAMPLES, rounds: [both(QUICK)] },
  ];
}

function near(applications: number, rounds: Plan['rounds'], samples = SAMPLES): Plan {
  return { set: 'applications', applications, roundTripMilliseconds: 0, samples, rounds };
}

function both(workloads: readonly Workload[]): readonly EnginePlan[] {
  return [
    { engine: 'ours', workloads },
    { engine: 'flux', workloads },
  ];
}

/** Those that an engine is measured at; its rows of the others are its row `no-drift` under another name. */
export function distinctWorkloads(engine: Engine, workloads: readonly Workload[]): readonly Workload[] {
  return engine === 'flux' ? workloads.filter((workload) => !FLUX_KNOWS_NO.has(workload)) : workloads;
}
