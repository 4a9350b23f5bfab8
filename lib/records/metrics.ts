/**
 * Every metric that Plumbline emits, named once: dashboards and alarms take their names from here, and a test holds each of them against
 * what the functions emit. Clusters are properties of the log line, never a dimension (cost).
 */
export const METRICS_NAMESPACE = 'Plumbline';

/** The one dimension: the deployment's name. */
export const DEPLOYMENT_DIMENSION = 'deployment';

export const METRICS = {
  /** Records of kind drift that were opened. */
  DriftOpened: { unit: 'Count', emittedBy: 'reconcile' },
  /** Drift records that were corrected and seen corrected by the server. */
  DriftCorrected: { unit: 'Count', emittedBy: 'reconcile' },
  /** From the opening of a drift record to its correction. */
  CorrectionSeconds: { unit: 'Seconds', emittedBy: 'reconcile' },
  /** Fields that were given up for a while, since somebody changed them each time they were corrected. */
  Fights: { unit: 'Count', emittedBy: 'reconcile' },
  RolloutsApplied: { unit: 'Count', emittedBy: 'reconcile' },
  /** Records of kind run, which are runs with news. */
  Runs: { unit: 'Count', emittedBy: 'reconcile' },
  /** Of every run, recorded or not: there are as many values as runs. */
  RunsFailed: { unit: 'Count', emittedBy: 'reconcile' },
  RunSeconds: { unit: 'Seconds', emittedBy: 'reconcile' },
  SourceFailures: { unit: 'Count', emittedBy: 'source' },
  ImageFindingsOpened: { unit: 'Count', emittedBy: 'audit' },
  /** Of these, the severities that somebody may want to be called for: each metric costs money. */
  CriticalImageFindingsOpened: { unit: 'Count', emittedBy: 'audit' },
  HighImageFindingsOpened: { unit: 'Count', emittedBy: 'audit' },
  /** Gauges, from the state table, each tick: a dead reconcile function raises them instead of silencing them. */
  StaleClusters: { unit: 'Count', emittedBy: 'schedule' },
  OldestVerifiedSeconds: { unit: 'Seconds', emittedBy: 'schedule' },
  FailingClusters: { unit: 'Count', emittedBy: 'schedule' },
  OpenDrift: { unit: 'Count', emittedBy: 'schedule' },
  DegradedRollouts: { unit: 'Count', emittedBy: 'schedule' },
} as const satisfies Record<string, { unit: 'Count' | 'Seconds'; emittedBy: 'reconcile' | 'source' | 'audit' | 'schedule' }>;

export type MetricName = keyof typeof METRICS;
