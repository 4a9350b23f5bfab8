import type { KubernetesObject } from '../../lib/manifests/object.ts';
import type { RenderedSource } from '../../lib/source/artifact.ts';

/** A Deployment in `shop` with one container for each image. */
export function deployment(name: string, ...images: readonly string[]): KubernetesObject {
  const containers = images.map((image, index) => ({ name: `c${index}`, image }));
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}

/** A Deployment `web` with one container of this image, as a file in Git. */
export function deploymentFile(namespace: string, image: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: ${namespace}
spec:
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: ${image}
`;
}

/** What a commit renders to. */
export function rendered(revision: string, ...objects: readonly KubernetesObject[]): RenderedSource {
  return { repository: 'https://git.example/shop.git', reference: 'main', revision, path: 'apps', objects, problems: [] };
}
