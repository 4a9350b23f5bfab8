import { type JsonValue, stringifyJson } from '../manifests/json.ts';
import { MASKED } from '../manifests/secrets.ts';
import type { FieldChange } from '../records/record.ts';
import { cell, type Line } from './table.ts';
import { printable, shortDigests, shorten, widthOf } from './text.ts';

const ARROW = ' → ';
const INDENT = '  ';

/** Of what two long values have in common before they differ, so much is kept to say where that is. */
const COMMON_SHOWN = 12;

/**
 * `path: live → desired`, on two lines where one would be wider than `width`. Long values are shortened where both are the same. Of a Secret
 * both sides are redacted where the record was made.
 */
export function describeChange(change: FieldChange, width: number): readonly Line[] {
  const path = printable(change.path);
  // An image finding can name a reference with nothing to compare.
  if (change.live === undefined && change.desired === undefined) return [[cell(shorten(path, width))]];
  if (change.live === MASKED && change.desired === MASKED) return [[cell(`${shorten(path, width - 20)}: changed `), cell(MASKED, 'quiet')]];
  const [live, desired] = describeSides(change);
  if (widthOf(`${path}: ${live}${ARROW}${desired}`) <= width) return [[cell(`${path}: `), ...sides(live, desired)]];
  const [shortLive, shortDesired] = shortenPair(live, desired, width - INDENT.length - ARROW.length);
  return [[cell(`${shorten(path, width - 1)}:`)], [cell(INDENT), ...sides(shortLive, shortDesired)]];
}

function sides(live: string, desired: string): Line {
  return [cell(live, 'bad'), cell(ARROW), cell(desired, 'good')];
}

type Pair = readonly [live: string, desired: string];

function describeSides({ path, live, desired }: FieldChange): Pair {
  const whole: Pair = [describeValue(live), describeValue(desired)];
  const images: Pair = /(^|\.)image$/.test(path) ? withoutHost(whole) : whole;
  const short: Pair = [shortDigests(images[0]), shortDigests(images[1])];
  return short[0] === short[1] ? whole : short;
}

function describeValue(value: JsonValue | undefined): string {
  if (value === undefined) return '(absent)';
  return printable(typeof value === 'string' ? value : stringifyJson(value));
}

/** Two images of one registry without its name: what differs is the rest. */
function withoutHost(pair: Pair): Pair {
  const [live, desired] = pair.map((text) => /^([^/\s]*[.:][^/\s]*|localhost)\/(?=[^/])(.+)$/.exec(text));
  return live?.[1] !== undefined && live[1] === desired?.[1] ? [live[2] ?? '', desired[2] ?? ''] : pair;
}

/** Both together at most `width` wide; neither is cut where it has room. The difference stays in sight. */
function shortenPair(live: string, desired: string, width: number): Pair {
  if (widthOf(live) + widthOf(desired) <= width) return [live, desired];
  const common = commonLength(live, desired);
  const skipped = common > 2 * COMMON_SHOWN ? common - COMMON_SHOWN : 0;
  const [a, b] = skipped === 0 ? [live, desired] : [`…${live.slice(skipped)}`, `…${desired.slice(skipped)}`];
  const half = Math.floor(width / 2);
  const room = (other: string) => Math.max(half, width - widthOf(other));
  return [shorten(a, room(b)), shorten(b, room(a))];
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
