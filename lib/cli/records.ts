import type { Command } from 'commander';
import { RECORD_KINDS, type RecordKind } from '../records/record.ts';
import { formatRecords } from './describe-record.ts';
import { parseSince } from './duration.ts';
import { UsageError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';
import { getCluster } from './select-clusters.ts';

const DEFAULT_LIMIT = 100;

export function recordsCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'records [cluster]',
      description: 'The records, newest first: what drifted or was rolled out, who changed it, and what was done about it.',
      examples: [
        ['records prod-eu --kind drift --since 1h', 'shows what drifted in the last hour'],
        ['records --open', 'shows what is still open, in every cluster'],
      ],
    },
    async (run, [cluster], options) => {
      const kind = options.kind === undefined ? undefined : parseKind(String(options.kind));
      const since = options.since === undefined ? undefined : parseSince(String(options.since), run.clock.now());
      const limit = options.limit === undefined ? DEFAULT_LIMIT : parseLimit(String(options.limit));
      const { clusters, records } = await run.deployment();
      const query = {
        limit,
        ...(cluster === undefined ? {} : { cluster }),
        ...(kind === undefined ? {} : { kind }),
        ...(since === undefined ? {} : { since }),
        ...(options.open === true ? { open: true } : {}),
      };
      const found = await run.progress('reading records', () => records.query(query, run.signal));
      // A cluster that was removed still has its records; of a mistyped name there are none.
      if (found.length === 0 && cluster !== undefined) await getCluster(clusters, cluster, run.signal);
      run.output.lines(found);
      run.output.text(() => (found.length === 0 ? 'No such records.\n' : formatRecords(found, run.clock.now(), run.terminal)));
      if (found.length === limit) run.output.text(() => `The newest ${limit}; --limit shows more, --since and --kind fewer.\n`);
      return 0;
    },
    (command) =>
      command
        .option('--kind <kind>', `only records of this kind: ${RECORD_KINDS.join(', ')}`)
        .option('--since <time>', 'only newer ones: a duration (1h, 2d) or an ISO 8601 time')
        .option('--open', 'only those that are not resolved')
        .option('--limit <count>', `at most so many (default: ${DEFAULT_LIMIT})`),
  );
}

function parseKind(text: string): RecordKind {
  const kind = RECORD_KINDS.find((known) => known === text);
  if (kind === undefined) throw new UsageError(`--kind: "${text}" is no kind of record. Give one of ${RECORD_KINDS.join(', ')}.`);
  return kind;
}

function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text))
    throw new UsageError(`--limit: "${text}" is not a number of records. Give a whole number from 1 to 99999.`);
  return Number(text);
}
