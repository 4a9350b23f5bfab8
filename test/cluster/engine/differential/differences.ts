import type { FluxVerdict } from './flux.ts';
import type { Finding } from './rehearsal.ts';

/** Where ours finds something that Flux's engine does not, or the other way round, by name. The docs say how often each was met, and why. */
export type Difference =
  /** Ours takes back what a person put beside Git's fields. Flux's dry-run is silent; its controller takes the fields over too, and applies. */
  | 'foreign-field: silent dry-run, same takeover'
  /** What the server sums up under this name is seized by Flux's controller, protection finalizers too. Ours leaves it. */
  | 'before-first-apply'
  /** Flux's controller takes over what the server would have put there by itself, and applies, which changes nothing. Ours leaves it. */
  | 'takeover of defaults'
  /** Ours tolerates it and says so once. Flux does not look at fields that it does not own. */
  | 'controller-field'
  /** Ours keeps it open until somebody decides. Flux does not look at fields that it does not own. */
  | 'unclassified-field'
  /** All values are right and we no longer own a field. Flux compares values. */
  | 'ownership'
  /** Flux compares labels and annotations, and no other metadata. */
  | 'finalizers'
  /** Ours says that somebody made it anew, although as Git has it. Flux compares values. */
  | 'recreated as it was'
  /** Flux looks at what is being deleted as at any other object. */
  | 'terminating'
  /** Flux has to be told what to ignore; ours leaves replicas to an autoscaler by itself. */
  | 'ignored replicas';

export interface Judgement {
  /** Of what both claim. `undecided`: neither could tell. */
  readonly both: 'equal' | 'differing' | 'undecided' | 'unexplained';
  readonly differences: readonly Difference[];
}

/** What the HorizontalPodAutoscaler of the fixture scales, although Git states its replicas. */
export const AUTOSCALED = 'StatefulSet kinds/store';

/** Fields that an apply of ours would change, of an object that is there; Flux's dry-run is the same apply. */
const CLAIMED: ReadonlySet<string> = new Set(['value', 'item', 'list-order', 'metadata', 'recreated', 'adopted']);
const NOT_CLAIMED = ['controller-field', 'unclassified-field', 'ownership'] as const;
const TAKEN_OVER: ReadonlySet<string> = new Set(['foreign-field', 'irremovable-field']);
const GONE: ReadonlySet<string> = new Set(['missing', 'namespace-deleted']);
const KNOWN: ReadonlySet<string> = new Set([...CLAIMED, ...NOT_CLAIMED, ...TAKEN_OVER]);

/** Pure. Ours in full against Flux's, of one object at one instant. */
export function judge(subject: string, ours: readonly Finding[], flux: FluxVerdict): Judgement {
  const classes = new Set(ours.map((finding) => finding.class));
  const differences: Difference[] = NOT_CLAIMED.filter((each) => classes.has(each));
  const told = (both: Judgement['both']): Judgement => ({ both, differences });
  if (classes.has('terminating') && flux.error === undefined) return { both: 'undecided', differences: [...differences, 'terminating'] };
  const gone = ours.find((finding) => GONE.has(finding.class));
  // What a rehearsal would create is not there to be verified.
  const isUndecided =
    (gone?.reason ?? 'NotVerified') !== 'NotVerified' || ours.some((finding) => !KNOWN.has(finding.class) && !GONE.has(finding.class));
  if (flux.error !== undefined || isUndecided) return told(flux.error !== undefined && isUndecided ? 'undecided' : 'unexplained');
  if (gone !== undefined || flux.action === 'created')
    return told(gone !== undefined && flux.action === 'created' ? 'differing' : 'unexplained');

  const paths = ours.filter((finding) => CLAIMED.has(finding.class)).flatMap((finding) => finding.paths);
  const unseen = paths.filter((path) => !flux.paths.some((around) => isWithin(path, around)));
  const more = flux.paths.filter((around) => !paths.some((path) => isWithin(path, around)));
  // What an adoption takes over is one with what it changes.
  const theyTake = flux.takesOver.includes('kubectl');
  const takesOver = ours.some((finding) => TAKEN_OVER.has(finding.class)) || (classes.has('adopted') && theyTake);
  if (takesOver !== theyTake) return told('unexplained');
  if (takesOver) differences.push('foreign-field: silent dry-run, same takeover');
  if (flux.takesOver.includes('before-first-apply')) differences.push('before-first-apply');
  if (flux.rewrites.length > 0) differences.push('takeover of defaults');
  const isExpected = (path: string) => isWithin(path, 'metadata.finalizers') || (classes.has('adopted') && theyTake);

  if (classes.has('recreated') && flux.action === 'unchanged') differences.push('recreated as it was');
  if (unseen.some((path) => isWithin(path, 'metadata.finalizers'))) differences.push('finalizers');
  const isLeftToAutoscaler = (path: string) => subject === AUTOSCALED && path === 'spec.replicas';
  if (more.some(isLeftToAutoscaler)) differences.push('ignored replicas');
  const isExplained =
    unseen.every(isExpected) && more.every(isLeftToAutoscaler) && (flux.action === 'configured') === flux.paths.length > 0;
  if (!isExplained) return told('unexplained');
  return told(paths.length === unseen.length ? 'equal' : 'differing');
}

/** Ours go into lists; Flux's end there. */
function isWithin(path: string, around: string): boolean {
  return path === around || path.startsWith(`${around}.`) || path.startsWith(`${around}[`);
}
