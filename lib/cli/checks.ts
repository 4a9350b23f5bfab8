import { tmpdir } from 'node:os';
import type { ClusterConnector } from '../cluster-connector.ts';
import { failureOf } from '../errors.ts';
import type { ClusterRow } from '../fleet/index.ts';
import { checkAccess } from '../kubernetes/index.ts';
import { type GitHost, listTips, type Repository, referenceNotFound } from '../source/index.ts';
import type { Check } from './deployment.ts';
import { shortRevision } from './text.ts';

/** Enough for a slow host; a black hole is given up on. */
const CHECK_TIMEOUT_MILLISECONDS = 30_000;

/** Asks the repository from here what the row's reference names. A failure is the answer, not an error. */
export async function checkRepository(
  row: ClusterRow,
  git: GitHost,
  readRepository: (row: ClusterRow, signal: AbortSignal) => Promise<Repository>,
  signal: AbortSignal,
): Promise<Check> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(CHECK_TIMEOUT_MILLISECONDS)]);
  try {
    const tips = await listTips(git, await readRepository(row, limited), [row.branch], tmpdir(), limited);
    const revision = tips.get(row.branch);
    if (revision === undefined) throw referenceNotFound(row.repository, row.branch);
    return { check: 'repository', ok: true, detail: `${row.branch} is at ${shortRevision(revision)}` };
  } catch (error) {
    signal.throwIfAborted();
    return { check: 'repository', ok: false, detail: describeFailure(error, limited) };
  }
}

/** Asks the API server from here who we are to it and what we may do. A failure is in the list, not an error. */
export async function checkCluster(row: ClusterRow, connect: ClusterConnector, signal: AbortSignal): Promise<readonly Check[]> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(CHECK_TIMEOUT_MILLISECONDS)]);
  try {
    const client = await connect(row, limited);
    try {
      return await checkAccess(client, row.mode, limited);
    } finally {
      await client.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return [{ check: 'connection', ok: false, detail: describeFailure(error, limited) }];
  }
}

function describeFailure(error: unknown, limited: AbortSignal): string {
  return limited.aborted ? `no answer within ${CHECK_TIMEOUT_MILLISECONDS / 1000} s.` : failureOf(error).message;
}
