import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { adminToken, callCluster, freshNamespace, testCluster } from '../../helpers/environment.ts';

/** A container's image in the template of its ReplicaSet, and what the kubelet says that it runs. */
export interface PlayedContainer {
  readonly template: string;
  readonly imageId: string;
  /** Of the pod spec, where it is another one than the template's. */
  readonly spec?: string;
  readonly statusImage?: string;
  /** Of a container that the pod has and its template has not. */
  readonly injected?: string;
}

/** Plays controllers and kubelets on a real API server: it has neither, so what is written stays. */
export interface PlayedPods {
  readonly namespace: string;
  node(architecture: string): Promise<string>;
  /** A ReplicaSet of a Deployment with a pod for each of `pods`; its uid is a revision. */
  replicas(
    deployment: string,
    node: string,
    template: string,
    pods: readonly Omit<PlayedContainer, 'template'>[],
    extra?: object,
    podSpec?: object,
  ): Promise<readonly string[]>;
  /** A Deployment whose ReplicaSets nobody makes. */
  deployment(name: string, image: string): Promise<void>;
  read(deployment: string): Promise<unknown>;
  /** A pod that nothing controls. */
  loose(name: string, image: string): Promise<void>;
  debug(pod: string, image: string): Promise<void>;
}

const Answered = z.looseObject({ metadata: z.looseObject({ uid: z.string() }), spec: z.looseObject({}).optional() });

export async function playPods(): Promise<PlayedPods> {
  const cluster = testCluster('prod-eu');
  const token = await adminToken(cluster);
  const namespace = await freshNamespace(cluster);
  const call = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => {
    const answer = await callCluster(cluster, token, method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return Answered.parse(answer.body);
  };
  const pods = `/api/v1/namespaces/${namespace}/pods`;

  async function pod(name: string, spec: object, owner: object | undefined, status: readonly object[]): Promise<void> {
    const ownerReferences = owner === undefined ? {} : { ownerReferences: [owner] };
    const created = await call('POST', pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, ...ownerReferences },
      spec: { automountServiceAccountToken: false, ...spec },
    });
    if (status.length > 0)
      await call('PUT', `${pods}/${name}/status`, { ...created, status: { phase: 'Running', containerStatuses: status } });
  }

  return {
    namespace,

    async node(architecture) {
      const name = `node-${randomUUID()}`;
      const nodeInfo = {
        machineID: '',
        systemUUID: '',
        bootID: '',
        kernelVersion: '',
        osImage: '',
        containerRuntimeVersion: '',
        kubeletVersion: '',
        kubeProxyVersion: '',
        operatingSystem: 'linux',
        architecture,
      };
      const created = await call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name } });
      await call('PUT', `/api/v1/nodes/${name}/status`, { ...created, status: { nodeInfo } });
      return name;
    },

    async replicas(deployment, node, template, played, extra = {}, podSpec = {}) {
      const labels = { app: deployment, 'pod-template-hash': randomUUID().slice(0, 8) };
      const containers = [{ name: 'app', image: template, securityContext: { readOnlyRootFilesystem: true }, ...extra }];
      const name = `${deployment}-${labels['pod-template-hash']}`;
      const owned = { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment, uid: randomUUID(), controller: true };
      const replicaSet = await call('POST', `/apis/apps/v1/namespaces/${namespace}/replicasets`, {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name, namespace, labels, ownerReferences: [owned] },
        spec: {
          replicas: played.length,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers, ...podSpec } },
        },
      });
      const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: replicaSet.metadata.uid, controller: true };
      const names = played.map((_pod, index) => `${name}-${index}`);
      for (const [index, { imageId, spec = template, statusImage = template, injected }] of played.entries()) {
        const sidecars = injected === undefined ? [] : [{ name: 'sidecar', image: injected }];
        const own = { ...podSpec, nodeName: node, containers: [...containers.map((one) => ({ ...one, image: spec })), ...sidecars] };
        const status = { name: 'app', imageID: imageId, image: statusImage, ready: true, restartCount: 0, state: { running: {} } };
        await pod(names[index] ?? '', own, owner, imageId === '' ? [] : [status]);
      }
      return names;
    },

    async deployment(name, image) {
      const labels = { app: name };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image }] } };
      const metadata = { name, namespace };
      const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector: { matchLabels: labels }, template } };
      await call('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, object);
    },

    read: (deployment) => call('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`),

    async loose(name, image) {
      await pod(name, { containers: [{ name: 'app', image }] }, undefined, []);
    },

    async debug(name, image) {
      const current = await call('GET', `${pods}/${name}`);
      const spec = { ...current.spec, ephemeralContainers: [{ name: 'debugger', image }] };
      await call('PUT', `${pods}/${name}/ephemeralcontainers`, { ...current, spec });
    },
  };
}
