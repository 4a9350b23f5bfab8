import type { Command } from 'commander';
import { type Failure, failureOf } from '../errors.ts';
import type { ClusterEntry } from '../fleet/cluster.ts';
import type { ObjectRecord, PlumblineRecord, RunRecord } from '../records/record.ts';
import type { CommandRun } from './context.ts';
import { formatProblems, groupProblems } from './describe-problems.ts';
import { describeSums, formatRecords, outcomeTone } from './describe-record.ts';
import { describeDuration } from './duration.ts';
import { UsageError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';
import { describePosition } from './progress.ts';
import { selectClusters } from './select-clusters.ts';
import { paint } from './table.ts';
import type { Screen } from './terminal.ts';
import { count, printable, shortRevision } from './text.ts';

/** A run that could not begin has no record; its line has the same fields. */
type RunLine = Pick<
  RunRecord,
  'kind' | 'cluster' | 'revision' | 'outcome' | 'objects' | 'drifted' | 'corrected' | 'created' | 'failed' | 'requests' | 'durationMs'
> & { readonly error?: Failure };

const PROBLEMS_IN_TABLE = 5;

export function reconcileCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'reconcile [cluster...]',
      description:
        'One pass now, in this process, under the same lease as the functions. Exit status 1 when a cluster failed or was blocked.',
      examples: [
        ['reconcile prod-eu', 'compares and, where the row says enforce, corrects one cluster'],
        ['reconcile --all --json', 'all of them; prints the records of this run and a line a cluster'],
      ],
    },
    async (run, names, options) => {
      if (names.length === 0 && options.all !== true) {
        throw new UsageError(
          'reconcile: no cluster is named. Name one or more, as in `plumbline reconcile prod-eu`, or give --all for every one.',
        );
      }
      if (names.length > 0 && options.all === true) {
        throw new UsageError(`reconcile: clusters are named (${names.join(', ')}) and --all is given. Give one or the other.`);
      }
      const deployment = await run.deployment();
      const outcomes: RunLine[] = [];
      const entries = await selectClusters(deployment.clusters, names, run.signal);
      for (const [index, entry] of entries.entries()) {
        if (run.signal.aborted) return notBegun(run, entries.slice(index));
        const started = run.clock.now().getTime();
        let records: readonly (PlumblineRecord | RunLine)[];
        try {
          const text = `reconciling ${entry.cluster}${describePosition(index, entries.length)}`;
          records =
            'invalid' in entry
              ? [failedRun(entry.cluster, entry.invalid, 0)]
              : await run.progress(text, (progress) => {
                  run.signal.addEventListener('abort', () => progress.update(`${text}: ${STOPPING}`), { once: true });
                  return deployment.reconcile(entry.row, run.abandon, run.signal);
                });
        } catch (error) {
          if (isAborted(error, run.signal)) return notBegun(run, entries.slice(index));
          records = [failedRun(entry.cluster, failureOf(error), run.clock.now().getTime() - started)];
        }
        const runs = records.filter(isRun);
        outcomes.push(...runs);
        for (const { error } of runs) if (error !== undefined) run.terminal.error(`error: ${printable(error.message)}\n`);
        run.output.lines([...records.filter(isObjectRecord), ...runs]);
        run.output.text(() => formatRuns(records.filter(isObjectRecord), runs, run.clock.now(), run.terminal));
      }
      return outcomes.some(({ outcome }) => outcome === 'failed' || outcome === 'blocked') ? 1 : 0;
    },
    (command) => command.option('--all', 'every registered cluster'),
  );
}

const STOPPING = 'stopping after what is being written; Ctrl-C again ends it at once';

/** What was reconciled is recorded and printed by now. */
function notBegun(run: CommandRun, left: readonly ClusterEntry[]): 1 {
  run.terminal.error(`interrupted; not reconciled: ${left.map(({ cluster }) => printable(cluster)).join(', ')}\n`);
  return 1;
}

/** Whether a run ended before it had anything to record; what could not be recorded is an error all the same. */
function isAborted(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'));
}

function failedRun(cluster: string, error: Failure, durationMs: number): RunLine {
  const none = { objects: 0, drifted: 0, corrected: 0, created: 0, failed: 0, requests: 0 };
  return { kind: 'run', cluster, revision: '', outcome: 'failed', ...none, durationMs, error };
}

function isRun(record: PlumblineRecord | RunLine): record is RunRecord | RunLine {
  return record.kind === 'run';
}

function isObjectRecord(record: PlumblineRecord | RunLine): record is ObjectRecord {
  return record.kind !== 'run';
}

function formatRuns(records: readonly ObjectRecord[], runs: readonly RunLine[], now: Date, screen: Screen): string {
  const table = records.length === 0 ? '' : formatRecords(records, now, screen);
  const groups = groupProblems(records);
  const objects = runs.reduce((sum, run) => sum + run.objects, 0);
  // Of a few the table above has said it all.
  const many = groups.reduce((sum, group) => sum + group.objects.length, 0) > PROBLEMS_IN_TABLE;
  const problems = many ? formatProblems(objects, groups, screen) : '';
  return table + problems + runs.map((run) => `${describeRun(run, screen)}\n`).join('');
}

function describeRun(run: RunLine, { colors }: Screen): string {
  const at = run.revision === '' ? '' : ` at ${printable(shortRevision(run.revision))}`;
  const sums = [count(run.objects, 'object'), ...describeSums(run), count(run.requests, 'request'), describeDuration(run.durationMs)];
  const outcome = paint(run.outcome, outcomeTone(run.outcome), colors);
  return `${colors.bold(printable(run.cluster))}: ${outcome}${at} (${sums.join(', ')})`;
}
