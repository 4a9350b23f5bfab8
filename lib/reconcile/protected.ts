import type { ObjectId } from '../manifests/object.ts';

const PROTECTED: ReadonlySet<string> = new Set([
  '/Namespace',
  '/PersistentVolume',
  '/PersistentVolumeClaim',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apps/StatefulSet',
]);

/** Kinds with whose objects others go, or their data. */
export function isProtected({ group, kind }: Pick<ObjectId, 'group' | 'kind'>): boolean {
  return PROTECTED.has(`${group}/${kind}`);
}
