import { parseDuration } from '../../fleet/duration.ts';

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** What the annotation `plumbline.dev/hold-until` may say, in words. */
export const ACCEPTED_HOLD =
  'a moment with its time zone such as 2027-01-31T18:00:00Z, or a duration such as 2h, which begins when the drift is first seen';

/**
 * Until when a drift that was opened at a moment is held, by what the object's annotation says; never longer after its opening than the row's
 * limit. Undefined when the text is neither a moment nor a duration.
 */
export function holdEnd(text: string, openedAt: Date, limitSeconds: number): Date | undefined {
  const duration = parseDuration(text);
  const asked = duration === undefined ? momentOf(text) : openedAt.getTime() + duration * 1000;
  return asked === undefined ? undefined : new Date(Math.min(asked, openedAt.getTime() + limitSeconds * 1000));
}

function momentOf(text: string): number | undefined {
  const moment = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(moment) ? undefined : moment;
}
