import type { JsonValue } from '../manifests/json.ts';
import type { KubernetesObject, ObjectId, ObjectMeta } from '../manifests/object.ts';

/** What discovery says of a kind. */
export interface ApiResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** `gap`: the server could not tell (aggregated API down, stale); never read as "the kind is gone". */
export type ResourceLookup = { readonly found: ApiResource } | { readonly gap: string } | { readonly absent: true };

export interface Discovery {
  lookup(apiVersion: string, kind: string): ResourceLookup;
  /** Everything that is served, `apps/v1` and `apps/v1/Deployment`; not `complete` while there is a gap. */
  served(): { readonly apiVersions: readonly string[]; readonly complete: boolean };
  /** The kind in any version of its group, the server's preferred one first. */
  lookupInGroup(group: string, kind: string): ResourceLookup;
}

export interface ListOptions {
  readonly labelSelector?: string;
  /** All of them unless one is named. */
  readonly namespace?: string;
  /** The list ends after so many objects, at most a page: 250. */
  readonly atMost?: number;
}

/** What a metadata-only list told, reduced object by object. */
export interface MetadataList<Facts> {
  /** Of the list as a whole; empty where the server gives none. Comparable only for what the API server itself stores. */
  readonly resourceVersion: string;
  readonly items: readonly Facts[];
}

/** One step of a JSON patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string };

/** What a deletion is decided on, and what becomes of the objects that the object owns. */
export interface DeleteOptions {
  readonly uid: string;
  readonly resourceVersion: string;
  /** `Background`: the object goes first; `Foreground`: what it owns goes first. Said each time: without it a Job leaves its Pods behind. */
  readonly propagationPolicy: 'Background' | 'Foreground';
}

/** The few calls that reconciling needs, on raw JSON. Every call throws `ApiError` on an answer that is not 2xx, except as said. */
export interface KubernetesClient {
  /** Requests sent so far. */
  readonly requests: number;
  /** uid of the `kube-system` namespace. */
  clusterUid(signal: AbortSignal): Promise<string>;
  serverVersion(signal: AbortSignal): Promise<string>;
  discover(signal: AbortSignal): Promise<Discovery>;
  /** Undefined when the server says 404 for the object. */
  get(resource: ApiResource, id: Pick<ObjectId, 'namespace' | 'name'>, signal: AbortSignal): Promise<KubernetesObject | undefined>;
  list(resource: ApiResource, options: ListOptions, signal: AbortSignal): Promise<readonly KubernetesObject[]>;
  /**
   * The same, object by object as small pages arrive, so that a large kind is not held in memory. All are of the version that the first page
   * has; `Expired` when whoever takes them was too slow for that.
   */
  listInPages(resource: ApiResource, options: Pick<ListOptions, 'labelSelector'>, signal: AbortSignal): AsyncIterable<KubernetesObject>;
  /**
   * Metadata alone of every object of a kind, as of now. `reduce` is called for each object as the pages arrive and says what is kept of it,
   * so that a large kind is not held in memory; undefined keeps nothing.
   */
  listMetadata<Facts>(
    resource: ApiResource,
    question: { readonly labelSelector?: string; readonly reduce: (metadata: ObjectMeta) => Facts | undefined },
    signal: AbortSignal,
  ): Promise<MetadataList<Facts>>;
  /**
   * Server-side apply with force and strict field validation. The body may carry uid and resourceVersion as preconditions.
   * `created` tells a 201 from a 200; `warnings` are the server's Warning headers.
   */
  apply(
    resource: ApiResource,
    object: KubernetesObject,
    options: { readonly fieldManager: string; readonly dryRun: boolean },
    signal: AbortSignal,
  ): Promise<{ readonly object: KubernetesObject; readonly created: boolean; readonly warnings: readonly string[] }>;
  /**
   * JSON patch, which alone can say who owns what. Operations that replace uid and resourceVersion by what they are make them preconditions:
   * `Conflict` when the object has others.
   */
  patch(
    resource: ApiResource,
    id: Pick<ObjectId, 'namespace' | 'name'>,
    operations: readonly PatchOperation[],
    options: { readonly fieldManager: string; readonly dryRun: boolean },
    signal: AbortSignal,
  ): Promise<KubernetesObject>;
  /**
   * Deletes the very object that was decided on. `gone`: the server has none of that name (404); `moved`: it is another object by now, or
   * changed since (409); `accepted`: it goes, at once or when its finalizers let it.
   */
  delete(
    resource: ApiResource,
    id: Pick<ObjectId, 'namespace' | 'name'>,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<'accepted' | 'gone' | 'moved'>;
  close(): Promise<void>;
}
