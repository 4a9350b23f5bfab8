import { describeObject } from '../manifests/object.ts';
import type { ObjectRecord } from '../records/record.ts';
import { cell, formatLine, type Line } from './table.ts';
import type { Screen } from './terminal.ts';
import { count, printable, widthOf, wrap } from './text.ts';

/** Objects that a run could not bring to Git for one and the same reason. */
export interface ProblemGroup {
  readonly reason: string;
  /** What was said of the first of them, without its name; undefined where the reason says it all. */
  readonly message?: string;
  /** `Kind namespace/name`, in the order of the records. */
  readonly objects: readonly string[];
}

const INDENT = '  ';

/**
 * The objects among a run's records that are not as Git says and will not be by themselves, by reason: failed, blocked, refused, or written
 * and not verified. The largest group comes first. Messages that differ in names only are one reason.
 */
export function groupProblems(records: readonly ObjectRecord[]): readonly ProblemGroup[] {
  const groups = Map.groupBy(records.filter(isProblem), (record) => `${reasonOf(record)} ${anonymous(record)}`);
  return [...groups.values()]
    .map((members): ProblemGroup => {
      const [first] = members;
      const message = first === undefined ? undefined : messageOf(first);
      return {
        reason: first === undefined ? '' : reasonOf(first),
        ...(message === undefined ? {} : { message }),
        objects: [...new Set(members.map(({ object }) => describeObject(object)))],
      };
    })
    .toSorted((a, b) => b.objects.length - a.objects.length || a.reason.localeCompare(b.reason));
}

/** `50 of 5050 objects are not as Git says`, each named once under its reason. Empty when there are none. */
export function formatProblems(objects: number, groups: readonly ProblemGroup[], screen: Screen): string {
  const names = new Set(groups.flatMap((group) => group.objects));
  if (names.size === 0) return '';
  const lines: Line[] = [[cell(`${names.size} of ${count(objects, 'object')} are not as Git says:`, 'strong')]];
  for (const { reason, message, objects: members } of groups) {
    lines.push([cell(`${reason} (${members.length})`, 'bad')]);
    if (message !== undefined) lines.push(...indented([message], ' ', screen));
    lines.push(...indented(members, ', ', screen));
  }
  return lines.map((line) => `${formatLine(line, screen.colors)}\n`).join('');
}

function isProblem({ decision, error, resolvedAt }: ObjectRecord): boolean {
  if (resolvedAt !== undefined) return false;
  return decision === 'failed' || decision === 'blocked' || decision === 'refused' || error?.reason === 'NotVerified';
}

function reasonOf(record: ObjectRecord): string {
  return record.error?.reason ?? record.class;
}

function messageOf({ error, object }: ObjectRecord): string | undefined {
  const subject = `${describeObject(object)}: `;
  return error?.message.startsWith(subject) === true ? error.message.slice(subject.length) : error?.message;
}

/** The message without what is the object's own: names, and where it is written. */
function anonymous(record: ObjectRecord): string {
  const { name, namespace } = record.object;
  const own = [name, namespace].filter((each) => each !== '').toSorted((a, b) => b.length - a.length);
  return own.reduce((text, each) => text.replaceAll(each, '…'), messageOf(record) ?? '').replaceAll(/[\w./-]+\.(ya?ml|json)(:\d+)?/g, '…');
}

/** Parts in lines of the screen's width, none of them broken unless it is wider than a line. */
function indented(parts: readonly string[], separator: string, { columns }: Screen): readonly Line[] {
  const width = columns - widthOf(INDENT);
  const end = separator.trimEnd();
  const lines: string[] = [];
  let line = '';
  for (const part of parts.map(printable)) {
    const joined = line === '' ? part : `${line}${separator}${part}`;
    if (widthOf(joined) + widthOf(end) <= width) line = joined;
    else {
      if (line !== '') lines.push(`${line}${end}`);
      line = part;
    }
  }
  return [...lines, line].flatMap((each) => wrap(each, width)).map((each) => [cell(`${INDENT}${each}`)]);
}
