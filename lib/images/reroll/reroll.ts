import type { Clock } from '../../clock.ts';
import { PlumblineError } from '../../errors.ts';
import type { ClusterRow } from '../../fleet/cluster.ts';
import { isSuspended } from '../../fleet/plan-tick.ts';
import type { ApiResource, KubernetesClient } from '../../kubernetes/client.ts';
import { isJsonArray, isJsonObject, type JsonObject } from '../../manifests/json.ts';
import type { KubernetesObject } from '../../manifests/object.ts';
import type { LeaseStore, StateStore } from '../../storage/stores.ts';
import { type AuditedCluster, auditPods, type PodAuditDependencies } from '../pods/audit-pods.ts';
import { type PullDependencies, unpullable } from './pullable.ts';
import { fieldOf, rolloutOf } from './rollout.ts';

/** Restarts of one workload lie at least this far apart. */
export const REROLL_INTERVAL_MS = 600_000;
const LEASE_SECONDS = 60;
/** Why none of a cluster's workloads is restarted now. */
export const CLUSTER_RESTARTED = 'ClusterRestartedJustNow';
/** How kubectl asks for a restart, so that nothing that knows it takes this for drift. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

export class RerollError extends PlumblineError {}

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;
export type RerollKind = (typeof KINDS)[number];

export function isRerollKind(kind: string): kind is RerollKind {
  return KINDS.some((one) => one === kind);
}

export interface RerollTarget {
  readonly kind: RerollKind;
  readonly namespace: string;
  readonly name: string;
}

export interface RestartDependencies extends Pick<PodAuditDependencies, 'connect'>, PullDependencies {
  readonly clock: Clock;
  readonly leases: LeaseStore;
  /** Names this run to those who find the lease taken. */
  readonly owner: string;
  /** `image-reroll-<deployment>`: whose only field is the annotation. */
  readonly fieldManager: string;
}

/** How far apart restarts are kept. */
export interface RestartPace {
  /** Those of one workload. */
  readonly workloadMs: number;
  /** Those of all workloads of a cluster, which its state remembers: as many audits may run at once as there are events. */
  readonly cluster?: { readonly ms: number; readonly state: Pick<StateStore, 'get' | 'update'> };
}

export type RerollDependencies = PodAuditDependencies & RestartDependencies;

/**
 * Restarts a workload whose pods run other bytes than its template means, through that template: each pod is made anew from the image that Git
 * names, and nothing in a running container is touched. Throws `RerollError` where there is nothing to restart, where its rollout would take down
 * more pods than a PodDisruptionBudget lets go, or where it was restarted just now. Resolves to the time that the template has from now on.
 */
export async function rerollWorkload(
  cluster: AuditedCluster,
  target: RerollTarget,
  deps: RerollDependencies,
  signal: AbortSignal,
): Promise<string> {
  const named = `${target.kind} ${target.namespace}/${target.name}`;
  const { row } = cluster;
  if (row.mode !== 'enforce' || isSuspended(row, deps.clock.now())) {
    const why = row.mode === 'enforce' ? `is suspended until ${row.suspendedUntil}` : `has mode ${row.mode}`;
    throw new RerollError('NotEnforced', `${named}: cluster ${row.cluster} ${why}, so nothing is written there.`);
  }
  const audit = (await auditPods([cluster], deps, signal)).get(row.cluster);
  if (audit === undefined || 'failure' in audit) {
    throw new RerollError(
      'PodsNotRead',
      `${named}: its pods could not be read (${audit?.failure.message ?? 'no answer'}). Nothing was restarted.`,
    );
  }
  if (!audit.verdicts.some(({ path, verdict }) => verdict === 'mismatch' && path.startsWith(`${named} [`))) {
    throw new RerollError(
      'NoMismatch',
      `${named}: none of its pods is known to run other bytes than its template means. Nothing was restarted.`,
    );
  }
  return await restartThroughTemplate(row, target, { workloadMs: REROLL_INTERVAL_MS }, deps, signal);
}

/**
 * Restarts a workload under its cluster's lease. Throws `RerollError` where another run holds that, where the workload is not there, and for what
 * `refusalOf` and `unpullable` say. Resolves to the time that its template has from now on.
 */
export async function restartThroughTemplate(
  row: ClusterRow,
  target: RerollTarget,
  { workloadMs, cluster }: RestartPace,
  deps: RestartDependencies,
  signal: AbortSignal,
): Promise<string> {
  const named = `${target.kind} ${target.namespace}/${target.name}`;
  await using scope = new AsyncDisposableStack();
  const client = scope.adopt(await deps.connect(row, signal), (opened) => opened.close());
  const lease = await deps.leases.acquire(await client.clusterUid(signal), deps.owner, LEASE_SECONDS);
  if (lease === undefined)
    throw new RerollError('Busy', `${named}: a run is working on cluster ${row.cluster}. Try again when it has ended.`);
  scope.defer(() => deps.leases.release(lease));
  const now = deps.clock.now();
  const last = (await cluster?.state.get(row.cluster, signal))?.rerolledAt;
  if (cluster !== undefined && last !== undefined && now.getTime() - Date.parse(last) < cluster.ms) {
    const message = `a workload of cluster ${row.cluster} was restarted at ${last}; the next is in ${cluster.ms / 60_000} minutes at the earliest.`;
    throw new RerollError(CLUSTER_RESTARTED, `${named}: ${message} Nothing was restarted.`);
  }
  const live = await client.get(workloads(target.kind), target, signal);
  if (live === undefined) throw new RerollError('WorkloadNotFound', `${named}: it is not there. Nothing was restarted.`);
  const refusal = refusalOf(live, await client.list(BUDGETS, {}, signal), now, workloadMs) ?? (await unpullable(live, deps, signal));
  if (refusal !== undefined) throw new RerollError(refusal.reason, `${named}: ${refusal.message} Nothing was restarted.`);
  // Before the restart, so that one which is cut off counts as well.
  await cluster?.state.update(row.cluster, { rerolledAt: now.toISOString() });
  await restart(client, live, target.kind, now.toISOString(), deps.fieldManager, signal);
  return now.toISOString();
}

/** Why a workload may not be restarted now; pure. */
export function refusalOf(
  live: KubernetesObject,
  budgets: readonly KubernetesObject[],
  now: Date,
  intervalMs: number,
): { readonly reason: string; readonly message: string } | undefined {
  const template = fieldOf(fieldOf(live.spec, 'template'), 'metadata');
  const last = fieldOf(fieldOf(template, 'annotations'), RESTARTED_AT);
  if (typeof last === 'string' && now.getTime() - Date.parse(last) < intervalMs) {
    return {
      reason: 'RestartedJustNow',
      message: `it was restarted at ${last}; wait ${intervalMs / 60_000} minutes between restarts.`,
    };
  }
  const rollout = rolloutOf(live);
  if ('refused' in rollout) return { reason: 'NoRollout', message: rollout.refused };
  const labels = fieldOf(template, 'labels');
  const own = budgets.filter(
    ({ metadata, spec }) =>
      metadata.namespace === live.metadata.namespace && selects(fieldOf(spec, 'selector'), isJsonObject(labels) ? labels : {}),
  );
  const tight = own.find((budget) => {
    const allowed = disruptionsAllowed(budget);
    return allowed === 0 || allowed < rollout.takesDown;
  });
  if (tight === undefined) return undefined;
  const allowed = disruptionsAllowed(tight);
  const message =
    allowed === 0
      ? 'lets no pod go now. Wait until its pods are healthy.'
      : `lets ${allowed} go now, and its update strategy takes down ${rollout.takesDown} at a time. Set a smaller maxUnavailable.`;
  return { reason: 'DisruptionBudget', message: `PodDisruptionBudget ${tight.metadata.name} ${message}` };
}

/** What its controller says, as long as it speaks of the budget as it is now. */
function disruptionsAllowed({ metadata, status }: KubernetesObject): number {
  const allowed = fieldOf(status, 'disruptionsAllowed');
  const isStale = Number(fieldOf(status, 'observedGeneration') ?? 0) < Number(fieldOf(metadata, 'generation') ?? 0);
  return typeof allowed === 'number' && !isStale ? allowed : 0;
}

async function restart(
  client: KubernetesClient,
  { apiVersion, kind, metadata }: KubernetesObject,
  resource: RerollTarget['kind'],
  at: string,
  fieldManager: string,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace = '', uid = '', resourceVersion = '' } = metadata;
  const object = {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion },
    spec: { template: { metadata: { annotations: { [RESTARTED_AT]: at } } } },
  };
  await client.apply(workloads(resource), object, { fieldManager, dryRun: false }, signal);
}

/** An empty selector selects every pod of the namespace, as in policy/v1. */
function selects(selector: unknown, labels: JsonObject): boolean {
  if (!isJsonObject(selector)) return false;
  const matchLabels = isJsonObject(selector.matchLabels) ? selector.matchLabels : {};
  const expressions = isJsonArray(selector.matchExpressions) ? selector.matchExpressions : [];
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    expressions.filter(isJsonObject).every((expression) => holds(expression, labels))
  );
}

function holds({ key, operator, values }: JsonObject, labels: JsonObject): boolean {
  const value = typeof key === 'string' ? labels[key] : undefined;
  const listed = isJsonArray(values) && value !== undefined && values.includes(value);
  switch (operator) {
    case 'In':
      return listed;
    case 'NotIn':
      return !listed;
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      // What is not understood may be about these pods.
      return true;
  }
}

function workloads(kind: RerollTarget['kind']): ApiResource {
  return { group: 'apps', version: 'v1', kind, plural: `${kind.toLowerCase()}s`, namespaced: true, verbs: ['get', 'patch'] };
}

const BUDGETS: ApiResource = {
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
  verbs: ['list'],
};
