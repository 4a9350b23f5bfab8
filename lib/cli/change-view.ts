import { isDeepStrictEqual } from 'node:util';
import { isJsonArray, type JsonValue, stringifyJson } from '../manifests/json.ts';
import { MASKED } from '../manifests/secrets.ts';
import type { FieldChange } from '../records/record.ts';
import { diffLines, type LineDiff } from './line-diff.ts';
import { printable, shortDigests, shorten, widthOf } from './text.ts';

export type Pair = readonly [live: string, desired: string];

/** What there is to show of a change, before it is laid out for a terminal or for Markdown. Single-line texts are printable. */
export type ChangeView =
  /** Only the path is known: an image finding can name a reference with nothing to compare. */
  | { readonly type: 'path' }
  /** Of a Secret: both sides were redacted where the change was made. */
  | { readonly type: 'hidden' }
  /** A list with the same items in another order. */
  | { readonly type: 'order'; readonly sides: Pair }
  | { readonly type: 'lines'; readonly diff: LineDiff }
  | { readonly type: 'values'; readonly sides: Pair };

export const ABSENT = '(absent)';

export function viewChange(change: FieldChange): ChangeView {
  const { live, desired } = change;
  if (live === undefined && desired === undefined) return { type: 'path' };
  if (live === MASKED && desired === MASKED) return { type: 'hidden' };
  if (isText(live) && isText(desired) && isLong(live, desired)) return { type: 'lines', diff: diffLines(live ?? '', desired ?? '') };
  const order = viewOrder(live, desired);
  return order === undefined ? { type: 'values', sides: describeSides(change) } : { type: 'order', sides: order };
}

/** Both together at most `width` wide; neither is cut where it has room. The difference stays in sight. */
export function shortenPair(live: string, desired: string, width: number): Pair {
  if (widthOf(live) + widthOf(desired) <= width) return [live, desired];
  const common = commonLength(live, desired);
  const skipped = common > 2 * COMMON_SHOWN ? common - COMMON_SHOWN : 0;
  const [a, b] = skipped === 0 ? [live, desired] : [`…${live.slice(skipped)}`, `…${desired.slice(skipped)}`];
  const half = Math.floor(width / 2);
  const room = (other: string) => Math.max(half, width - widthOf(other));
  return [shorten(a, room(b)), shorten(b, room(a))];
}

/** Of what two long values have in common before they differ, so much is kept to say where that is. */
const COMMON_SHOWN = 12;

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

function isText(value: JsonValue | undefined): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

/** Three lines or more; two short ones are read faster side by side. */
function isLong(...texts: readonly (string | undefined)[]): boolean {
  return texts.some((text) => text !== undefined && /\n.*\n./s.test(text));
}

/** Plain items only: of lists of objects the change has the items' names. */
function viewOrder(live: JsonValue | undefined, desired: JsonValue | undefined): Pair | undefined {
  if (live === undefined || desired === undefined || !isJsonArray(live) || !isJsonArray(desired)) return undefined;
  const [a, b] = [live.map(describeValue), desired.map(describeValue)];
  if (isDeepStrictEqual(live, desired) || !isDeepStrictEqual(a.toSorted(), b.toSorted())) return undefined;
  return [a.join(', '), b.join(', ')];
}

function describeSides({ path, live, desired }: FieldChange): Pair {
  const whole: Pair = [describeValue(live), describeValue(desired)];
  const images: Pair = /(^|\.)image$/.test(path) ? withoutHost(whole) : whole;
  const short: Pair = [shortDigests(images[0]), shortDigests(images[1])];
  return short[0] === short[1] ? whole : short;
}

function describeValue(value: JsonValue | undefined): string {
  if (value === undefined) return ABSENT;
  return printable(typeof value === 'string' ? value : stringifyJson(value));
}

/** Two images of one registry without its name: what differs is the rest. */
function withoutHost(pair: Pair): Pair {
  const [live, desired] = pair.map((text) => /^([^/\s]*[.:][^/\s]*|localhost)\/(?=[^/])(.+)$/.exec(text));
  return live?.[1] !== undefined && live[1] === desired?.[1] ? [live[2] ?? '', desired[2] ?? ''] : pair;
}
