/** Verb → number of requests. */
export type RequestCounts = Readonly<Record<string, number>>;

const SAMPLE = /^apiserver_request_total\{(.*)\} (\S+)$/;
const LABEL = /(\w+)="([^"]*)"/g;

/** What the API server asks itself all the time, and we ask it to measure. */
function isHousekeeping({ resource = '', subresource = '', verb = '', group = '' }: Readonly<Record<string, string>>): boolean {
  if (subresource === '/metrics' || subresource === '/readyz' || verb === 'WATCH') return true;
  return resource === 'leases' || group === 'flowcontrol.apiserver.k8s.io' || resource === 'endpoints' || resource === 'endpointslices';
}

/** Sums the server's own counter (`GET /metrics`) by verb. */
export function countRequests(metrics: string): RequestCounts {
  const counts: Record<string, number> = {};
  for (const line of metrics.split('\n')) {
    const [, text, value] = SAMPLE.exec(line) ?? [];
    if (text === undefined) continue;
    const labels = Object.fromEntries([...text.matchAll(LABEL)].map(([, name = '', label = '']) => [name, label]));
    if (isHousekeeping(labels)) continue;
    const verb = labels.dry_run === 'All' ? `${labels.verb} dry-run` : (labels.verb ?? '');
    counts[verb] = (counts[verb] ?? 0) + Number(value);
  }
  return counts;
}

export function requestsBetween(before: RequestCounts, after: RequestCounts): RequestCounts {
  const moved = Object.entries(after).map(([verb, count]) => [verb, count - (before[verb] ?? 0)] as const);
  return Object.fromEntries(moved.filter(([, count]) => count > 0));
}
