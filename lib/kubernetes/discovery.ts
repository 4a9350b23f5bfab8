import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../manifests/json.ts';
import { groupOf } from '../manifests/object.ts';
import { ApiError } from './api-error.ts';
import type { ApiResource, Discovery, ResourceLookup } from './client.ts';
import type { Transport } from './transport.ts';

/** What one group and version serves; `gap` says why that may not be all. */
export interface DiscoveredVersion {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly resources: readonly ApiResource[];
  readonly gap?: string;
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Asks for everything that the server serves: two requests, or one for each version where it does not know the aggregated form. */
export async function discover(transport: Transport, signal: AbortSignal): Promise<Discovery> {
  const roots = await Promise.all(['/api', '/apis'].map((path) => readRoot(transport, path, signal)));
  return createDiscovery(roots.flat());
}

/** A version that is listed but not in full leaves a gap; what no version lists is absent. */
export function createDiscovery(versions: readonly DiscoveredVersion[]): Discovery {
  const byApiVersion = new Map(versions.map((version) => [version.apiVersion, version]));
  return {
    lookup(apiVersion, kind) {
      const version = byApiVersion.get(apiVersion);
      return lookupIn(version === undefined ? [] : [version], kind);
    },
    served: () => ({
      apiVersions: versions.flatMap(({ apiVersion, resources }) => [apiVersion, ...resources.map(({ kind }) => `${apiVersion}/${kind}`)]),
      complete: versions.every(({ gap }) => gap === undefined),
    }),
    lookupInGroup: (group, kind) =>
      lookupIn(
        versions.filter(({ apiVersion }) => groupOf(apiVersion) === group),
        kind,
      ),
  };
}

function lookupIn(versions: readonly DiscoveredVersion[], kind: string): ResourceLookup {
  const found = versions.flatMap(({ resources }) => resources).find((resource) => resource.kind === kind);
  if (found !== undefined) return { found };
  const gap = versions.map((version) => version.gap).find((each) => each !== undefined);
  return gap === undefined ? { absent: true } : { gap };
}

async function readRoot(transport: Transport, path: string, signal: AbortSignal): Promise<readonly DiscoveredVersion[]> {
  const answer = await transport
    .send({ method: 'GET', path, accept: AGGREGATED, subject: `discovery ${path}`, quotesSecrets: false, repeatable: 'reads' }, signal)
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.reason === 'NotAcceptable') return undefined;
      throw error;
    });
  if (answer !== undefined && isJsonObject(answer.body) && answer.body.kind === 'APIGroupDiscoveryList') return readAggregated(answer.body);
  return readLegacyRoot(transport, path, signal);
}

/** Reads an `APIGroupDiscoveryList`. */
export function readAggregated(list: JsonObject): readonly DiscoveredVersion[] {
  return objects(list.items).flatMap((group) => {
    const name = isJsonObject(group.metadata) ? (string(group.metadata.name) ?? '') : '';
    return objects(group.versions).flatMap((entry): readonly DiscoveredVersion[] => {
      const version = string(entry.version);
      if (version === undefined) return [];
      const apiVersion = name === '' ? version : `${name}/${version}`;
      return [
        {
          apiVersion,
          resources: objects(entry.resources).flatMap((resource) => readAggregatedResource(name, version, resource)),
          ...(entry.freshness === 'Stale' ? { gap: staleGap(apiVersion) } : {}),
        },
      ];
    });
  });
}

function staleGap(apiVersion: string): string {
  return `${apiVersion}: the API server could not reach the server behind this API, so its kinds are unknown. Look at its APIService (kubectl get apiservice).`;
}

function readAggregatedResource(group: string, version: string, entry: JsonObject): readonly ApiResource[] {
  const plural = string(entry.resource);
  const kind = isJsonObject(entry.responseKind) ? string(entry.responseKind.kind) : undefined;
  if (plural === undefined || kind === undefined || kind === '') return [];
  return [{ group, version, kind, plural, namespaced: entry.scope === 'Namespaced', verbs: strings(entry.verbs) }];
}

async function readLegacyRoot(transport: Transport, path: string, signal: AbortSignal): Promise<readonly DiscoveredVersion[]> {
  const body = await readJson(transport, path, signal);
  const apiVersions =
    path === '/api'
      ? strings(body.versions)
      : objects(body.groups).flatMap((group) => objects(group.versions).flatMap((version) => string(version.groupVersion) ?? []));
  return Promise.all(apiVersions.map((apiVersion) => readLegacyVersion(transport, path, apiVersion, signal)));
}

async function readLegacyVersion(transport: Transport, path: string, apiVersion: string, signal: AbortSignal): Promise<DiscoveredVersion> {
  try {
    const body = await readJson(transport, `${path}/${apiVersion.split('/').map(encodeURIComponent).join('/')}`, signal);
    return { apiVersion, resources: readLegacyResources(apiVersion, body) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { apiVersion, resources: [], gap: error.message };
  }
}

/** Reads an `APIResourceList`; sub-resources (`pods/log`) are no kinds of their own. */
export function readLegacyResources(apiVersion: string, list: JsonObject): readonly ApiResource[] {
  const group = groupOf(apiVersion);
  const version = group === '' ? apiVersion : apiVersion.slice(group.length + 1);
  return objects(list.resources).flatMap((entry): readonly ApiResource[] => {
    const plural = string(entry.name);
    const kind = string(entry.kind);
    if (plural === undefined || kind === undefined || plural.includes('/')) return [];
    return [{ group, version, kind, plural, namespaced: entry.namespaced === true, verbs: strings(entry.verbs) }];
  });
}

async function readJson(transport: Transport, path: string, signal: AbortSignal): Promise<JsonObject> {
  const subject = `discovery ${path}`;
  const { status, body } = await transport.send({ method: 'GET', path, subject, quotesSecrets: false, repeatable: 'reads' }, signal);
  if (isJsonObject(body)) return body;
  throw new ApiError({ status, reason: 'BadResponse', message: `${subject}: the answer is not an object. Look for a proxy in between.` });
}

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

function strings(value: JsonValue | undefined): readonly string[] {
  return isJsonArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

function string(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
