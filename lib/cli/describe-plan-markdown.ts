import type { Failure } from '../errors.ts';
import { describeObject } from '../manifests/object.ts';
import type { PlanItem } from '../reconcile/index.ts';
import type { FieldChange } from '../records/record.ts';
import { redactText } from '../records/redact.ts';
import { shortenPair, viewChange } from './change-view.ts';
import { describeHeld, describeSummary, describeWaits, type PlanResult, summarisePlan } from './describe-plan.ts';
import { codeSpan, diffFence, htmlCode } from './markdown.ts';
import { describeLineSums, showLines } from './show-lines.ts';
import { count, shorten, shortRevision, wrap } from './text.ts';

/** What GitHub takes as one comment. */
export const COMMENT_LENGTH = 65_536;

/** One object does not take all of the room. */
const OBJECT_LENGTH = 16_000;
const LINE_WIDTH = 300;
const LINES_SHOWN = 200;

/** An object as it is shown, and the same without its changes, where there is no room for them. */
interface Block {
  readonly full: string;
  readonly brief: string;
}

interface Section {
  readonly cluster: string;
  readonly head: string;
  readonly blocks: readonly Block[];
}

/**
 * Plans as a comment on a pull request, at most `limit` characters: what has no room is left out and counted, of every cluster alike, first
 * the changes of objects and then the objects. Whatever comes from clusters or Git stands in code, so that it cannot mark up the rest.
 */
export function formatPlansAsMarkdown(results: readonly PlanResult[], limit = COMMENT_LENGTH): string {
  if (results.length === 0) return 'No cluster is registered.\n';
  const sections = results.map(describeSection);
  const shown = fittingSections(sections, limit);
  let room = limit - CLOSING_LENGTH - shown.reduce((sum, section) => sum + leastLength(section), 0);
  const output = shown.map((section, index) => {
    const own = longestNote(section).length;
    const blocks = fitBlocks(section, own + Math.floor(room / (shown.length - index)));
    room -= Math.max(0, blocks.length - own);
    return section.head + blocks;
  });
  const rest = sections.length - shown.length;
  return (
    output.join('') + (rest === 0 ? '' : `_${count(rest, 'more cluster')} left out, since GitHub takes ${COMMENT_LENGTH} characters._\n`)
  );
}

/** For the last line, about clusters that are left out. */
const CLOSING_LENGTH = 100;

/** A cluster of which not even this fits is left out, and those after it. */
function fittingSections(sections: readonly Section[], limit: number): readonly Section[] {
  let used = CLOSING_LENGTH;
  const end = sections.findIndex((section) => {
    used += leastLength(section);
    return used > limit;
  });
  return end === -1 ? sections : sections.slice(0, end);
}

function leastLength(section: Section): number {
  return section.head.length + longestNote(section).length;
}

function longestNote({ cluster, blocks }: Section): string {
  return noteOf(cluster, blocks.length, blocks.length);
}

function describeSection(result: PlanResult): Section {
  const { cluster } = result;
  if ('error' in result) {
    const message = diffFence(describeFailure(result.error));
    return { cluster, head: `## ${codeSpan(cluster)}\n\nIt could not be planned:\n\n${message}\n\n`, blocks: [] };
  }
  const head = `## ${codeSpan(cluster)} at ${codeSpan(shortRevision(result.revision))}\n\n${describeSummary(summarisePlan(result))}\n\n`;
  return { cluster, head, blocks: result.lines.map(describeBlock) };
}

/** As many blocks as there is room for, and what that leaves out. */
function fitBlocks(section: Section, room: number): string {
  const { cluster, blocks } = section;
  const whole = blocks.map(({ full }) => full).join('');
  if (whole.length <= room) return whole;
  const available = room - longestNote(section).length;
  let briefs = blocks.reduce((sum, { brief }) => sum + brief.length, 0);
  let output = '';
  let shortened = 0;
  let omitted = 0;
  for (const { full, brief } of blocks) {
    briefs -= brief.length;
    if (output.length + full.length + briefs <= available) output += full;
    else if (output.length + brief.length <= available) {
      output += brief;
      if (brief !== full) shortened += 1;
    } else omitted += 1;
  }
  return output + noteOf(cluster, shortened, omitted);
}

function noteOf(cluster: string, shortened: number, omitted: number): string {
  const parts = [
    ...(shortened > 0 ? [`the changes of ${count(shortened, 'object')}`] : []),
    ...(omitted > 0 ? [`${count(omitted, 'object')} altogether`] : []),
  ];
  const command = codeSpan(`plumbline plan ${cluster}`);
  return parts.length === 0
    ? ''
    : `\n_Left out, since GitHub takes ${COMMENT_LENGTH} characters: ${parts.join(' and ')}._ ${command} shows all.\n\n`;
}

const VERBS: Readonly<Record<PlanItem['action'], string>> = {
  create: 'create',
  update: 'update',
  recreate: 'delete and create again:',
  adopt: 'adopt',
  unmanaged: 'not in Git:',
  delete: 'delete',
  keep: 'no longer in Git, kept:',
  blocked: 'blocked:',
  error: 'failed:',
};

function describeBlock(item: PlanItem): Block {
  const name = describeObject(item.object);
  const from = item.from === undefined ? '' : ` (from ${codeSpan(item.from)})`;
  const after = item.after === undefined ? from : ` (after ${item.after.map(codeSpan).join(', ')})`;
  const waits = describeWaits(item);
  const brief = `- ${VERBS[item.action]} ${codeSpan(name)}${after}${waits}\n`;
  const changes = [...item.changes, ...(item.takenBack ?? [])];
  const held = (item.held ?? []).map((each) => `! ${describeHeld(each)}`);
  const lines = [...describeChanges(changes), ...held, ...(item.error === undefined ? [] : describeFailure(item.error))];
  if (lines.length === 0) return { full: brief, brief };
  const paths = changes.length === 0 ? '' : ` (${count(changes.length, 'path')})`;
  const summary = `<summary>${VERBS[item.action]} ${htmlCode(name)}${paths}${waits}</summary>`;
  return { full: `\n<details>${summary}\n\n${diffFence(lines)}\n\n</details>\n\n`, brief };
}

function describeChanges(changes: readonly FieldChange[]): readonly string[] {
  const lines: string[] = [];
  let length = 0;
  for (const [index, change] of changes.entries()) {
    const described = describeChange(change);
    length += described.reduce((sum, line) => sum + line.length + 1, 0);
    if (length > OBJECT_LENGTH) return [...lines, `! ${count(changes.length - index, 'more path')}, left out for their size`];
    lines.push(...described);
  }
  return lines;
}

function describeChange(change: FieldChange): readonly string[] {
  const path = shorten(change.path, LINE_WIDTH);
  const view = viewChange(change);
  switch (view.type) {
    case 'path':
      return [`! ${path}`];
    case 'hidden':
      return [`! ${path}: changed (redacted)`];
    case 'lines':
      return [`@@ ${path}: ${describeLineSums(view.diff)} @@`, ...showLines(view.diff, LINE_WIDTH, LINES_SHOWN).map(({ text }) => text)];
    case 'order':
    case 'values': {
      const label = view.type === 'order' ? `${path}: order: ` : `${path}: `;
      const [live, desired] = shortenPair(...view.sides, 2 * LINE_WIDTH);
      return [
        ...(change.live === undefined ? [] : [`- ${label}${live}`]),
        ...(change.desired === undefined ? [] : [`+ ${label}${desired}`]),
      ];
    }
  }
}

function describeFailure({ message }: Failure): readonly string[] {
  return redactText(message)
    .split('\n')
    .flatMap((line) => wrap(line, LINE_WIDTH))
    .map((line) => `! ${line}`);
}
