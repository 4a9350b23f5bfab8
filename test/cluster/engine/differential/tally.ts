import { stringifyJson } from '../../../../lib/manifests/json.ts';
import { type Act, UNSHOWN } from './acts.ts';
import { judge } from './differences.ts';
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
        count(`ours: ${own}`);
        if (own === 'missed') missed.add(sight.subject);
        if (own === 'missed' && !before.has(sight.subject)) count(`missed: ${sortsOf(sight).join(' + ')}`);
        const { both, differences } =
          sight.flux === undefined ? { both: 'unexplained' as const, differences: [] } : judge(sight.inFull, sight.flux);
        count(`Flux: ${both}`);
        for (const difference of differences) count(`difference: ${difference}`);
        if (own === 'unexplained' || both === 'unexplained') unexplained.push(sight);
      }
      before = missed;
      return missed;
    },
  };
}

/** `missed`: the checkpoint vouches for an object that the full dry-run finds changed, and nothing was done to it that ownership shows. */
function ownVerdict({ byCheckpoint, inFull, vouched, acts }: Sight): 'vouched' | 'verified' | 'missed' | 'unexplained' {
  if (isSame(byCheckpoint, inFull)) return vouched ? 'vouched' : 'verified';
  const unseen = inFull.filter((finding) => !byCheckpoint.some((each) => isSame(each, finding)));
  const unshown = acts.filter(({ sort }) => UNSHOWN.has(sort));
  if (!vouched || unshown.length === 0) return 'unexplained';
  const isReorder = unshown.every(({ sort }) => sort === 'reorder');
  return isReorder && unseen.some((finding) => finding.class !== 'list-order') ? 'unexplained' : 'missed';
}

function sortsOf({ acts }: Sight): readonly string[] {
  return [...new Set(acts.map(({ sort }) => sort).filter((sort) => UNSHOWN.has(sort)))].toSorted();
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
