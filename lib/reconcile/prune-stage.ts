import type { AppliedItem } from './apply.ts';
import { writes } from './policy/index.ts';
import { judgeRemoved, type Pruning, pruneRemoved, type Removed, runGuard, sourceOf, type Treatment } from './prune/index.ts';
import type { Session } from './session.ts';
import type { DesiredState } from './target.ts';
import type { LatePlan } from './waiting.ts';

/** What has been done before anything is deleted. */
export interface BeforePruning {
  readonly desired: DesiredState;
  readonly applied: readonly AppliedItem[];
  readonly late: LatePlan;
  readonly removed: Removed;
}

/** Deletes what is no longer in Git, as far as no guard holds it back. Throws nothing. */
export async function prune({ desired, applied, late, removed }: BeforePruning, session: Session): Promise<Pruning> {
  const { artifact, discovery, identity, inventory, policy } = session;
  const judgement = judgeRemoved(removed.live, {
    identity,
    inventory,
    settings: artifact.settings?.prune,
    source: sourceOf(artifact),
    treatment: treatmentOf(policy),
    run: runGuard({ desired, applied, late: late.blocked, discoveryComplete: discovery.served().complete }),
    now: policy.now,
  });
  return { removed, judgement, pruned: await pruneRemoved(judgement.verdicts, session) };
}

function treatmentOf(policy: Session['policy']): Treatment {
  if (writes(policy)) return { decision: 'applied' };
  return {
    decision: policy.suspended ? 'suspended' : 'observed',
    ...(policy.suspendedUntil === undefined ? {} : { heldUntil: policy.suspendedUntil }),
  };
}
