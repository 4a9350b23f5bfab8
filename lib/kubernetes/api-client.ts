import { isJsonArray, isJsonObject, type JsonValue, stringifyJson } from '../manifests/json.ts';
import { describeObject, type KubernetesObject, type ObjectId, objectIdOf } from '../manifests/object.ts';
import { ApiError } from './api-error.ts';
import type { Authentication } from './authentication.ts';
import type { ApiResource, KubernetesClient, ListOptions } from './client.ts';
import { discover } from './discovery.ts';
import { parseEndpoint } from './endpoint.ts';
import { listMetadata } from './metadata-list.ts';
import { collectionPath, objectPath } from './paths.ts';
import { type ApiRequest, createTransport, DEFAULT_LIMITS, type Transport, type TransportLimits } from './transport.ts';

export interface ClientOptions {
  /** `https://HOST[:PORT][/PATH]` */
  readonly endpoint: string;
  /** Base64 of the PEM bundle; the only authorities that are believed. */
  readonly certificateAuthority: string;
  readonly authentication: Authentication;
  readonly limits?: Partial<TransportLimits>;
  /** For the jitter of retries. */
  readonly random?: () => number;
  /** Called when the server could not be reached or did not prove its identity. */
  readonly onConnectionFailure?: () => void;
}

/** The client of one cluster, and a way to ask what its identity may do. */
export interface ApiClient extends KubernetesClient {
  /** Creates a review (`SelfSubjectReview`, `SelfSubjectAccessReview`), which stores nothing, and resolves to the answer. */
  review(apiVersion: string, kind: string, spec: { readonly [field: string]: JsonValue }, signal: AbortSignal): Promise<JsonValue>;
}

const PAGE_SIZE = 250;
/** Of pages that are worked on one by one: full objects may be large, and two pages may be held. */
const SMALL_PAGE_SIZE = 100;
/** Of one kind: beyond it a server that always has one more page would never end. */
const MAXIMUM_PAGES = 1_000;

const NAMESPACES: ApiResource = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false, verbs: ['get'] };

/**
 * Opens no connection by itself; `close()` ends them all.
 *
 * Throws `EndpointError` when the endpoint or the CA cannot be used.
 */
export function createKubernetesClient(options: ClientOptions): ApiClient {
  const transport = createTransport({
    endpoint: parseEndpoint(options.endpoint, options.certificateAuthority),
    authentication: options.authentication,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    random: options.random ?? Math.random,
    onConnectionFailure: options.onConnectionFailure ?? (() => undefined),
  });

  const client: ApiClient = {
    get requests() {
      return transport.requests;
    },

    async clusterUid(signal) {
      const namespace = await client.get(NAMESPACES, { namespace: '', name: 'kube-system' }, signal);
      if (namespace?.metadata.uid !== undefined) return namespace.metadata.uid;
      throw new ApiError({
        status: 0,
        reason: 'BadResponse',
        message:
          'Namespace kube-system: the API server has none, so the cluster cannot be told from others. Check that the endpoint is a Kubernetes API server.',
      });
    },

    async serverVersion(signal) {
      const request: ApiRequest = { method: 'GET', path: '/version', subject: 'server version', quotesSecrets: false, repeatable: 'reads' };
      const { body } = await transport.send(request, signal);
      const version = isJsonObject(body) ? body.gitVersion : undefined;
      return typeof version === 'string' ? version : fail(request, 'names no version');
    },

    discover: (signal) => discover(transport, signal),

    async get(resource, id, signal) {
      const request: ApiRequest = {
        method: 'GET',
        path: objectPath(resource, id),
        subject: subjectOf(resource, id),
        quotesSecrets: isSecret(resource),
        repeatable: 'reads',
      };
      try {
        return readObject((await transport.send(request, signal)).body, resource, request);
      } catch (error) {
        if (error instanceof ApiError && isAbsent(error, resource)) return undefined;
        throw error;
      }
    },

    async list(resource, { atMost, ...where }, signal) {
      const once = async (): Promise<readonly KubernetesObject[]> => {
        const objects: KubernetesObject[] = [];
        const pageSize = Math.min(atMost ?? PAGE_SIZE, PAGE_SIZE);
        for await (const page of pagesOf(transport, resource, { ...where, pageSize }, signal)) {
          objects.push(...page);
          if (atMost !== undefined) break;
        }
        return objects;
      };
      try {
        return await once();
      } catch (error) {
        // The snapshot that pages are read from was compacted away meanwhile: a new one has all of them.
        if (error instanceof ApiError && error.reason === 'Expired') return once();
        throw error;
      }
    },

    async *listInPages(resource, where, signal) {
      for await (const page of pagesOf(transport, resource, { ...where, pageSize: SMALL_PAGE_SIZE }, signal)) yield* page;
    },

    listMetadata: (resource, question, signal) => listMetadata(transport, resource, question, signal),

    async apply(resource, object, { fieldManager, dryRun }, signal) {
      const id = objectIdOf(object);
      const query = new URLSearchParams({ fieldManager, force: 'true', fieldValidation: 'Strict', ...(dryRun ? { dryRun: 'All' } : {}) });
      const request: ApiRequest = {
        method: 'PATCH',
        path: `${objectPath(resource, id)}?${query}`,
        subject: describeObject(id),
        body: { contentType: 'application/apply-patch+yaml', text: stringifyJson(object) },
        quotesSecrets: isSecret(resource),
        repeatable: dryRun ? 'reads' : 'apply',
      };
      const { status, body, warnings } = await transport.send(request, signal);
      return { object: readObject(body, resource, request), created: status === 201, warnings };
    },

    async patch(resource, id, operations, { fieldManager, dryRun }, signal) {
      const query = new URLSearchParams({ fieldManager, fieldValidation: 'Strict', ...(dryRun ? { dryRun: 'All' } : {}) });
      const request: ApiRequest = {
        method: 'PATCH',
        path: `${objectPath(resource, id)}?${query}`,
        subject: subjectOf(resource, id),
        body: { contentType: 'application/json-patch+json', text: stringifyJson(operations) },
        quotesSecrets: isSecret(resource),
        repeatable: dryRun ? 'reads' : 'apply',
      };
      return readObject((await transport.send(request, signal)).body, resource, request);
    },

    async delete(resource, id, { uid, resourceVersion, propagationPolicy }, signal) {
      const text = stringifyJson({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion }, propagationPolicy });
      const request: ApiRequest = {
        method: 'DELETE',
        path: objectPath(resource, id),
        subject: subjectOf(resource, id),
        body: { contentType: 'application/json', text },
        quotesSecrets: isSecret(resource),
        repeatable: 'apply',
      };
      try {
        await transport.send(request, signal);
        return 'accepted';
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (isAbsent(error, resource)) return 'gone';
        if (error.reason === 'Conflict') return 'moved';
        throw error;
      }
    },

    async review(apiVersion, kind, spec, signal) {
      const { body } = await transport.send(
        {
          method: 'POST',
          path: `/apis/${apiVersion}/${kind.toLowerCase()}s`,
          subject: kind,
          body: { contentType: 'application/json', text: stringifyJson({ apiVersion, kind, spec }) },
          quotesSecrets: false,
          repeatable: 'reads',
        },
        signal,
      );
      return body;
    },

    close: () => transport.close(),
  };
  return client;
}

async function* pagesOf(
  transport: Transport,
  resource: ApiResource,
  { labelSelector, namespace, pageSize }: Omit<ListOptions, 'atMost'> & { readonly pageSize: number },
  signal: AbortSignal,
): AsyncGenerator<readonly KubernetesObject[]> {
  let next = '';
  for (let page = 0; page < MAXIMUM_PAGES; page += 1) {
    const query = new URLSearchParams({ limit: String(pageSize) });
    if (labelSelector !== undefined) query.set('labelSelector', labelSelector);
    if (next !== '') query.set('continue', next);
    const request: ApiRequest = {
      method: 'GET',
      path: `${collectionPath(resource, namespace)}?${query}`,
      subject: `list of ${resource.kind}`,
      quotesSecrets: isSecret(resource),
      repeatable: 'reads',
    };
    const { body } = await transport.send(request, signal);
    if (!isJsonObject(body) || !(isJsonArray(body.items) || body.items === null)) return fail(request, 'is not a list');
    yield (body.items ?? []).map((item) => readObject(item, resource, request));
    const metadata = body.metadata;
    next = isJsonObject(metadata) && typeof metadata.continue === 'string' ? metadata.continue : '';
    if (next === '') return;
  }
  throw new ApiError({
    status: 0,
    reason: 'ResponseTooLarge',
    message: `list of ${resource.kind}: more than ${MAXIMUM_PAGES * pageSize} objects. Narrow it by a label.`,
  });
}

function isSecret(resource: ApiResource): boolean {
  return resource.group === '' && resource.kind === 'Secret';
}

function subjectOf(resource: ApiResource, id: Pick<ObjectId, 'namespace' | 'name'>): string {
  return describeObject({ kind: resource.kind, namespace: resource.namespaced ? id.namespace : '', name: id.name });
}

function isAbsent(error: ApiError, resource: ApiResource): boolean {
  return error.reason === 'NotFound' || (error.reason === 'NamespaceNotFound' && resource.group === '' && resource.kind === 'Namespace');
}

function fail(request: ApiRequest, problem: string): never {
  throw new ApiError({
    status: 0,
    reason: 'BadResponse',
    message: `${request.subject}: the API server’s answer ${problem}. It is tried again on the next run; look for a proxy in between.`,
  });
}

/** Items of a list carry neither apiVersion nor kind: both are known from the question. */
function readObject(value: JsonValue, resource: ApiResource, request: ApiRequest): KubernetesObject {
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  const object: unknown = isJsonObject(value) ? { apiVersion, kind: resource.kind, ...value } : value;
  return isKubernetesObject(object) && object.kind === resource.kind ? object : fail(request, `is not a ${resource.kind}`);
}

function isKubernetesObject(value: unknown): value is KubernetesObject {
  if (!isJsonObject(value) || typeof value.apiVersion !== 'string' || typeof value.kind !== 'string') return false;
  return isJsonObject(value.metadata) && typeof value.metadata.name === 'string' && value.metadata.name !== '';
}
