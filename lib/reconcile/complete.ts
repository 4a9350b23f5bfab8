import { objectKey } from '../manifests/object.ts';
import { recordObjectKey } from '../records/identity.ts';
import type { ObjectRecord } from '../records/record.ts';
import type { AppliedItem } from './apply.ts';
import { closesOf, comparedKeys } from './closing.ts';
import type { CompletedRun } from './ending.ts';
import { factsOf } from './facts.ts';
import { countRollouts, type Health, healthFacts, rememberHealth } from './health-stage.ts';
import { withRecords } from './intents/index.ts';
import { isAppliedInFull, sameInventory, settleInventory } from './inventory.ts';
import { CONTESTED, contestsAfter, isFoughtOver, sightingsOf } from './policy/index.ts';
import { type Pruned, type Pruning, pruneFacts, rememberPruning, sourceOf } from './prune/index.ts';
import type { Session } from './session.ts';
import type { Remembered } from './surface/index.ts';
import type { DesiredState } from './target.ts';
import type { LatePlan } from './waiting.ts';

/** What the stages of a run left. */
export interface Stages {
  readonly desired: DesiredState;
  readonly applied: readonly AppliedItem[];
  readonly late: LatePlan;
  readonly pruning: Pruning;
  readonly health: Health;
  readonly remembered: Remembered;
}

/** What is to be recorded and remembered of a run that went through. Pure. */
export function completeRun({ desired, applied, late, pruning, health, remembered }: Stages, session: Session): CompletedRun {
  const { artifact, runId, contested: before, digest, lease, open, serverVersion, policy } = session;
  const untargeted = [...desired.untargeted, ...late.blocked];
  const { removed, pruned } = pruning;
  const now = policy.now.toISOString();
  const { intents = [], runs, ...declared } = late.declared;
  const brought = rememberHealth(settleInventory(declared, applied, digest), health);
  const settled = rememberPruning(brought, pruning, { source: sourceOf(artifact), now });
  const facts = [...factsOf(applied, untargeted), ...healthFacts(health, now), ...pruneFacts(pruned, removed.unknown.values(), now)];
  const gone = new Set([...removed.gone, ...pruned.filter(isDeleted).map((one) => objectKey(one.removed.entry))]);
  const contested = contestsAfter(before, sightingsOf(applied), comparedKeys(applied), policy);
  const closes = closesOf(applied, desired, removed);
  const unchanged = new Set(applied.filter(({ comparison }) => comparison.state === 'unchanged').map(({ target }) => target.key));
  // Its record lasts as long as the fight, whether or not the object has moved since.
  const endsFight = (record: ObjectRecord): boolean => {
    const key = recordObjectKey(record);
    return !isFoughtOver(contested, key) && (unchanged.has(key) || closes(record));
  };
  return {
    state: 'completed',
    revision: artifact.revision,
    leaseExpiresAt: lease.expiresAt,
    fence: lease.fence,
    serverVersion,
    objects: applied.length + untargeted.length,
    open,
    runRecordId: runs?.find((each) => each.runId === runId)?.id,
    facts: withRecords(facts, intents, { runId, applied, gone, now }),
    closes: (record) => (record.class === CONTESTED ? endsFight(record) : closes(record)),
    suspended: policy.suspended,
    rollouts: countRollouts(settled),
    contested: before.length + contested.length === 0 ? undefined : contested,
    inventory: sameInventory(settled, late.declared) ? undefined : settled,
    remembered,
    appliedArtifact: untargeted.length === 0 && isAppliedInFull(settled, applied, digest) ? digest : undefined,
  };
}

function isDeleted({ outcome }: Pruned): boolean {
  return outcome.action === 'deleted' && outcome.gone;
}
