export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** What is done about a finding: nothing, a record, or a record and no rollout of the workload. */
export const FINDING_ACTS = ['ignore', 'report', 'block'] as const;
export type FindingAct = (typeof FINDING_ACTS)[number];

interface FindingKind {
  readonly severity: Severity;
  /** What is done where `images.policy` does not say. */
  readonly act: FindingAct;
  /** Whether `images.policy` may stop a rollout for it: only of what is known of an image before its pods run. */
  readonly blockable: boolean;
}

const kind = (severity: Severity, act: FindingAct, blockable: boolean): FindingKind => ({ severity, act, blockable });

/** Every finding about images. What most images in the world would be found of, or costs a call for each image, is for those who ask for it. */
export const FINDINGS = {
  'ref.invalid': kind('high', 'block', true),
  'ref.latest': kind('high', 'report', true),
  'ref.unpinned': kind('medium', 'report', true),
  'ref.platform-pin': kind('high', 'block', true),
  'ref.no-platform': kind('critical', 'block', true),
  'tag.unresolvable': kind('critical', 'block', true),
  'tag.moved': kind('high', 'report', false),
  'tag.tag-digest-disagree': kind('medium', 'report', true),
  'tag.excluded': kind('high', 'report', true),
  'repo.mutable': kind('high', 'report', true),
  'repo.pullthrough': kind('medium', 'report', true),
  'repo.template-mutable': kind('low', 'report', true),
  'reg.foreign': kind('low', 'report', true),
  'digest.missing': kind('critical', 'block', true),
  'digest.archived': kind('critical', 'block', true),
  'digest.expiring': kind('high', 'report', false),
  'digest.not-replicated': kind('high', 'block', true),
  'run.mismatch': kind('critical', 'report', false),
  'run.split': kind('high', 'report', false),
  'run.unverifiable': kind('medium', 'report', false),
  'pod.image-patched': kind('critical', 'report', false),
  'pod.ephemeral': kind('high', 'report', false),
  'pod.exec': kind('high', 'report', false),
  'pod.debug-copy': kind('medium', 'report', false),
  'pod.injected': kind('low', 'report', false),
  'fs.writable': kind('medium', 'ignore', true),
  'fs.state': kind('medium', 'report', true),
  'pull.hazard': kind('medium', 'report', true),
  'sig.missing': kind('medium', 'ignore', true),
  'scan.stale': kind('low', 'ignore', true),
  'scan.critical': kind('high', 'ignore', true),
  'prov.no-commit': kind('medium', 'ignore', true),
  'build.mutating': kind('low', 'report', false),
} as const satisfies Readonly<Record<string, FindingKind>>;

export type FindingId = keyof typeof FINDINGS;

/**
 * Those that depend on the cluster, or on what can be undone without a commit: they stop a rollout of the workload when it is its turn, and
 * leave what runs alone. Others are of what Git says, and keep the object from being applied at all.
 */
export const STOPS_ROLLOUT: ReadonlySet<FindingId> = new Set<FindingId>([
  'ref.platform-pin',
  'ref.no-platform',
  'digest.missing',
  'digest.archived',
  'digest.not-replicated',
]);

export function isFindingId(text: string): text is FindingId {
  return Object.hasOwn(FINDINGS, text);
}

/** What `plumbline.yaml` says of findings: `images.policy`. */
export type FindingPolicy = { readonly [Id in FindingId]?: FindingAct };

/** What is done about a finding at a path. */
export function actOn(id: string, policy: FindingPolicy | undefined): FindingAct {
  return isFindingId(id) ? (policy?.[id] ?? FINDINGS[id].act) : 'report';
}

/** How much a finding matters, wherever it is found. */
export function severityOf(id: FindingId): Severity {
  return FINDINGS[id].severity;
}

const ORDER: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

/** For sorting by what matters most: 0 is critical. What is no finding of images comes last. */
export function severityRank(finding: string): number {
  return isFindingId(finding) ? ORDER.indexOf(FINDINGS[finding].severity) : ORDER.length;
}
