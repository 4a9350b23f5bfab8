import type { Failure } from '../../errors.ts';
import type { AppliedItem } from '../apply.ts';
import type { DesiredState, Untargeted } from '../target.ts';

/** What a run has to have done before anything is deleted in it. */
export interface RunSoFar {
  readonly desired: Pick<DesiredState, 'targets' | 'waiting' | 'untargeted'>;
  readonly applied: readonly Pick<AppliedItem, 'target' | 'comparison' | 'result' | 'findings'>[];
  /** What waited for a kind that did not come. */
  readonly late: readonly Untargeted[];
  /** Whether the server told of every API what it serves. */
  readonly discoveryComplete: boolean;
}

type RunGuard = (run: RunSoFar) => Failure | undefined;

const rendersSomething: RunGuard = ({ desired: { targets, waiting, untargeted } }) =>
  targets.length + waiting.length + untargeted.length === 0
    ? {
        reason: 'EmptyRender',
        message: 'nothing at all is in Git, which is taken for a mistake. To remove everything: `plumbline cluster remove --prune`.',
      }
    : undefined;

const isDiscovered: RunGuard = ({ discoveryComplete }) =>
  discoveryComplete
    ? undefined
    : { reason: 'DiscoveryGap', message: 'the API server does not say of every API what it serves. Look at its APIServices.' };

const isApplied: RunGuard = ({ desired, applied, late }) => {
  const untargeted = [...desired.untargeted, ...late].filter(({ decision }) => decision === 'failed' || decision === 'blocked').length;
  const failed = applied.filter(({ result, findings }) => result.state === 'failed' || findings.some(isFailure)).length;
  return untargeted + failed === 0
    ? undefined
    : {
        reason: 'NotAllApplied',
        message: `${untargeted + failed} objects that are in Git could not be applied; their own records say why.`,
      };
};

function isFailure({ decision }: AppliedItem['findings'][number]): boolean {
  return decision === 'failed' || decision === 'blocked' || decision === 'refused';
}

const RUN_GUARDS: readonly RunGuard[] = [rendersSomething, isDiscovered, isApplied];

/** Why nothing is deleted in a run, without its subject; undefined when the run went well. */
export function runGuard(run: RunSoFar): Failure | undefined {
  for (const guard of RUN_GUARDS) {
    const failure = guard(run);
    if (failure !== undefined) return failure;
  }
  return undefined;
}
