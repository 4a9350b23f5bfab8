import type { JsonObject } from '../../../../lib/manifests/json.ts';
import { type KubernetesObject, objectIdOf } from '../../../../lib/manifests/object.ts';
import type { RemovedObject } from '../../../../lib/reconcile/prune/index.ts';
import type { InventoryObject } from '../../../../lib/storage/stores.ts';
import { configMap, IDENTITY, managed, ours } from '../objects.ts';

export const LONG_AGO = '2026-01-01T00:00:00.000Z';
export const NOW = new Date('2026-01-01T01:00:00.000Z');

/** An object as we applied it and as it still is, absent from Git for an hour. */
export function removed(
  entry: Partial<InventoryObject> = {},
  metadata: JsonObject = {},
  kind: Partial<KubernetesObject> = {},
): RemovedObject {
  const plain: KubernetesObject = {
    ...configMap(
      { data: { a: '1' } },
      { uid: 'u-1', resourceVersion: '7', labels: { 'plumbline.dev/owner': IDENTITY.owner }, ...metadata },
    ),
    ...kind,
  };
  const live = metadata.managedFields === undefined ? managed(plain, ours(plain)) : plain;
  const { apiVersion } = live;
  return {
    entry: { ...objectIdOf(live), apiVersion, uid: 'u-1', absent: { since: LONG_AGO }, ...entry },
    live,
    resource: { group: '', version: 'v1', kind: live.kind, plural: 'any', namespaced: true, verbs: [] },
  };
}
