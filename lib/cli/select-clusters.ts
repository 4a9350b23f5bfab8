import type { ClusterEntry, ClusterRow } from '../fleet/cluster.ts';
import type { ClusterStore } from '../storage/stores.ts';
import { NotFoundError, UsageError } from './errors.ts';
import type { RowItem } from './row-item.ts';

/** The entry of that name, or an error that says what there is instead. */
export async function getCluster(clusters: ClusterStore, name: string, signal: AbortSignal): Promise<ClusterEntry> {
  const entry = await clusters.get(name, signal);
  if (entry !== undefined) return entry;
  const names = (await clusters.list(signal)).map(({ cluster }) => cluster);
  const known =
    names.length === 0 ? 'None is registered yet; register one with `plumbline cluster add`.' : `Registered: ${listNames(names)}.`;
  throw new NotFoundError(`cluster "${name}": no such row in the clusters table. ${known}`);
}

/** Those named, in that order, or all of them. */
export async function selectClusters(
  clusters: ClusterStore,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly ClusterEntry[]> {
  if (names.length === 0) return await clusters.list(signal);
  const entries: ClusterEntry[] = [];
  for (const name of new Set(names)) entries.push(await getCluster(clusters, name, signal));
  return entries;
}

/** The parsed row, or the reason why it is none, as an error. */
export function requireRow(entry: ClusterEntry): ClusterRow {
  if ('row' in entry) return entry.row;
  throw new UsageError(entry.invalid.message);
}

/** The row that an item would be; else an error that says what did not happen, since the row is not there yet to be corrected. */
export async function requireItem(item: RowItem, consequence: string): Promise<ClusterRow> {
  const { parseRow } = await import('../fleet/parse-row.ts');
  const entry = parseRow(item);
  if ('invalid' in entry) throw new UsageError(`${entry.invalid.message.replace(/ Correct the row with .*$/, '')} ${consequence}`);
  return entry.row;
}

const NAMES_SHOWN = 20;

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  return names.length > NAMES_SHOWN ? `${shown} and ${names.length - NAMES_SHOWN} more` : shown;
}
