import { baselineOf, type Row } from './rows.ts';

const COLUMNS = [
  'workload',
  'objects',
  'engine',
  'wall s',
  '× Flux',
  'requests',
  'API CPU s',
  '× Flux',
  'client CPU s',
  'client MiB',
  'KiB',
  'with storage s',
  'AWS calls',
] as const;
const TEXTS: ReadonlySet<number> = new Set([0, 2]);

/** A table for a terminal. `× Flux` is the part of what Flux's engine takes for the same. */
export function formatTable(rows: readonly Row[]): string {
  const lines = [[...COLUMNS], ...rows.map((row) => cellsOf(row, rows))];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]): string =>
    line
      .map((cell, column) => (TEXTS.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return lines.map(format).join('\n');
}

function cellsOf(row: Row, rows: readonly Row[]): readonly string[] {
  const flux = baselineOf(row, rows);
  return [
    row.workload,
    String(row.objects),
    row.engine,
    seconds(row.wallSeconds),
    ratio(row.wallSeconds, flux?.wallSeconds),
    String(row.requests),
    seconds(row.apiServerCpuSeconds),
    ratio(row.apiServerCpuSeconds, flux?.apiServerCpuSeconds),
    seconds(row.clientCpuSeconds),
    String(row.clientPeakMiB),
    String(Math.round(row.bytes / 1024)),
    row.wallSecondsWithStorage === undefined ? '' : seconds(row.wallSecondsWithStorage),
    row.storageCalls === undefined ? '' : String(row.storageCalls),
  ];
}

function seconds(value: number): string {
  return value.toFixed(value < 10 ? 3 : 1);
}

function ratio(value: number, baseline: number | undefined): string {
  return baseline === undefined || baseline === 0 ? '' : (value / baseline).toFixed(3);
}
