import type { ReconciledCluster } from './reconciled-cluster.ts';

/** What the API server writes by itself, all the time: leases and status, never as a server-side apply of a whole object. */
const OWN_HOUSEKEEPING = /resource="leases".*verb="(PUT|PATCH)"|subresource="status"|verb="POST".*resource="events"/;
const SAMPLE = /^apiserver_request_total\{(.*)\} (\S+)$/;
const WRITES = /verb="(APPLY|PATCH|PUT|POST|DELETE|DELETECOLLECTION)"/;

/** The server's own count of requests that wrote, by what they were: `resource="configmaps" … verb="APPLY"` → 3. */
export async function writesOf(cluster: ReconciledCluster): Promise<ReadonlyMap<string, number>> {
  const { stdout } = await cluster.kubectl(['get', '--raw', '/metrics']);
  const counts = new Map<string, number>();
  for (const line of stdout.split('\n')) {
    const [, labels = '', value = '0'] = SAMPLE.exec(line) ?? [];
    if (!WRITES.test(labels) || labels.includes('dry_run="All"') || OWN_HOUSEKEEPING.test(labels)) continue;
    counts.set(labels, Number(value));
  }
  return counts;
}

/** The server's count of dry-runs: proof that it was asked at all. */
export async function dryRunsOf(cluster: ReconciledCluster): Promise<number> {
  const { stdout } = await cluster.kubectl(['get', '--raw', '/metrics']);
  return stdout
    .split('\n')
    .map((line) => SAMPLE.exec(line))
    .filter((sample) => sample?.[1]?.includes('dry_run="All"') ?? false)
    .reduce((sum, sample) => sum + Number(sample?.[2] ?? 0), 0);
}
