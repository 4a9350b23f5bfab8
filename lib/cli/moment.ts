import type { Screen } from './terminal.ts';

/** For people, on their clock: `14:02:11` of today, else `25 Nov 14:02`, else with the year. `--json` has the whole of it, in UTC. */
export function describeMoment(moment: string, now: Date, screen: Pick<Screen, 'timeZone'>): string {
  const time = new Date(moment);
  if (Number.isNaN(time.getTime())) return moment;
  const at = partsOf(time, screen.timeZone);
  const today = partsOf(now, screen.timeZone);
  if (at.date === today.date) return `${at.clock}:${at.second}`;
  return at.year === today.year ? `${at.day} ${at.clock}` : `${at.day} ${at.year} ${at.clock}`;
}

/** A text of ours with its moments as people read them. */
export function describeMoments(text: string, now: Date, screen: Pick<Screen, 'timeZone'>): string {
  return text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (moment) => describeMoment(moment, now, screen));
}

/** The zone of a screen as people name it at that moment: `UTC`, `UTC+2`. */
export function describeZone(now: Date, { timeZone }: Pick<Screen, 'timeZone'>): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'shortOffset' }).formatToParts(now);
  return (parts.find(({ type }) => type === 'timeZoneName')?.value ?? timeZone).replace(/^GMT(\+0$)?/, 'UTC');
}

function partsOf(time: Date, timeZone: string) {
  const numeric = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...numeric });
  const part = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
  const day = `${part.day} ${part.month}`;
  return { date: `${day} ${part.year}`, day, year: part.year, clock: `${part.hour}:${part.minute}`, second: part.second };
}
