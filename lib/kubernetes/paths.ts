import type { ObjectId } from '../manifests/object.ts';
import { ApiError } from './api-error.ts';
import type { ApiResource } from './client.ts';

/** `/api/v1/configmaps`, `/apis/apps/v1/deployments`: every object of a kind, or those of one namespace. */
export function collectionPath(resource: ApiResource, namespace?: string): string {
  const root = resource.group === '' ? '/api' : `/apis/${segment(resource.group)}`;
  const within = namespace === undefined ? '' : `namespaces/${segment(namespace)}/`;
  return `${root}/${segment(resource.version)}/${within}${segment(resource.plural)}`;
}

/** The path of one object. Throws `ApiError` (`Invalid`) for a name that no path can hold, or a namespaced object without namespace. */
export function objectPath(resource: ApiResource, id: Pick<ObjectId, 'namespace' | 'name'>): string {
  return `${collectionPath(resource, resource.namespaced ? id.namespace : undefined)}/${segment(id.name)}`;
}

/** As the API server checks names: anything else would name another path. */
function segment(value: string): string {
  if (value === '' || value === '.' || value === '..' || value.includes('/') || value.includes('%')) {
    throw new ApiError({
      status: 0,
      reason: 'Invalid',
      message: `${JSON.stringify(value.slice(0, 260))} cannot be a name or a namespace: accepted is anything but "", "." and "..", without "/" and "%". Correct the object in Git.`,
    });
  }
  return encodeURIComponent(value);
}
