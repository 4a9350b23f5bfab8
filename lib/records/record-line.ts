import { stringifyJson } from '../manifests/json.ts';
import type { PlumblineRecord } from './record.ts';

/**
 * The log line of a record: its own fields, all of them, at the top level. Loggers leave out empty texts and round long integers, and a line
 * that says less than the table is no second witness.
 */
export function formatRecordLine(record: PlumblineRecord): string {
  return stringifyJson({ level: 'INFO', message: 'record', ...record });
}
