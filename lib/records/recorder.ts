import { monotonicFactory } from 'ulidx';
import type { Clock } from '../clock.ts';
import type { RecordStore } from '../storage/stores.ts';
import { cleanFact } from './clean-fact.ts';
import { countRecord, countRun, type MetricValues } from './count-record.ts';
import type { Recorder, RunFacts } from './fact.ts';
import { prepareIntents } from './intents.ts';
import type { MetricName } from './metrics.ts';
import { planRecords, type RecordSteps } from './plan-records.ts';
import type { ObjectRecord, PlumblineRecord, RunRecord } from './record.ts';
import { redactFailure } from './redact.ts';

/** Transitions stored at once; the first run of a large cluster has a thousand. */
const WRITES_AT_ONCE = 16;

export interface RecorderDependencies {
  readonly records: RecordStore;
  /** One line for each transition. */
  readonly log: (record: PlumblineRecord) => void;
  readonly count: (metric: MetricName, value: number) => void;
  readonly clock: Clock;
  /** A source of ULIDs for one run, each greater than the one before; takes the time in epoch milliseconds. */
  readonly createIds: () => (at: number) => string;
}

/** ULIDs from the system's randomness, monotonic within one source. */
export function createRecordIds(): (at: number) => string {
  return monotonicFactory();
}

/**
 * The one place that stores, logs and counts. Every fact is redacted and bounded first. A record that cannot be stored does not keep the
 * others from being stored; then `record` throws the first of those errors at the end. One that is over is logged and counted all the same.
 */
export function createRecorder(deps: RecorderDependencies): Recorder {
  const add = (values: MetricValues) => {
    for (const [metric, value] of values) deps.count(metric, value);
  };
  const publish = (record: PlumblineRecord) => {
    deps.log(record);
    add(countRecord(record));
  };

  /** Whether the record moved; another run may have moved it first. */
  async function store(
    steps: RecordSteps,
  ): Promise<{ readonly steps: RecordSteps; readonly moved: boolean; readonly failure?: { readonly cause: unknown } }> {
    try {
      return { steps, moved: await deps.records.transition(lastOf(steps)) };
    } catch (cause) {
      return { steps, moved: false, failure: { cause } };
    }
  }

  async function recordRun(...run: Parameters<typeof runRecordOf>): Promise<RunRecord> {
    const record = runRecordOf(...run);
    await deps.records.put(record);
    publish(record);
    add(countRun(record));
    return record;
  }

  return {
    prepare: (intended) => prepareIntents(intended, deps.createIds()),

    async record(run, signal) {
      const open = run.open ?? (await deps.records.listOpen(run.cluster, signal));
      const newId = deps.createIds();
      const plans = planRecords(open, { ...run, facts: run.facts.map(cleanFact) }, deps.clock.now(), newId);
      const moved: (ObjectRecord | RunRecord)[] = [];
      const failures: unknown[] = [];
      for (let start = 0; start < plans.length; start += WRITES_AT_ONCE) {
        for (const { steps, moved: hasMoved, failure } of await Promise.all(plans.slice(start, start + WRITES_AT_ONCE).map(store))) {
          if (failure !== undefined) failures.push(failure.cause);
          // No later run meets again what is over: what the table did not take is in the log at least.
          if (hasMoved || (failure !== undefined && lastOf(steps).resolvedAt !== undefined)) steps.forEach(publish);
          if (hasMoved) moved.push(lastOf(steps));
        }
      }
      if (run.run !== undefined) {
        if (run.repeats === true && moved.length === 0) add(countRun(run.run));
        else moved.push(await recordRun(run, run.run, newId));
      }
      if (failures.length > 0) throw failures[0];
      return moved;
    },

    async recordCutOff(cluster, { runId, at, id, revision }) {
      const error = {
        reason: 'CutOff',
        message: `cluster ${cluster}: this run was cut off before it could say what it did. The next one records what became of the objects that it was to write.`,
      };
      const cutOff = { cluster, runId, revision, startedAt: at, runRecordId: id };
      const record = runRecordOf(cutOff, { outcome: 'failed', ...NOTHING_SEEN, durationMs: 0, error }, deps.createIds());
      if (!(await deps.records.putIfAbsent(record))) return;
      publish(record);
      // How long it took is not known.
      add([['RunsFailed', 1]]);
    },

    async recordFailure({ error, ...work }) {
      const durationMs = deps.clock.now().getTime() - Date.parse(work.startedAt);
      await recordRun(work, { outcome: 'failed', ...NOTHING_SEEN, durationMs, error }, deps.createIds());
    },
  };
}

const NOTHING_SEEN = { objects: 0, drifted: 0, corrected: 0, created: 0, failed: 0, requests: 0 } as const;

function runRecordOf(
  run: Pick<RunFacts, 'cluster' | 'runId' | 'revision' | 'startedAt' | 'runRecordId'>,
  sums: NonNullable<RunFacts['run']>,
  newId: (at: number) => string,
): RunRecord {
  const { error, ...counts } = sums;
  return {
    kind: 'run',
    cluster: run.cluster,
    id: run.runRecordId ?? newId(Date.parse(run.startedAt)),
    at: run.startedAt,
    runId: run.runId,
    revision: run.revision,
    sequence: 1,
    event: sums.outcome === 'failed' ? 'failed' : 'resolved',
    ...counts,
    ...(error === undefined ? {} : { error: redactFailure(error) }),
  };
}

function lastOf(steps: RecordSteps): ObjectRecord {
  return steps.at(-1) ?? steps[0];
}
