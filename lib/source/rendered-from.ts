import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import type { KnownServer } from './publish.ts';

/**
 * What `state` remembers of the last render in `renderedFrom`: the row's repository, commit and path, how it ended, and for a chart the server
 * that it was rendered for. While that is what the row asks for, nothing is fetched.
 */

const FAILED = 'failed: ';
const WAITING = 'waiting: ';
const UNTOLD = 'untold: ';

/** Of a render that went through. */
export function renderedFrom(
  { repository, branch, path, remoteBases, imagePolicy }: ClusterRow,
  revision: string,
  server?: KnownServer,
): string {
  const allowed = remoteBases === 'allow' ? ' remoteBases=allow' : '';
  const images = imagePolicy === 'lock' ? '' : ` imagePolicy=${imagePolicy}`;
  return `${repository} ${branch}@${revision} ${path}${allowed}${images}${server === undefined ? '' : chartFor(server)}`;
}

function chartFor({ version, apiVersions }: KnownServer): string {
  return ` for ${version} ${apiVersions}`;
}

/** Of one that could not be rendered, and would not be if it were tried again. */
export function failedFrom(row: ClusterRow, revision: string, server?: KnownServer): string {
  return `${FAILED}${renderedFrom(row, revision, server)}`;
}

/** Of a chart whose cluster has not been asked yet what it serves. */
export function waitingFrom(row: ClusterRow, revision: string): string {
  return `${WAITING}${renderedFrom(row, revision)}`;
}

/** Of one that went through, while its cluster has not been told yet. */
export function untoldFrom(from: string): string {
  return `${UNTOLD}${from}`;
}

export function isUntold(state: ClusterState | undefined): boolean {
  return state?.renderedFrom?.startsWith(UNTOLD) === true;
}

export function knownServer(state: ClusterState | undefined): KnownServer | undefined {
  if (state?.serverVersion === undefined || state.apiVersions === undefined) return undefined;
  return { version: state.serverVersion, apiVersions: state.apiVersions };
}

/** Whether what the row asks for at this commit was dealt with, well or not, so that nothing has to be fetched for it now. */
export function isSettled(state: ClusterState | undefined, row: ClusterRow, revision: string, now: Date): boolean {
  if (state?.renderedFrom === undefined) return false;
  const server = knownServer(state);
  // Whether it is a chart is not known here: one that is has the server in it.
  const ways = [undefined, ...(server === undefined ? [] : [server])];
  if (ways.some((way) => state.renderedFrom === failedFrom(row, revision, way))) return state.sourceFailure !== undefined;
  if (state.renderedFrom === waitingFrom(row, revision)) return server === undefined;
  const ends = [state.exceptedUntil, state.stoppedUntil].flatMap((end) => (end === undefined ? [] : [Date.parse(end)]));
  if (ends.some((end) => end <= now.getTime())) return false;
  return ways.some((way) => state.renderedFrom === renderedFrom(row, revision, way)) && state.desiredArtifact !== undefined;
}

/**
 * Whether another version or API list of its cluster makes what was last rendered, or waits to be, out of date. Where it is not known what
 * was rendered, the next poll renders it anyway.
 */
export function dependsOnServer(state: ClusterState | undefined): boolean {
  const server = knownServer(state);
  return isWaitingForServer(state) || (server !== undefined && state?.renderedFrom?.endsWith(chartFor(server)) === true);
}

/** Whether the path is a chart that cannot be rendered before its cluster was asked what it serves. */
export function isWaitingForServer(state: ClusterState | undefined): boolean {
  return state?.renderedFrom?.startsWith(WAITING) === true;
}

export function isFailed(state: ClusterState): boolean {
  return state.renderedFrom?.startsWith(FAILED) === true;
}

/** The failure that it speaks of is about to be replaced by another one, so it must be found again. */
export function withoutFailed(from: string | undefined): string | undefined {
  return from?.startsWith(FAILED) ? undefined : from;
}
