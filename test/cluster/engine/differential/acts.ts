import type { ApiClient, ApiResource } from '../../../../lib/kubernetes/index.ts';
import { isJsonObject } from '../../../../lib/manifests/json.ts';
import { describeObject, groupOf, type KubernetesObject, objectIdOf } from '../../../../lib/manifests/object.ts';
import { definedKindOf } from '../../../../lib/reconcile/target.ts';
import type { Random } from '../../../helpers/random.ts';
import type { ReconciledCluster } from '../../kinds/reconciled-cluster.ts';
import { changed, randomChange } from '../../verdict/change.ts';
import { jsonPatch } from '../../verdict/patch.ts';
import type { PassingWebhook } from './passing-webhook.ts';

/**
 * What ownership need not show. Of a write under our own name the entry has another time, unless it was in the same second as our last one.
 * Where a kind counts generations all of these show by that, but for the metadata. What another definition makes of an object is looked at
 * in the sweep, first in line.
 */
export const UNSHOWN: ReadonlySet<string> = new Set(['reorder', 'webhook', 'own name', 'definition']);

/** What somebody did to an object, and what sort of thing that is. */
export interface Act {
  readonly subject: string;
  readonly sort: string;
  readonly what: string;
}

export interface Acting {
  readonly admin: ApiClient;
  readonly cluster: ReconciledCluster;
  readonly webhook: PassingWebhook;
  readonly random: Random;
}

/** What people and programs do beside patches. False where it came to nothing. */
interface Doing {
  readonly fits?: (object: KubernetesObject) => boolean;
  readonly does: (object: KubernetesObject, live: KubernetesObject, resource: ApiResource, acting: Acting) => Promise<boolean>;
}

const signal = (): AbortSignal => AbortSignal.timeout(10_000);

const isOf =
  (...kinds: readonly string[]) =>
  ({ kind }: KubernetesObject): boolean =>
    kinds.includes(kind);

const DOINGS: Readonly<Record<string, Doing>> = {
  'clear of the managed fields': {
    async does(object, { metadata }, resource, { admin }) {
      const operations = [
        { op: 'replace', path: '/metadata/uid', value: metadata.uid ?? '' },
        { op: 'replace', path: '/metadata/managedFields', value: [{}] },
      ] as const;
      await admin.patch(resource, objectIdOf(object), operations, { fieldManager: 'somebody', dryRun: false }, signal());
      return true;
    },
  },
  apply: {
    async does({ apiVersion, kind }, { metadata }, resource, { admin }) {
      const { name, namespace } = metadata;
      const theirs = {
        apiVersion,
        kind,
        metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels: { team: 'theirs' } },
      };
      await admin.apply(resource, theirs, { fieldManager: 'terraform', dryRun: false }, signal());
      return true;
    },
  },
  scale: {
    fits: isOf('Deployment', 'StatefulSet'),
    async does(object, _live, _resource, { cluster }) {
      const { kind, namespace, name } = objectIdOf(object);
      await cluster.kubectl(['scale', kind, name, '--namespace', namespace, '--replicas=7']);
      return true;
    },
  },
  'removal of a finalizer': {
    fits: ({ metadata }) => metadata.finalizers !== undefined,
    async does(object, _live, resource, { admin }) {
      const none = [{ op: 'replace', path: '/metadata/finalizers', value: [] }] as const;
      await admin.patch(resource, objectIdOf(object), none, { fieldManager: 'kube-controller-manager', dryRun: false }, signal());
      return true;
    },
  },
  'deletion and recreation': {
    fits: isOf('ConfigMap', 'Service'),
    async does(object, _live, _resource, { cluster }) {
      const { kind, namespace, name } = objectIdOf(object);
      await cluster.kubectl(['delete', kind, name, '--namespace', namespace]);
      const again = kind === 'ConfigMap' ? ['configmap', name, '--from-literal=made=by-hand'] : ['service', 'clusterip', name, '--tcp=80'];
      await cluster.kubectl(['create', ...again, '--namespace', namespace]);
      return true;
    },
  },
  deletion: {
    fits: isOf('ConfigMap', 'Service', 'ServiceAccount', 'Role', 'RoleBinding', 'PodDisruptionBudget'),
    async does(object, _live, _resource, { cluster }) {
      const { kind, namespace, name } = objectIdOf(object);
      await cluster.kubectl(['delete', kind, name, '--namespace', namespace]);
      return true;
    },
  },
  /** Under our own name, with what Git says of one field changed. */
  'own name': {
    async does(object, { metadata: { resourceVersion } }, resource, { admin, cluster, random }) {
      const change = isJsonObject(object) ? randomChange(object, object, random) : undefined;
      if (change === undefined || !isJsonObject(object)) return false;
      const { apiVersion, kind, metadata } = object;
      const { metadata: stated, ...body } = changed(object, change);
      const theirs = { ...body, apiVersion, kind, metadata: { ...metadata, ...(isJsonObject(stated) ? stated : {}) } };
      const options = { fieldManager: cluster.identity.fieldManager, dryRun: false };
      const { object: answer } = await admin.apply(resource, theirs, options, signal());
      return answer.metadata.resourceVersion !== resourceVersion;
    },
  },
  /** Somebody writes what is there already, and a webhook changes it on the way: neither becomes an owner of anything. */
  webhook: {
    async does(object, live, resource, { webhook, random }) {
      const change = isJsonObject(live) ? randomChange(live, object, random) : undefined;
      return change !== undefined && isJsonObject(live) && (await webhook.change(live, resource, jsonPatch(live, change)));
    },
  },
};

/** Of one object after the other, until it came to something. */
const TRIES = 10;

/** Does one of them to some object. Many a write is refused, as those of people are, and none may come of it. */
export async function act(objects: readonly KubernetesObject[], acting: Acting): Promise<readonly Act[]> {
  const { admin, random } = acting;
  const sort = random.pick(Object.keys(DOINGS));
  const { fits = () => true, does } = DOINGS[sort] ?? { does: async () => false };
  // Whatever is done to a definition is done to its objects too.
  const fitting = objects.filter((object) => fits(object) && groupOf(object.apiVersion) !== 'apiextensions.k8s.io');
  // An edit of a definition may have ended a kind.
  const discovery = await admin.discover(signal());
  for (let tries = 0; tries < TRIES; tries += 1) {
    const object = random.pick(fitting);
    const lookup = discovery.lookup(object.apiVersion, object.kind);
    const live = 'found' in lookup ? await admin.get(lookup.found, objectIdOf(object), signal()).catch(() => undefined) : undefined;
    if (live === undefined || !('found' in lookup)) continue;
    if (await does(object, live, lookup.found, acting).catch(() => false))
      return [{ subject: describeObject(objectIdOf(object)), sort, what: sort }];
  }
  return [];
}

/** What is done to a definition is done to its objects too. */
export function withDefined(acts: readonly Act[], objects: readonly KubernetesObject[]): readonly Act[] {
  return acts.flatMap((each) => {
    const defined = objects.find((object) => describeObject(objectIdOf(object)) === each.subject && definedKindOf(object) !== undefined);
    if (defined === undefined) return [each];
    const theirs = objects.filter(({ apiVersion, kind }) => `${groupOf(apiVersion)}/${kind}` === definedKindOf(defined));
    return [each, ...theirs.map((object) => ({ ...each, subject: describeObject(objectIdOf(object)), sort: 'definition' }))];
  });
}
