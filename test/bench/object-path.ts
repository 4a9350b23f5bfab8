import type { KubernetesObject } from '../../lib/manifests/object.ts';

const PLURALS: Readonly<Record<string, string>> = {
  ConfigMap: 'configmaps',
  Deployment: 'deployments',
  HorizontalPodAutoscaler: 'horizontalpodautoscalers',
};

/** Where the API server has an object of one of the kinds that the bench changes by itself. */
export function objectPath({ apiVersion, kind, metadata: { namespace, name } }: KubernetesObject): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}/namespaces/${namespace}/${PLURALS[kind]}/${name}`;
}
