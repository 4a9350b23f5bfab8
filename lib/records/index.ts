/**
 * Records: what was seen, who changed it, what was done and whether that worked. Facts of a run come in, records go to the table, to the log
 * and into the metrics, from one place.
 *
 * `emf.ts` is not exported here: it loads Powertools, which only the functions need.
 */
export type { Fact, FailedWork, Recorder, RunFacts } from './fact.ts';
export { identityOf } from './identity.ts';
export { DEPLOYMENT_DIMENSION, METRICS, METRICS_NAMESPACE, type MetricName } from './metrics.ts';
export { planRecords, type RecordSteps } from './plan-records.ts';
export {
  type Actor,
  type Decision,
  type FieldChange,
  type ObjectRecord,
  type PlumblineRecord,
  RECORD_KINDS,
  type RecordEvent,
  type RecordKind,
  type RecordObject,
  type RunOutcome,
  type RunRecord,
} from './record.ts';
export { formatRecordLine } from './record-line.ts';
export { createRecorder, createRecordIds, type RecorderDependencies } from './recorder.ts';
export { redactFailure, redactText } from './redact.ts';
