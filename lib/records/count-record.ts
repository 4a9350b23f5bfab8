import { isFindingId, severityOf } from '../images/finding-table.ts';
import type { MetricName } from './metrics.ts';
import { HEALTH, type PlumblineRecord, type RunRecord } from './record.ts';

export type MetricValues = readonly (readonly [MetricName, number])[];

/** What one transition adds to the metrics: a record counts when it opens and when its correction is seen, never in between. */
export function countRecord(record: PlumblineRecord): MetricValues {
  if (record.kind === 'run') return [['Runs', 1]];
  if (record.event === 'opened') {
    if (record.kind === 'drift') {
      if (record.decision === 'tolerated') return [];
      return [['DriftOpened', 1], ...(record.decision === 'backed-off' ? [['Fights', 1] as const] : [])];
    }
    return record.kind === 'image' ? countFinding(record.class) : [];
  }
  if (record.event !== 'verified') return [];
  if (record.kind === 'rollout') return record.class === HEALTH ? [] : [['RolloutsApplied', 1]];
  if (record.kind !== 'drift' || record.correctedAt === undefined) return [];
  return [
    ['DriftCorrected', 1],
    ['CorrectionSeconds', (Date.parse(record.correctedAt) - Date.parse(record.at)) / 1000],
  ];
}

function countFinding(id: string): MetricValues {
  const severity = isFindingId(id) ? severityOf(id) : undefined;
  return [
    ['ImageFindingsOpened', 1],
    ['CriticalImageFindingsOpened', severity === 'critical' ? 1 : 0],
    ['HighImageFindingsOpened', severity === 'high' ? 1 : 0],
  ];
}

/** What a run adds whether it is recorded or not. */
export function countRun({ outcome, durationMs }: Pick<RunRecord, 'outcome' | 'durationMs'>): MetricValues {
  return [
    ['RunsFailed', outcome === 'failed' ? 1 : 0],
    ['RunSeconds', durationMs / 1000],
  ];
}
