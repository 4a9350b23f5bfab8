/** Verb → number of requests. */
export type RequestCounts = Readonly<Record<string, number>>;

const SAMPLE = /^apiserver_request_total\{(.*)\} (\S+)$/;
const LABEL = /(\w+)="([^"]*)"/g;

/** What the API server asks itself for all the time; that it gives a Service an address is such a request too. */
const OWN_RESOURCES: ReadonlySet<string> = new Set(['leases', 'endpoints', 'endpointslices', 'ipaddresses', 'servicecidrs']);

/** Neither an engine's request, nor one that tells engines apart. */
function isHousekeeping({ resource = '', subresource = '', verb = '', group = '' }: Readonly<Record<string, string>>): boolean {
  if (subresource === '/metrics' || subresource === '/readyz' || verb === 'WATCH') return true;
  return OWN_RESOURCES.has(resource) || group === 'flowcontrol.apiserver.k8s.io';
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
