import type { ClusterRow, ClusterState } from '../../fleet/cluster.ts';
import { platformKey } from '../registry/manifest.ts';
import type { Platform } from '../types.ts';

/** The audit looks at nodes once an hour; what it saw before it failed so often is not known any more. */
const NODES_KNOWN_MS = 3 * 3_600_000;

/** What decides about a rollout, of the cluster that it goes to. */
export interface RolloutPlace {
  /** Absent where it is in none. */
  readonly region?: string;
  /** Of its nodes; none where they are not known. */
  readonly platforms: readonly Platform[];
}

/** What an audit that read a cluster leaves of its nodes in its state. */
export type SeenNodes = Required<Pick<ClusterState, 'nodePlatforms' | 'auditedAt'>>;

export function seenNodes(platforms: readonly Platform[], auditedAt: string): SeenNodes {
  return { nodePlatforms: [...new Set(platforms.map(platformKey))].sort(), auditedAt };
}

export function rolloutPlace(
  { connection }: Pick<ClusterRow, 'connection'>,
  state: Partial<SeenNodes> | undefined,
  now: Date,
): RolloutPlace {
  const isKnown = state?.auditedAt !== undefined && now.getTime() - Date.parse(state.auditedAt) <= NODES_KNOWN_MS;
  return {
    ...(connection.type === 'eks' ? { region: connection.region } : {}),
    platforms: isKnown ? (state.nodePlatforms ?? []).flatMap(platformOf) : [],
  };
}

function platformOf(text: string): readonly Platform[] {
  const [os, architecture, variant] = text.split('/');
  if (os === undefined || architecture === undefined) return [];
  return [{ os, architecture, ...(variant === undefined ? {} : { variant }) }];
}
