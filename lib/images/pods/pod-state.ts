import { isJsonObject, type JsonObject } from '../../manifests/json.ts';
import { parseImageReference, tagOf } from '../reference.ts';
import type { FindingId } from '../types.ts';
import { containersOf, itemsOf, type SpecContainer } from './pod-templates.ts';

/** Where programs keep what they must not lose. */
const DATA_PATH = /^\/(?:data|db|srv|var\/(?:lib|opt)|mnt\/data|usr\/share\/[^/]+\/data|opt\/[^/]+\/data)(?:\/|$)|\/data\/?$/;

/** What a template says of mutable state in or around an image that should not have any. */
export function stateFindings(
  template: JsonObject | undefined,
): readonly { readonly id: FindingId; readonly container: SpecContainer; readonly live: string }[] {
  const volumes = new Map(itemsOf(template?.volumes).map((volume) => [volume.name, volume]));
  return containersOf(template).flatMap((container) => [
    ...(isReadOnly(container) ? [] : [{ id: 'fs.writable' as const, container, live: 'readOnlyRootFilesystem is not set' }]),
    ...dataMounts(container, volumes).map((live) => ({ id: 'fs.state' as const, container, live })),
    ...pullHazard(container).map((live) => ({ id: 'pull.hazard' as const, container, live })),
  ]);
}

function isReadOnly({ container }: SpecContainer): boolean {
  return isJsonObject(container.securityContext) && container.securityContext.readOnlyRootFilesystem === true;
}

function dataMounts({ container }: SpecContainer, volumes: ReadonlyMap<unknown, JsonObject>): readonly string[] {
  return itemsOf(container.volumeMounts).flatMap(({ name, mountPath, readOnly }) => {
    const volume = volumes.get(name);
    if (typeof mountPath !== 'string' || readOnly === true || volume === undefined || !DATA_PATH.test(mountPath)) return [];
    if (isJsonObject(volume.emptyDir)) return [`${mountPath} (emptyDir)`];
    return isJsonObject(volume.hostPath) ? [`${mountPath} (hostPath)`] : [];
  });
}

/** Kubernetes' own default: `Always` for `latest`, else `IfNotPresent`. */
function pullHazard({ image, container }: SpecContainer): readonly string[] {
  const parsed = parseImageReference(image);
  if (parsed instanceof Error || parsed.digest !== undefined || container.imagePullPolicy === 'Never') return [];
  const policy =
    typeof container.imagePullPolicy === 'string' ? container.imagePullPolicy : tagOf(parsed) === 'latest' ? 'Always' : 'IfNotPresent';
  return [policy];
}
