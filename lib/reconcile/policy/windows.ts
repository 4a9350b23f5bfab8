import { Cron } from 'croner';

/** When corrections or rollouts may be written, or may not: from each time of the schedule, for as long as it says. */
export interface Window {
  readonly kind: 'allow' | 'deny';
  /** A cron expression of five fields. */
  readonly schedule: string;
  readonly durationSeconds: number;
  /** IANA name. */
  readonly timeZone: string;
}

/** Writing is held back. `until` is absent when no end is in sight. */
export interface Closed {
  readonly until?: Date;
}

/** Enough for any schedule that makes sense, and an end for those that do not. */
const MAX_STEPS = 500;

/**
 * Undefined while writing is allowed: outside every `deny` window and, where there are `allow` windows, inside one of them. Else until when it
 * is not.
 */
export function closedAt(windows: readonly Window[], now: Date): Closed | undefined {
  const clocks = windows.map(clockOf);
  let at = now;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const next = nextOpening(clocks, at);
    if (next === 'open') return at === now ? undefined : { until: at };
    if (next === undefined) return {};
    at = next;
  }
  return {};
}

interface WindowClock {
  readonly kind: Window['kind'];
  /** The end of the window that is open at a moment, if one is. */
  readonly endAt: (moment: Date) => Date | undefined;
  readonly nextStart: (moment: Date) => Date | undefined;
}

function clockOf({ kind, schedule, durationSeconds, timeZone }: Window): WindowClock {
  const cron = new Cron(schedule, { mode: '5-part', timezone: timeZone });
  return {
    kind,
    endAt(moment) {
      // The library looks strictly before a moment.
      const [start] = cron.previousRuns(1, new Date(moment.getTime() + 1));
      const end = start === undefined ? undefined : new Date(start.getTime() + durationSeconds * 1000);
      return end === undefined || end <= moment ? undefined : end;
    },
    nextStart: (moment) => cron.nextRun(moment) ?? undefined,
  };
}

/** `open`, or the next moment at which it may be. */
function nextOpening(clocks: readonly WindowClock[], at: Date): Date | 'open' | undefined {
  const denied = clocks.filter(({ kind }) => kind === 'deny').flatMap(({ endAt }) => endAt(at) ?? []);
  if (denied.length > 0) return latest(denied);
  const allowing = clocks.filter(({ kind }) => kind === 'allow');
  if (allowing.length === 0 || allowing.some(({ endAt }) => endAt(at) !== undefined)) return 'open';
  const starts = allowing.flatMap(({ nextStart }) => nextStart(at) ?? []);
  return starts.length === 0 ? undefined : new Date(Math.min(...starts.map(Number)));
}

function latest(moments: readonly Date[]): Date {
  return new Date(Math.max(...moments.map(Number)));
}
