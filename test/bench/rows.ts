/** What one pass of an engine took. */
export interface Sample {
  /** From the first request to the API server's last answer. */
  readonly wallSeconds: number;
  /** As the API server counts them; dry-runs are `APPLY dry-run`. */
  readonly requestsByVerb: Readonly<Record<string, number>>;
  readonly apiServerCpuSeconds: number;
  readonly clientCpuSeconds: number;
  /** The most memory that the process ever had resident. */
  readonly clientPeakMiB: number;
  /** On the wire, both ways, TLS included. */
  readonly bytes: number;
}

/** A pass of ours with the stores of a deployment, from the message to the stored record. */
export interface StorageSample {
  readonly wallSecondsWithStorage: number;
  /** Requests to AWS. */
  readonly storageCalls: number;
}

export const WORKLOADS = [
  'first-apply',
  'no-drift',
  'no-drift-sweep',
  'one-drift',
  'one-percent-drift',
  'cold-checkpoint',
  'status-churn',
] as const;
export type Workload = (typeof WORKLOADS)[number];

export const ENGINES = ['ours', 'flux', 'kubectl-apply', 'kubectl-diff', 'limit'] as const;
export type Engine = (typeof ENGINES)[number];

/** One line of the result: medians of the samples, each figure on its own. */
export interface Row extends Sample, Partial<StorageSample> {
  readonly workload: Workload;
  readonly objects: number;
  readonly engine: Engine;
  readonly requests: number;
  readonly samples: number;
}

export interface Measured {
  readonly workload: Workload;
  readonly objects: number;
  readonly engine: Engine;
  readonly samples: readonly Sample[];
  readonly storage: readonly StorageSample[];
}

export function rowOf({ workload, objects, engine, samples, storage }: Measured): Row {
  const medianOf = (figure: (sample: Sample) => number): number => median(samples.map(figure));
  const verbs = [...new Set(samples.flatMap(({ requestsByVerb }) => Object.keys(requestsByVerb)))].toSorted();
  const byVerb = verbs.map((verb) => [verb, medianOf(({ requestsByVerb }) => requestsByVerb[verb] ?? 0)] as const);
  return {
    workload,
    objects,
    engine,
    samples: samples.length,
    wallSeconds: rounded(medianOf(({ wallSeconds }) => wallSeconds)),
    requests: medianOf(({ requestsByVerb }) => Object.values(requestsByVerb).reduce((sum, count) => sum + count, 0)),
    requestsByVerb: Object.fromEntries(byVerb.filter(([, count]) => count > 0)),
    apiServerCpuSeconds: rounded(medianOf(({ apiServerCpuSeconds }) => apiServerCpuSeconds)),
    clientCpuSeconds: rounded(medianOf(({ clientCpuSeconds }) => clientCpuSeconds)),
    clientPeakMiB: Math.round(medianOf(({ clientPeakMiB }) => clientPeakMiB)),
    bytes: Math.round(medianOf(({ bytes }) => bytes)),
    ...(storage.length === 0
      ? {}
      : {
          wallSecondsWithStorage: rounded(median(storage.map(({ wallSecondsWithStorage }) => wallSecondsWithStorage))),
          storageCalls: median(storage.map(({ storageCalls }) => storageCalls)),
        }),
  };
}

/** Of an even number, the lower of the two in the middle: it was measured. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

/** To the millisecond: below it the clocks of processes say nothing. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

/** Flux's row of the same workload and objects: what the others are held against. */
export function baselineOf(row: Row, rows: readonly Row[]): Row | undefined {
  return rows.find(({ engine, workload, objects }) => engine === 'flux' && workload === row.workload && objects === row.objects);
}
