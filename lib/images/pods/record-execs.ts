import type { Clock } from '../../clock.ts';
import type { ClusterRow } from '../../fleet/cluster.ts';
import type { Fact, Recorder } from '../../records/fact.ts';
import type { ObjectRecord } from '../../records/record.ts';
import type { ArtifactStore, ClusterStore, StateStore } from '../../storage/stores.ts';
import { actOn, severityOf } from '../finding-table.ts';
import { type AuditLog, type ExecEvent, readExecEvents } from './exec-events.ts';

/** How long a record of somebody in a container is open: what they left there is not known. */
const OPEN_MS = 24 * 3_600_000;

export interface ExecDependencies {
  readonly clusters: Pick<ClusterStore, 'list'>;
  readonly state: Pick<StateStore, 'get'>;
  readonly artifacts: Pick<ArtifactStore, 'get'>;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly clock: Clock;
  readonly newRunId: () => string;
  /** Of the log group: a subscription reaches functions of its own region alone. */
  readonly region: string;
}

/** Records who reached into containers of the clusters whose audit log this is. Resolves to the number of events, and the clusters. */
export async function recordExecs(
  log: AuditLog,
  deps: ExecDependencies,
  signal: AbortSignal,
): Promise<{ readonly events: number; readonly clusters: readonly string[] }> {
  const events = readExecEvents(log.messages);
  if (events.length === 0) return { events: 0, clusters: [] };
  const entries = await deps.clusters.list(signal);
  const rows = entries.flatMap((entry) => ('row' in entry && isOf(entry.row, log, deps.region) ? [entry.row] : []));
  for (const { cluster } of rows) {
    const artifact = await desiredOf(cluster, deps, signal);
    if (actOn('pod.exec', artifact?.settings?.images?.policy) === 'ignore') continue;
    const run = { cluster, runId: deps.newRunId(), revision: artifact?.revision ?? '', startedAt: deps.clock.now().toISOString() };
    await deps.recorder.record({ ...run, facts: events.map(factOf), closes: () => false }, signal);
  }
  return { events: events.length, clusters: rows.map(({ cluster }) => cluster) };
}

/** Whether what is known of somebody in a container is old enough to be no news any more. */
export function isExecOver(open: Pick<ObjectRecord, 'actor' | 'at'>, now: Date): boolean {
  return now.getTime() - Date.parse(open.actor?.at ?? open.at) > OPEN_MS;
}

function isOf({ connection }: ClusterRow, { eksName, account }: AuditLog, region: string): boolean {
  if (connection.type !== 'eks' || connection.eksName !== eksName || connection.region !== region) return false;
  // A role of the cluster's account is how another account's cluster is reached.
  return connection.roleArn === undefined || connection.roleArn.split(':')[4] === account;
}

async function desiredOf(cluster: string, { state, artifacts }: ExecDependencies, signal: AbortSignal) {
  const digest = (await state.get(cluster, signal))?.desiredArtifact;
  // What it says of findings is not known then, and a record too many is better than one too few.
  return digest === undefined ? undefined : await artifacts.get(digest, signal).catch(() => undefined);
}

const DID = {
  attach: 'attached to',
  debug: 'put a debug container into',
  node: "used the kubelet's own interface on",
} as const;

function factOf({ action, namespace, name, container, program, user, agent, at }: ExecEvent): Fact {
  const kind = action === 'node' ? 'Node' : 'Pod';
  const named = kind === 'Node' ? `Node ${name}` : `Pod ${namespace}/${name}`;
  const place = container === undefined ? named : `${named} [${container}]`;
  const did = action === 'exec' ? `ran ${program ?? 'a program'} in` : DID[action];
  return {
    kind: 'image',
    object: { apiVersion: 'v1', kind, namespace, name },
    class: 'pod.exec',
    changes: [{ path: `${place} ${action} by ${user}`, ...(program === undefined ? {} : { live: program }) }],
    actor: { manager: agent, at, user },
    decision: 'reported',
    error: {
      reason: 'pod.exec',
      message: `${place} (${severityOf('pod.exec')}): ${user} ${did} it with ${agent} at ${at}. What runs there may be other than what was pulled; delete the pod if it was not meant to be.`,
    },
  };
}
