import type { KubernetesObject } from '../manifests/object.ts';
import { objectIdOf, objectKey } from '../manifests/object.ts';
import { podSpecsOf } from '../manifests/pod-specs.ts';
import { containersOf, type LivePods, type TemplatedPod, templatePods } from './pod-templates.ts';

export interface ManagedPods {
  readonly pods: readonly TemplatedPod[];
  /** Pods that nothing controls and Git does not have, with an image of a workload that it has. */
  readonly copies: readonly { readonly pod: KubernetesObject; readonly image: string }[];
}

/** The pods of the workloads of an artifact; others are not Git's, and nothing is known of what they should be. */
export function managedPods(live: LivePods, objects: readonly KubernetesObject[], defaultNamespace = 'default'): ManagedPods {
  const desired = new Map(
    objects.map((object) => {
      const id = objectIdOf(object);
      return [objectKey({ ...id, namespace: id.namespace || defaultNamespace }), object] as const;
    }),
  );
  const { templated, loose } = templatePods(live);
  const pods: TemplatedPod[] = templated.filter(({ workload }) => desired.has(objectKey(workload)));
  const images = new Set(pods.flatMap(({ template }) => containersOf(template).map(({ image }) => image)));
  const copies: { pod: KubernetesObject; image: string }[] = [];
  for (const pod of loose) {
    const own = desired.get(objectKey(objectIdOf(pod)));
    const template = own === undefined ? undefined : podSpecsOf(own)[0]?.spec;
    if (own !== undefined) {
      const workload = { ...objectIdOf(pod), apiVersion: 'v1' };
      pods.push({ pod, workload, revision: pod.metadata.uid ?? '', ...(template === undefined ? {} : { template }) });
      continue;
    }
    const copied = containersOf(pod.spec).find(({ image }) => images.has(image));
    if (copied !== undefined) copies.push({ pod, image: copied.image });
  }
  return { pods, copies };
}
