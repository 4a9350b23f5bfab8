import type { ClusterEntry, ClusterState } from '../fleet/cluster.ts';

import type { ClusterStore, StateStore } from '../storage/stores.ts';
import { describeMoment } from './moment.ts';
import type { Screen } from './terminal.ts';

/** The audit looks at each cluster once an hour; after three it is not late, but kept from it. */
const OVERDUE_MS = 3 * 3_600_000;

/** A cluster of which the findings say nothing, since nobody looked at what it runs. */
export interface Unaudited {
  readonly kind: 'audit';
  readonly cluster: string;
  /** ISO 8601; absent where its pods were never looked at. */
  readonly auditedAt?: string;
}

/** Those of these clusters, or of all, that have something to run and whose pods nobody looked at for three hours. */
export async function unauditedClusters(
  { clusters, state }: { readonly clusters: Pick<ClusterStore, 'list'>; readonly state: Pick<StateStore, 'list'> },
  wanted: readonly string[] | undefined,
  now: Date,
  signal: AbortSignal,
): Promise<readonly Unaudited[]> {
  const [entries, states] = await Promise.all([clusters.list(signal), state.list(signal)]);
  const known = new Map(states.map((one) => [one.cluster, one]));
  return entries
    .filter(({ cluster }) => wanted?.includes(cluster) !== false)
    .flatMap((entry) => unaudited(entry, known.get(entry.cluster), now))
    .toSorted((a, b) => (a.cluster < b.cluster ? -1 : 1));
}

function unaudited(entry: ClusterEntry, state: ClusterState | undefined, now: Date): readonly Unaudited[] {
  if (!('row' in entry) || state?.desiredArtifact === undefined) return [];
  const { cluster } = entry;
  if (state.auditedAt === undefined) return [{ kind: 'audit', cluster }];
  return now.getTime() - Date.parse(state.auditedAt) > OVERDUE_MS ? [{ kind: 'audit', cluster, auditedAt: state.auditedAt }] : [];
}

export function formatUnaudited(unaudited: readonly Unaudited[], now: Date, screen: Screen): string {
  return unaudited
    .map(({ cluster, auditedAt }) => {
      const when = auditedAt === undefined ? 'were never looked at' : `were last looked at ${describeMoment(auditedAt, now, screen)}`;
      return `${cluster}: its pods ${when}, so it is not known what they run. Try \`plumbline images audit ${cluster}\`.\n`;
    })
    .join('');
}
