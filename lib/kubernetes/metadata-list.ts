import { isJsonArray, isJsonObject, type JsonValue } from '../manifests/json.ts';
import type { ObjectMeta } from '../manifests/object.ts';
import { ApiError } from './api-error.ts';
import type { ApiResource, MetadataList } from './client.ts';
import { collectionPath } from './paths.ts';
import type { ApiRequest, Transport } from './transport.ts';

/** Servers behind the API may know only full objects; their metadata is the same. */
const ACCEPT = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** Large pages, since each costs a round trip; the small ones are for objects with so much metadata that a large one is refused. */
const PAGE_SIZES = [2_000, 200] as const;
/** As much as a cluster has of one kind: beyond it a server that always has one more page would never end. */
const MAXIMUM_OBJECTS = 500_000;

export interface MetadataQuestion<Facts> {
  readonly labelSelector?: string;
  /** What is kept of each object; undefined to keep nothing. Called as pages arrive, so that they are not held. */
  readonly reduce: (metadata: ObjectMeta) => Facts | undefined;
}

/** The metadata of every object of a kind, reduced page by page. */
export async function listMetadata<Facts>(
  transport: Transport,
  resource: ApiResource,
  question: MetadataQuestion<Facts>,
  signal: AbortSignal,
): Promise<MetadataList<Facts>> {
  const [large, small] = PAGE_SIZES;
  try {
    return await readPages(transport, resource, question, large, signal);
  } catch (error) {
    // A snapshot that was compacted away between two pages is read anew as a whole.
    const again = error instanceof ApiError && (error.reason === 'ResponseTooLarge' || error.reason === 'Expired');
    if (!again) throw error;
    return await readPages(transport, resource, question, error.reason === 'ResponseTooLarge' ? small : large, signal);
  }
}

async function readPages<Facts>(
  transport: Transport,
  resource: ApiResource,
  { labelSelector, reduce }: MetadataQuestion<Facts>,
  pageSize: number,
  signal: AbortSignal,
): Promise<MetadataList<Facts>> {
  const items: Facts[] = [];
  let resourceVersion = '';
  let next = '';
  for (let read = 0; read < MAXIMUM_OBJECTS; read += pageSize) {
    const query = new URLSearchParams({ limit: String(pageSize) });
    if (labelSelector !== undefined) query.set('labelSelector', labelSelector);
    if (next !== '') query.set('continue', next);
    const request: ApiRequest = {
      method: 'GET',
      path: `${collectionPath(resource)}?${query}`,
      accept: ACCEPT,
      subject: `list of ${resource.kind}`,
      quotesSecrets: resource.group === '' && resource.kind === 'Secret',
      repeatable: 'reads',
    };
    const page = readPage((await transport.send(request, signal)).body, request);
    if (resourceVersion === '') resourceVersion = page.resourceVersion;
    for (const item of page.items) {
      const facts = reduce(metadataOf(item, request));
      if (facts !== undefined) items.push(facts);
    }
    next = page.next;
    if (next === '') return { resourceVersion, items };
  }
  throw new ApiError({
    status: 0,
    reason: 'ResponseTooLarge',
    message: `list of ${resource.kind}: more than ${MAXIMUM_OBJECTS} objects. Take the kind out of Git, or look for what creates so many.`,
  });
}

interface Page {
  readonly resourceVersion: string;
  readonly next: string;
  readonly items: readonly JsonValue[];
}

function readPage(body: JsonValue, request: ApiRequest): Page {
  if (!isJsonObject(body) || !(isJsonArray(body.items) || body.items === null)) return fail(request, 'is not a list');
  const { metadata } = body;
  if (!isJsonObject(metadata)) return fail(request, 'has no metadata');
  const { resourceVersion, continue: next } = metadata;
  return {
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
    next: typeof next === 'string' ? next : '',
    items: body.items ?? [],
  };
}

function metadataOf(item: JsonValue, request: ApiRequest): ObjectMeta {
  const metadata = isJsonObject(item) ? item.metadata : undefined;
  return isObjectMeta(metadata) ? metadata : fail(request, 'has an item without a name');
}

function isObjectMeta(value: unknown): value is ObjectMeta {
  return isJsonObject(value) && typeof value.name === 'string' && value.name !== '';
}

function fail(request: ApiRequest, problem: string): never {
  throw new ApiError({
    status: 0,
    reason: 'BadResponse',
    message: `${request.subject}: the API server’s answer ${problem}. It is tried again on the next run; look for a proxy in between.`,
  });
}
