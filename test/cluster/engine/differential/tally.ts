import { stringifyJson } from '../../../../lib/manifests/json.ts';
import { type Act, UNSHOWN } from './acts.ts';
import { AUTOSCALED, judge } from './differences.ts';
import type { FluxVerdict } from './flux.ts';
import type { Finding } from './rehearsal.ts';
import type { Look } from './setting.ts';

/** One object at one instant, as it was judged three times, and what was done to it since the engine last saw something of it. */
export interface Sight {
  readonly subject: string;
  readonly byCheckpoint: readonly Finding[];
  readonly inFull: readonly Finding[];
  /** Whether the checkpoint vouched for it. */
  readonly vouched: boolean;
  readonly flux: FluxVerdict | undefined;
  readonly acts: readonly Act[];
}

/** Everything that was judged so far. */
export interface Tally {
  readonly verdicts: Map<string, number>;
  readonly unexplained: Sight[];
  /** Takes an instant's sights in; returns the subjects of what the checkpoint missed, and may miss. */
  add(sights: readonly Sight[]): ReadonlySet<string>;
}

export function createTally(): Tally {
  const verdicts = new Map<string, number>();
  const unexplained: Sight[] = [];
  let before: ReadonlySet<string> = new Set();
  const count = (what: string): void => void verdicts.set(what, (verdicts.get(what) ?? 0) + 1);
  return {
    verdicts,
    unexplained,
    add(sights) {
      const missed = new Set<string>();
      for (const sight of sights) {
        const own = ownVerdict(sight);
        count(`ours: ${own.verdict}`);
        if (own.verdict === 'missed') {
          missed.add(sight.subject);
          if (!before.has(sight.subject)) count(`missed: ${own.hiddenBy}`);
        }
        const { both, differences } =
          sight.flux === undefined ? { both: 'unexplained' as const, differences: [] } : judge(sight.subject, sight.inFull, sight.flux);
        count(`Flux: ${both}`);
        for (const difference of differences) count(`difference: ${difference}`);
        if (own.verdict === 'unexplained' || both === 'unexplained') unexplained.push(sight);
      }
      before = missed;
      return missed;
    },
  };
}

type OwnVerdict =
  | { readonly verdict: 'vouched' | 'verified' | 'unexplained' }
  /** The checkpoint vouches for an object that the full dry-run finds changed, and ownership could not show it. */
  | { readonly verdict: 'missed'; readonly hiddenBy: string };

function ownVerdict(sight: Sight): OwnVerdict {
  const { byCheckpoint, inFull, vouched } = sight;
  if (isSame(byCheckpoint, inFull)) return { verdict: vouched ? 'vouched' : 'verified' };
  const unseen = inFull.filter((finding) => !byCheckpoint.some((each) => isSame(each, finding)));
  const hiddenBy = vouched ? whatHides(sight, unseen) : undefined;
  return hiddenBy === undefined ? { verdict: 'unexplained' } : { verdict: 'missed', hiddenBy };
}

/** Undefined where what is unseen should have shown. */
function whatHides({ subject, acts }: Sight, unseen: readonly Finding[]): string | undefined {
  const sorts = [...new Set(acts.map(({ sort }) => sort).filter((sort) => UNSHOWN.has(sort)))].toSorted();
  if (sorts.length === 1 && sorts[0] === 'reorder') return unseen.every(isReordered) ? 'reorder' : undefined;
  if (sorts.length > 0) return sorts.join(' + ');
  // Whose managed fields were cleared: our first apply takes the replicas along, the next one leaves them to whoever had them before.
  return subject === AUTOSCALED && unseen.every((finding) => finding.class === 'ownership') ? 'release in two steps' : undefined;
}

function isReordered(finding: Finding): boolean {
  return finding.class === 'list-order';
}

function isSame(a: Finding | readonly Finding[], b: Finding | readonly Finding[]): boolean {
  return stringifyJson(a) === stringifyJson(b);
}

/** What there is to judge of every subject. */
export function sightsOf(
  subjects: readonly string[],
  { byCheckpoint, inFull, flux }: Look,
  actsOn: (subject: string) => readonly Act[],
): readonly Sight[] {
  return subjects.map((subject) => ({
    subject,
    byCheckpoint: byCheckpoint.found.get(subject) ?? [],
    inFull: inFull.found.get(subject) ?? [],
    vouched: !byCheckpoint.verified.has(subject),
    flux: flux.get(subject),
    acts: actsOn(subject),
  }));
}
