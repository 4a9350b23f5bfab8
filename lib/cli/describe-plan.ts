import type { Failure } from '../errors.ts';
import { describeObject } from '../manifests/object.ts';
import type { ClusterPlan, HeldPath, PlanItem, Treatment } from '../reconcile/index.ts';
import { describeChange } from './describe-change.ts';
import { cell, formatLine, type Line, paint, type Tone } from './table.ts';
import type { Screen } from './terminal.ts';
import { count, printable, shortRevision, wrap } from './text.ts';

/** The last line that `plan --json` prints for a cluster. */
export interface PlanSummary {
  readonly kind: 'summary';
  readonly cluster: string;
  readonly revision: string;
  readonly objects: number;
  readonly create: number;
  readonly update: number;
  readonly recreate: number;
  readonly adopt: number;
  readonly delete: number;
  readonly unmanaged: number;
  readonly keep: number;
  readonly blocked: number;
  readonly errors: number;
  readonly unchanged: number;
  /** Fields, not objects: those that are left as they are. */
  readonly ignored: number;
}

export function summarisePlan(plan: ClusterPlan): PlanSummary {
  const number = (action: PlanItem['action']) => plan.lines.filter((line) => line.action === action).length;
  // What would be deleted is no longer among the desired objects, and what is unmanaged never was.
  const desired = plan.lines.length - number('delete') - number('keep') - number('unmanaged');
  return {
    kind: 'summary',
    cluster: plan.cluster,
    revision: plan.revision,
    objects: plan.objects,
    create: number('create'),
    update: number('update'),
    recreate: number('recreate'),
    adopt: number('adopt'),
    delete: number('delete'),
    unmanaged: number('unmanaged'),
    keep: number('keep'),
    blocked: number('blocked'),
    errors: number('error'),
    unchanged: Math.max(0, plan.objects - desired),
    ignored: plan.ignored ?? 0,
  };
}

/** A cluster's plan, or why there is none. */
export type PlanResult = ClusterPlan | { readonly cluster: string; readonly error: Failure };

/** 1 when a cluster or an object could not be planned, 2 when anything would change, else 0. */
export function planExit(results: readonly PlanResult[]): 0 | 1 | 2 {
  const lines = results.flatMap((result) => ('error' in result ? [] : result.lines));
  if (results.some((result) => 'error' in result) || lines.some(({ action }) => action === 'error')) return 1;
  return lines.some(({ action }) => action !== 'keep') ? 2 : 0;
}

const SIGNS: Readonly<Record<PlanItem['action'], readonly [sign: string, tone: Tone]>> = {
  create: ['+', 'good'],
  update: ['~', 'warning'],
  recreate: ['±', 'bad'],
  adopt: ['~', 'warning'],
  unmanaged: ['?', 'warning'],
  delete: ['-', 'bad'],
  keep: ['=', 'warning'],
  blocked: ['…', 'warning'],
  error: ['!', 'bad'],
};

const INDENT = 6;

/** What would change, field by field; unchanged objects are only counted. */
export function formatPlan(plan: ClusterPlan, screen: Screen): string {
  const { colors } = screen;
  const output = [`${colors.bold(printable(plan.cluster))} at ${printable(shortRevision(plan.revision))}`];
  for (const line of plan.lines) {
    const [sign, tone] = SIGNS[line.action];
    output.push(paint(printable(`  ${sign} ${describeObject(line.object)}${describeNote(line)}${describeWaits(line)}`), tone, colors));
    for (const detail of describeDetails(line, screen.columns - INDENT)) output.push(`${' '.repeat(INDENT)}${formatLine(detail, colors)}`);
  }
  output.push(`  ${describeSummary(summarisePlan(plan))}`);
  return `${output.join('\n')}\n`;
}

function describeNote({ action, after, from }: PlanItem): string {
  if (action === 'unmanaged') return ` (not in Git; field managers: ${from})`;
  if (action === 'adopt') return ` (adopted from ${from})`;
  if (action === 'blocked') return ' (blocked)';
  if (action === 'recreate') return ' (deleted and created again: a field of it cannot be changed)';
  if (action === 'delete') return ' (no longer in Git)';
  if (action === 'keep') return ' (no longer in Git; kept)';
  return after === undefined ? '' : ` (after ${after.join(', ')})`;
}

/** What keeps it from being written now; empty where nothing does. */
export function describeWaits({ waits, notBefore }: PlanItem): string {
  const delay = notBefore === undefined ? '' : `; not before ${describeTime(notBefore)}`;
  return `${delay}${describeTreatment(waits)}`;
}

function describeTreatment(waits: PlanItem['waits']): string {
  if (waits === undefined) return '';
  if (waits.decision === 'observed') return '; only observed, by a rule of plumbline.yaml';
  if (waits.decision === 'held') return `; waits for a window${describeUntil(waits)}`;
  return waits.heldUntil === undefined ? '; not written: its reconciliation is disabled' : `; suspended${describeUntil(waits)}`;
}

/** ` until 2026-11-25 18:00 UTC`; nothing where no end is in sight. */
export function describeUntil({ heldUntil }: Pick<Treatment, 'heldUntil'>): string {
  return heldUntil === undefined ? '' : ` until ${describeTime(heldUntil)}`;
}

/** `2026-11-25 18:00 UTC`. */
function describeTime(time: string): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** What becomes of a path that a run would leave as it is. */
export function describeHeld(held: HeldPath): string {
  return `${held.path} is ${held.decision === 'held' ? 'held' : 'left to a rival'}${describeUntil(held)}`;
}

function describeDetails(line: PlanItem, width: number): readonly Line[] {
  const changes = line.action === 'create' ? [] : line.changes.flatMap((change) => describeChange(change, width));
  const taken = (line.takenBack ?? []).flatMap((change) => describeChange(change, width));
  const failure = line.error === undefined ? [] : wrap(printable(line.error.message), width).map((text): Line => [cell(text, 'bad')]);
  const held = (line.held ?? []).flatMap((each) => wrap(printable(describeHeld(each)), width)).map((text): Line => [cell(text, 'quiet')]);
  return [...changes, ...taken, ...held, ...failure];
}

/** `42 objects: 1 to create, 41 unchanged`. */
export function describeSummary(summary: PlanSummary): string {
  const parts = [
    ...(summary.create > 0 ? [`${summary.create} to create`] : []),
    ...(summary.update > 0 ? [`${summary.update} to update`] : []),
    ...(summary.recreate > 0 ? [`${summary.recreate} to delete and create again`] : []),
    ...(summary.adopt > 0 ? [`${summary.adopt} to adopt`] : []),
    ...(summary.delete > 0 ? [`${summary.delete} to delete`] : []),
    ...(summary.keep > 0 ? [`${summary.keep} kept though no longer in Git`] : []),
    ...(summary.unmanaged > 0 ? [`${summary.unmanaged} unmanaged`] : []),
    ...(summary.blocked > 0 ? [`${summary.blocked} blocked`] : []),
    ...(summary.errors > 0 ? [`${summary.errors} failed`] : []),
    `${summary.unchanged} unchanged`,
  ];
  const ignored = summary.ignored > 0 ? `; ${count(summary.ignored, 'field')} ignored` : '';
  return `${count(summary.objects, 'object')}: ${parts.join(', ')}${ignored}`;
}
