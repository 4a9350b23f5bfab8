import { type Failure, failureOf } from '../../errors.ts';
import type { ClusterRow } from '../../fleet/cluster.ts';
import { type KubernetesObject, objectIdOf } from '../../manifests/object.ts';
import type { Fact } from '../../records/fact.ts';
import type { Artifact } from '../../source/artifact.ts';
import type { AuditedCluster } from '../pods/audit-pods.ts';
import { CLUSTER_RESTARTED, isRerollKind, type RerollTarget } from './reroll.ts';

/** Restarts of one workload by the audit lie at least this far apart. */
export const AUTO_REROLL_INTERVAL_MS = 3_600_000;
/** And of all workloads of a cluster this far, whatever asks for audits: what goes wrong shows at the first one. */
export const CLUSTER_REROLL_INTERVAL_MS = 600_000;
/** Workloads that are tried in one audit until one may be restarted. */
const MOST_TRIED = 5;
/** Of a workload in Git: it goes before what `images.reroll` says of all. */
const ANNOTATION = 'plumbline.dev/re-roll';

export type OptedInCluster = Pick<AuditedCluster, 'row'> & {
  readonly artifact: Pick<Artifact, 'objects' | 'defaultNamespace' | 'settings'>;
};

/** What became of a workload that runs other bytes than Git means. */
export type RerollOutcome = { readonly target: RerollTarget } & ({ readonly restartedAt: string } | { readonly refused: Failure });

export interface AutoRerollDependencies {
  /** Whether an object may be written now: mode, suspension and windows, as when it is corrected. */
  readonly mayWrite: (cluster: OptedInCluster, object: KubernetesObject) => boolean;
  /** Rejects with the reason why a workload is not restarted; resolves to the time of the restart. */
  readonly restart: (row: ClusterRow, target: RerollTarget, signal: AbortSignal) => Promise<string>;
}

/**
 * Restarts one workload of a cluster whose pods are known to run other bytes, where Git asks for that: one an audit, and none that may not be
 * written now.
 */
export async function rerollMismatch(
  cluster: OptedInCluster,
  facts: readonly Fact[],
  { mayWrite, restart }: AutoRerollDependencies,
  signal: AbortSignal,
): Promise<readonly RerollOutcome[]> {
  const outcomes: RerollOutcome[] = [];
  for (const target of mismatched(facts)) {
    if (outcomes.length >= MOST_TRIED) break;
    const object = optedIn(target, cluster.artifact);
    if (object === undefined || !mayWrite(cluster, object)) continue;
    try {
      return [...outcomes, { target, restartedAt: await restart(cluster.row, target, signal) }];
    } catch (error) {
      signal.throwIfAborted();
      const refused = failureOf(error);
      outcomes.push({ target, refused });
      if (refused.reason === CLUSTER_RESTARTED) break;
    }
  }
  return outcomes;
}

/** The facts with what was done about them. The next audit verifies that it worked, when it no longer finds it. */
export function withRerolls(facts: readonly Fact[], outcomes: readonly RerollOutcome[]): readonly Fact[] {
  return facts.map((fact) => {
    const outcome = fact.class === 'run.mismatch' ? outcomes.find(({ target }) => isOf(fact, target)) : undefined;
    if (outcome === undefined || fact.error === undefined) return fact;
    const { reason, message } = fact.error;
    if ('refused' in outcome) return { ...fact, decision: 'refused', error: { reason, message: `${message} ${outcome.refused.message}` } };
    const done = `It was restarted through its template at ${outcome.restartedAt}.`;
    return { ...fact, decision: 'applied', correctedAt: outcome.restartedAt, error: { reason, message: `${message} ${done}` } };
  });
}

/** Each workload with a mismatch once; an alias, or what could not be compared, is no reason to restart anything. */
function mismatched(facts: readonly Fact[]): readonly RerollTarget[] {
  const targets = facts.flatMap(({ class: id, object: { kind, namespace, name } }): readonly (readonly [string, RerollTarget])[] =>
    id === 'run.mismatch' && isRerollKind(kind) ? [[`${kind} ${namespace}/${name}`, { kind, namespace, name }]] : [],
  );
  return [...new Map(targets).values()];
}

/** The workload in Git, where it, or all of its path, asks for restarts. */
function optedIn(target: RerollTarget, { objects, defaultNamespace = 'default', settings }: OptedInCluster['artifact']) {
  const own = objects.find((object) => {
    const { group, kind, namespace, name } = objectIdOf(object);
    const isSame = kind === target.kind && name === target.name && (namespace || defaultNamespace) === target.namespace;
    return group === 'apps' && isSame;
  });
  const said = own?.metadata.annotations?.[ANNOTATION] ?? settings?.images?.reroll;
  return said === 'on-mismatch' ? own : undefined;
}

function isOf({ object }: Fact, { kind, namespace, name }: RerollTarget): boolean {
  return object.kind === kind && object.namespace === namespace && object.name === name;
}
