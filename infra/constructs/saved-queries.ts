/** Which functions' logs a query reads. */
export type QueriedFunction = 'source' | 'reconcile' | 'audit';

/** A question to the log, in the language of Logs Insights. The time range is chosen where it is asked. */
export interface SavedQuery {
  readonly title: string;
  readonly functions: readonly QueriedFunction[];
  /** Its commands, in order; ` | ` stands between them. */
  readonly commands: readonly string[];
}

const WHO = 'actor.manager, actor.operation, actor.at';
const WHAT = 'object.kind, object.namespace, object.name, class';
const NEWEST_FIRST = 'sort @timestamp desc';

/** The log lines that are asked about are records (lib/records/record.ts): one for each transition, with all fields of the record. */
export const SAVED_QUERIES = {
  drift: {
    title: 'What drifted, by whom',
    functions: ['reconcile'],
    commands: [
      `fields @timestamp, cluster, ${WHAT}, ${WHO}, decision, changes.0.path, id`,
      'filter kind = "drift" and event = "opened"',
      NEWEST_FIRST,
      'limit 200',
    ],
  },
  corrected: {
    title: 'What was corrected last night',
    functions: ['reconcile'],
    commands: [
      `fields correctedAt, cluster, ${WHAT}, ${WHO}, at, verifiedAt, durationMs, id`,
      // The line that says that the server was seen to have it: as many as the metric DriftCorrected counts.
      'filter kind = "drift" and decision = "corrected" and event = "verified"',
      NEWEST_FIRST,
      'limit 1000',
    ],
  },
  images: {
    title: 'Images that are not what Git meant',
    functions: ['audit'],
    commands: [
      `fields @timestamp, cluster, class, object.kind, object.namespace, object.name, changes.0.path, event, error.message, id`,
      'filter kind = "image"',
      NEWEST_FIRST,
      'limit 200',
    ],
  },
  failures: {
    title: 'Failed runs, by reason',
    functions: ['reconcile'],
    commands: [
      'filter kind = "run" and outcome = "failed"',
      'stats count(*) as runs, count_distinct(cluster) as clusters, latest(error.message) as lastMessage by error.reason',
      'sort runs desc',
    ],
  },
} as const satisfies Record<string, SavedQuery>;
