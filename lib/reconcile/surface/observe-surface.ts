import { type Failure, failureOf } from '../../errors.ts';
import { ApiError } from '../../kubernetes/api-error.ts';
import type { ApiResource, Discovery, KubernetesClient, MetadataList } from '../../kubernetes/client.ts';
import { collectionPath } from '../../kubernetes/paths.ts';
import type { KubernetesObject, ObjectMeta } from '../../manifests/object.ts';
import { OWNER_LABEL, type WriterIdentity } from '../identity.ts';
import { inOrder } from '../in-order.ts';
import { endsRun } from '../run-error.ts';
import type { Target } from '../target.ts';
import { type Environment, policiesOf, webhooksOf } from './environment.ts';
import { type ObjectFacts, objectFacts } from './object-facts.ts';

/** What the metadata of all objects of one kind said. */
export type KindSurface =
  | { readonly state: 'listed'; readonly resourceVersion: string; readonly objects: ReadonlyMap<string, ObjectFacts> }
  /** Its server keeps no lists, or shows them to others only: each object has to be read, and says what is wrong with that. */
  | { readonly state: 'unlistable' }
  /** Nothing can be said of its objects, which is never in sync. */
  | { readonly state: 'unknown'; readonly failure: Failure };

export interface Surface {
  /** By `kindOf`. */
  readonly kinds: ReadonlyMap<string, KindSurface>;
  readonly environment: Environment;
}

export interface Listing {
  readonly client: KubernetesClient;
  readonly identity: WriterIdentity;
  readonly signal: AbortSignal;
  readonly discovery: Discovery;
  readonly serverVersion: string;
  readonly row: { readonly mode: 'observe' | 'enforce' | 'off' };
}

/** More at once would only make the API server hold more of them in memory. */
const CONCURRENCY = 4;

/** Names a kind in one of its versions: `/apis/apps/v1/deployments`. */
export function kindOf(resource: ApiResource): string {
  return collectionPath(resource);
}

/** Names an object within its kind. */
export function nameOf({ namespace = '', name }: { readonly namespace?: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

/**
 * Lists the metadata of every kind that is desired, and what has a hand in them. A kind that cannot be listed is unknown, and the others go on;
 * an error of the whole cluster is thrown.
 */
export async function observeSurface(targets: readonly Target[], listing: Listing): Promise<Surface> {
  const resources = new Map(targets.map(({ resource }) => [kindOf(resource), resource]));
  const kinds = new Map<string, KindSurface>();
  const read = environmentReader(listing, new Set([...resources.values()].map(({ plural, group }) => `${plural}.${group}`)));
  const tasks = [
    ...[...resources].map(
      ([kind, resource]) =>
        async () =>
          void kinds.set(kind, await observeKind(resource, listing)),
    ),
    ...read.tasks,
  ];
  for await (const _done of inOrder(tasks, CONCURRENCY, (task) => task()));
  return { kinds, environment: read.environment() };
}

/** Which objects of a kind are asked for: where we write, what is ours carries our label, and the objects of others cost nothing. */
export function oursIn({ identity, row }: Pick<Listing, 'identity' | 'row'>): { readonly labelSelector?: string } {
  return row.mode === 'enforce' ? { labelSelector: `${OWNER_LABEL}=${identity.owner}` } : {};
}

async function observeKind(resource: ApiResource, { client, identity, signal, row }: Listing): Promise<KindSurface> {
  if (!resource.verbs.includes('list')) return { state: 'unlistable' };
  const reduce = (metadata: ObjectMeta) => {
    const facts = objectFacts(metadata, identity.fieldManager);
    return facts === undefined ? undefined : ([nameOf(metadata), facts] as const);
  };
  try {
    const { resourceVersion, items } = await client.listMetadata(resource, { ...oursIn({ identity, row }), reduce }, signal);
    return { state: 'listed', resourceVersion, objects: new Map(items) };
  } catch (error) {
    if (endsRun(error, signal)) throw error;
    // A role may be bound in its namespaces alone.
    if (error instanceof ApiError && error.reason === 'Forbidden') return { state: 'unlistable' };
    return { state: 'unknown', failure: failureOf(error) };
  }
}

const ADMISSION_GROUP = 'admissionregistration.k8s.io';
const WEBHOOKS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;
const POLICIES = ['MutatingAdmissionPolicy', 'ValidatingAdmissionPolicy'] as const;

/** The lists that the environment is made of. What may not be read is left out of it: that is a matter of rights, and no failure of the run. */
function environmentReader({ client, signal, discovery, serverVersion }: Listing, definitionNames: ReadonlySet<string>) {
  const definitions = new Map<string, string>();
  const admission = new Map<string, readonly KubernetesObject[]>();
  const unread: string[] = [];

  const task = (group: string, kind: string, list: (resource: ApiResource) => Promise<void>) => async (): Promise<void> => {
    const lookup = discovery.lookupInGroup(group, kind);
    if (!('found' in lookup)) return;
    try {
      await list(lookup.found);
    } catch (error) {
      if (endsRun(error, signal)) throw error;
      unread.push(`${kind} ${error instanceof ApiError ? error.reason : 'Error'}`);
    }
  };
  const listDefinitions = async (resource: ApiResource): Promise<void> => {
    const reduce = ({ name, uid, generation }: ObjectMeta) =>
      definitionNames.has(name) ? ([name, `${uid} ${generation}`] as const) : undefined;
    const list: MetadataList<readonly [string, string]> = await client.listMetadata(resource, { reduce }, signal);
    for (const [name, version] of list.items) definitions.set(name, version);
  };
  const listAdmission =
    (kind: string) =>
    async (resource: ApiResource): Promise<void> =>
      void admission.set(kind, await client.list(resource, {}, signal));

  const kinds = [...WEBHOOKS, ...POLICIES, ...POLICIES.map((policy) => `${policy}Binding`)];
  const of = (kind: string) => admission.get(kind) ?? [];
  return {
    tasks: [
      task('apiextensions.k8s.io', 'CustomResourceDefinition', listDefinitions),
      ...kinds.map((kind) => task(ADMISSION_GROUP, kind, listAdmission(kind))),
    ],
    environment: (): Environment => ({
      serverVersion,
      definitions,
      admission: [
        ...WEBHOOKS.flatMap((kind) => of(kind).flatMap(webhooksOf)),
        ...POLICIES.flatMap((kind) => policiesOf(of(kind), of(`${kind}Binding`))),
      ],
      unread: unread.toSorted(),
    }),
  };
}
