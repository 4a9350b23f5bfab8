import { parseDuration } from '../fleet/duration.ts';
import { UsageError } from './errors.ts';

/** Seconds of `90s`, `2h`, `1h30m`, `3d`; the error names the option and what it accepts. */
export function parseDurationOption(option: string, text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds === 0) {
    throw new UsageError(
      `${option}: "${text}" is not a duration. Give a number above zero with s, m, h or d, as in 90s, 2h or 1h30m; a year at most.`,
    );
  }
  return seconds;
}

/** The two largest units for people: `0.8 s`, `40 s`, `2 m 5 s`, `3 h`, `4 d 2 h`. */
export function describeDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10 && !Number.isInteger(seconds)) return `${(Math.round(seconds * 10) / 10).toString()} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return join(Math.floor(whole / 60), 'm', whole % 60, 's');
  const minutes = Math.round(whole / 60);
  if (minutes < 1440) return join(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  const hours = Math.round(minutes / 60);
  return join(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** The moment that `--since` names: a duration back from now (`1h`), or an ISO 8601 date or time. */
export function parseSince(text: string, now: Date): string {
  if (/^\d+[smhd]/.test(text)) return new Date(now.getTime() - parseDurationOption('--since', text) * 1000).toISOString();
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new UsageError(`--since: "${text}" is neither a duration (30m, 1h, 2d) nor an ISO 8601 time (2026-11-25, 2026-11-25T08:00:00Z).`);
  }
  return new Date(time).toISOString();
}
