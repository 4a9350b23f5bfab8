import type { KubernetesObject } from '../../manifests/object.ts';
import type { InventoryObject } from '../../storage/stores.ts';

/**
 * `disabled`: the object stays when it leaves Git; on the object in Git, or put on the live one by anybody. `enabled`, in Git: it goes though
 * it was there before us.
 */
export const PRUNE = 'plumbline.dev/prune';

/** `true`, on the object in its last revision in Git: it may be deleted though it is of a kind that holds others or their data. */
export const CONFIRM_PRUNE = 'plumbline.dev/confirm-prune';

export function isPruneDisabled({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.[PRUNE] === 'disabled';
}

/** What a version of an object in Git asks for when it leaves. */
export function pruneMark(object: KubernetesObject): Pick<InventoryObject, 'prune'> {
  if (isPruneDisabled(object)) return { prune: 'disabled' };
  if (object.metadata.annotations?.[CONFIRM_PRUNE] === 'true') return { prune: 'confirmed' };
  return object.metadata.annotations?.[PRUNE] === 'enabled' ? { prune: 'enabled' } : {};
}
