import { parseRow } from '../../../lib/fleet/parse-row.ts';
import { createEcrRegistry } from '../../../lib/images/ecr/ecr.ts';
import { createRegistryHttp, type RegistryHttp } from '../../../lib/images/oci/http.ts';
import { type AuditedCluster, auditPods, type PodAudit, type PodAuditDependencies } from '../../../lib/images/pods/audit-pods.ts';
import type { ImageContents, ImageLookup, ImageRegistry } from '../../../lib/images/registry/registry.ts';
import { bearerToken, createKubernetesClient } from '../../../lib/kubernetes/index.ts';
import type { PushTarget } from '../../../lib/local/registry.ts';
import { createImageContentStore } from '../../../lib/storage/image-content-table.ts';
import { adminToken, testCluster, testEnvironment } from '../../helpers/environment.ts';
import { ecrClient, freshStateTable, testRegistry } from '../../helpers/registry.ts';
import { deployment } from '../../helpers/workloads.ts';
import { type PlayedPods, playPods } from './played-pods.ts';

/** Played pods of a real API server, and an audit of them that has seen nothing yet. */
export interface AuditedPods {
  readonly played: PlayedPods;
  readonly amd64: string;
  readonly registry: ImageRegistry & ImageContents & ImageLookup;
  readonly deps: PodAuditDependencies;
  /** Each call of ECR by its name, and `config PATH` for each that was read; emptied by whoever counts. */
  readonly calls: string[];
  readonly pass: (hours: number) => void;
  readonly clusterWith: (name: string, ...workloads: readonly string[]) => AuditedCluster;
  readonly audit: (...workloads: readonly string[]) => Promise<Exclude<PodAudit, { readonly failure: unknown }>>;
  /** Finding → where, without what is true of every image of these tests: no commit label. */
  readonly linesOf: (audit: {
    readonly facts: readonly { readonly class: string; readonly changes: readonly { readonly path: string }[] }[];
  }) => readonly string[];
}

export const nameOf = ({ repository }: PushTarget) => `${testRegistry()}/${repository}`;

export async function auditedPods(signal: AbortSignal): Promise<AuditedPods> {
  const played = await playPods();
  const amd64 = await played.node('amd64');
  const calls: string[] = [];
  let hour = 0;
  const clock = { now: () => new Date(Date.UTC(2026, 0, 1, hour)) };
  const { client, table } = await freshStateTable();
  const ecr = ecrClient();
  ecr.middlewareStack.add((next, context) => (args) => {
    calls.push(context.commandName ?? '');
    return next(args);
  });
  const token = await adminToken(testCluster('prod-eu'));
  const { endpoint, certificateAuthority } = testCluster('prod-eu');
  const registry = createEcrRegistry({ clientFor: () => ecr, settingsCache: new Map(), http: emulatorHttp(calls), clock });
  const deps: PodAuditDependencies = {
    connect: async () => createKubernetesClient({ endpoint, certificateAuthority, authentication: bearerToken(token, 'test') }),
    contents: registry,
    store: createImageContentStore(client, table),
    seen: new Map(),
    clock,
  };

  function clusterWith(name: string, ...workloads: readonly string[]): AuditedCluster {
    const entry = parseRow({ cluster: name, eksName: name, region: 'eu-west-1', repository: 'https://git.example/shop.git' });
    if (!('row' in entry)) throw new Error(entry.invalid.message);
    const objects = workloads.map((workload) => ({
      ...deployment(workload, 'x'),
      metadata: { name: workload, namespace: played.namespace },
    }));
    return { row: entry.row, artifact: { objects } };
  }

  return {
    played,
    amd64,
    registry,
    deps,
    calls,
    pass: (hours) => {
      hour += hours;
    },
    clusterWith,
    async audit(...workloads) {
      const found = (await auditPods([clusterWith('prod-eu', ...workloads)], deps, signal)).get('prod-eu');
      if (found === undefined || 'failure' in found) throw new Error(JSON.stringify(found));
      return found;
    },
    linesOf: ({ facts }) =>
      facts
        .filter(({ class: id }) => id !== 'prov.no-commit')
        .map(({ class: id, changes }) => `${id} ${changes[0]?.path.replace(`${played.namespace}/`, '')}`)
        .sort(),
  };
}

/** The emulator names a host for blobs that nothing here can reach; its own registry has them. */
function emulatorHttp(calls: string[]): RegistryHttp {
  const http = createRegistryHttp();
  return (request, within) => {
    const { endpointUrl } = { endpointUrl: testEnvironment().aws.AWS_ENDPOINT_URL ?? '' };
    calls.push(`config ${request.url.pathname}`);
    const own = new URL(`${request.url.pathname}${request.url.search}`, endpointUrl);
    return http({ ...request, url: own, allowPrivate: true }, within);
  };
}
