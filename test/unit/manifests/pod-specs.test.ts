import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../lib/manifests/json.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { mapImages, podSpecsOf } from '../../../lib/manifests/pod-specs.ts';

const podSpec = {
  initContainers: [{ name: 'wait', image: 'busybox:1' }],
  containers: [
    { name: 'app', image: 'web:1' },
    { name: 'side', image: 'proxy:2', ports: [{ containerPort: 80 }] },
  ],
  ephemeralContainers: [{ name: 'debug', image: 'shell:3' }],
  volumes: [
    { name: 'data', emptyDir: {} },
    { name: 'model', image: { reference: 'model:4', pullPolicy: 'Always' } },
  ],
};

function workload(apiVersion: string, kind: string, body: JsonObject): KubernetesObject {
  return { apiVersion, kind, metadata: { name: 'x' }, ...body };
}

const KINDS = [
  ['v1', 'Pod', { spec: podSpec }, 'spec'],
  ['v1', 'PodTemplate', { template: { spec: podSpec } }, 'template.spec'],
  ['v1', 'ReplicationController', { spec: { template: { spec: podSpec } } }, 'spec.template.spec'],
  ['apps/v1', 'Deployment', { spec: { template: { spec: podSpec } } }, 'spec.template.spec'],
  ['apps/v1', 'StatefulSet', { spec: { template: { spec: podSpec } } }, 'spec.template.spec'],
  ['apps/v1', 'DaemonSet', { spec: { template: { spec: podSpec } } }, 'spec.template.spec'],
  ['apps/v1', 'ReplicaSet', { spec: { template: { spec: podSpec } } }, 'spec.template.spec'],
  ['batch/v1', 'Job', { spec: { template: { spec: podSpec } } }, 'spec.template.spec'],
  ['batch/v1', 'CronJob', { spec: { jobTemplate: { spec: { template: { spec: podSpec } } } } }, 'spec.jobTemplate.spec.template.spec'],
] as const;

describe('pod specs', () => {
  it.each(KINDS)('finds the pod spec of %s %s and rewrites every image in it', (apiVersion, kind, body, path) => {
    const object = workload(apiVersion, kind, body);
    expect(podSpecsOf(object)).toEqual([{ path, spec: podSpec }]);
    const seen: string[] = [];
    const mapped = mapImages(object, (image, at) => {
      seen.push(at);
      return `${image}@sha256:0`;
    });
    expect(seen).toEqual([
      `${path}.initContainers[name=wait].image`,
      `${path}.containers[name=app].image`,
      `${path}.containers[name=side].image`,
      `${path}.ephemeralContainers[name=debug].image`,
      `${path}.volumes[name=model].image.reference`,
    ]);
    expect(JSON.stringify(mapped)).toBe(JSON.stringify(object).replaceAll(/(web:1|proxy:2|busybox:1|shell:3|model:4)/g, '$1@sha256:0'));
  });

  it.each([
    ['another group', workload('serving.knative.dev/v1', 'Deployment', { spec: { template: { spec: podSpec } } })],
    ['a kind without pods', workload('v1', 'ConfigMap', { data: { image: 'web:1' } })],
    ['a template that is not an object', workload('apps/v1', 'Deployment', { spec: { template: 'web:1' } })],
    ['no spec', workload('apps/v1', 'Deployment', {})],
  ])('leaves %s alone', (_case, object) => {
    expect(podSpecsOf(object)).toEqual([]);
    expect(mapImages(object, () => 'changed')).toBe(object);
  });

  it('returns the same object when no image changes', () => {
    const object = workload('v1', 'Pod', { spec: podSpec });
    expect(mapImages(object, (image) => image)).toBe(object);
  });
});
