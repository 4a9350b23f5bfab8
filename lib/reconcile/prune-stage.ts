import type { Failure } from '../errors.ts';
import type { Fact } from '../records/fact.ts';
import type { AppliedItem } from './apply.ts';
import { policyFor, treatRollout } from './policy/index.ts';
import {
  intendedDeletion,
  type Judgement,
  judgeRemoved,
  type Pruning,
  pruneRemoved,
  type Removed,
  runGuard,
  sourceOf,
} from './prune/index.ts';
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
  const judgement = judge(
    removed,
    runGuard({ desired, applied, late: late.blocked, discoveryComplete: session.discovery.served().complete }),
    session,
  );
  return { removed, judgement, pruned: await pruneRemoved(judgement.verdicts, session) };
}

/** What a run will say of what it deletes, if it goes well until then. */
export function intendedPrune(removed: Removed, session: Session): readonly Fact[] {
  const doomed = judge(removed, undefined, session).verdicts.filter(({ verdict }) => verdict.action === 'delete');
  return doomed.map((one) => intendedDeletion(one.removed));
}

function judge({ live }: Removed, run: Failure | undefined, { artifact, identity, inventory, policy }: Session): Judgement {
  const settings = artifact.settings?.prune;
  return judgeRemoved(live, {
    identity,
    inventory,
    settings,
    source: sourceOf(artifact),
    treatment: (object) => treatRollout({ policy: policyFor(policy, object), marks: {} }),
    run,
    now: policy.now,
  });
}
