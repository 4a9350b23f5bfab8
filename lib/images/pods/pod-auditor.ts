import type { ImageContents } from '../registry/registry.ts';
import { type AuditedCluster, auditPods, type PodAudit, type PodReading } from './audit-pods.ts';
import type { GraphDependencies } from './image-graph.ts';

const HOUR_MS = 3_600_000;
/** Before a cluster that could not be read, or in which something was restarted, is looked at again. */
const RETRY_MS = 600_000;
/** Clusters that one run looks at; with a run a minute, a fleet of hundreds is through within the hour. */
const MOST_CLUSTERS = 20;
/** After which a run begins no further cluster, so that those which do not answer leave it the time for what it has. */
const BEGIN_MS = 10_000;
/** Of pods and their images together; tags are compared in what is left. */
const PODS_MS = 35_000;
/** Pods whose next cluster waits for another run: what is compared of them takes a kilobyte or two each. */
const MOST_PODS = 20_000;

/** Pods of clusters; images are asked for through `contents`. A cluster that had to wait is not in the answer. */
export type AuditPods = (
  clusters: readonly AuditedCluster[],
  contents: ImageContents,
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, PodAudit>>;

export interface PodAuditor {
  /** Those for which an hour has passed, as many as one run can; those that waited longest come first. */
  readonly whenDue: AuditPods;
  /** Those too for which it has not; what one run cannot is due in the next. */
  readonly atOnce: AuditPods;
  /** All of them, however long that takes. */
  readonly all: AuditPods;
  /** Has a cluster looked at again before the hour is over: something was done about what was found there. */
  readonly soon: (cluster: string) => void;
}

export function createPodAuditor(deps: Omit<GraphDependencies, 'contents'> & PodReading): PodAuditor {
  const nextAt = new Map<string, number>();
  const now = () => deps.clock.now().getTime();
  const dueAt = ({ row }: AuditedCluster) => nextAt.get(row.cluster) ?? 0;
  const soon = (cluster: string) => nextAt.set(cluster, now() + RETRY_MS);

  const whenDue: AuditPods = async (clusters, contents, signal) => {
    const startedAt = now();
    const due = clusters.filter((cluster) => dueAt(cluster) <= startedAt).toSorted((a, b) => dueAt(a) - dueAt(b));
    const within = AbortSignal.any([signal, AbortSignal.timeout(PODS_MS)]);
    const mayBegin = (held: number) => now() - startedAt < BEGIN_MS && held < MOST_PODS;
    // Whatever becomes of the rest of the run, the next one begins with others.
    const audits = await auditPods(due.slice(0, MOST_CLUSTERS), { ...deps, contents }, within, mayBegin, soon);
    for (const [cluster, audit] of audits) if (!('failure' in audit)) nextAt.set(cluster, startedAt + HOUR_MS);
    return audits;
  };

  return {
    whenDue,
    async atOnce(clusters, contents, signal) {
      for (const { row } of clusters) nextAt.set(row.cluster, 0);
      return await whenDue(clusters, contents, signal);
    },
    async all(clusters, contents, signal) {
      const audits = new Map<string, PodAudit>();
      for (let first = 0; first < clusters.length; first += MOST_CLUSTERS) {
        const some = await auditPods(clusters.slice(first, first + MOST_CLUSTERS), { ...deps, contents }, signal);
        for (const [cluster, audit] of some) audits.set(cluster, audit);
      }
      return audits;
    },
    soon,
  };
}
