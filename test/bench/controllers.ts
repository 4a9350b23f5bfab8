import { z } from 'zod';
import { inParallel } from '../../lib/in-parallel.ts';
import type { KubernetesObject } from '../../lib/manifests/object.ts';
import type { BenchCluster } from './bench-cluster.ts';
import { AT_ONCE } from './between-passes.ts';
import { objectPath } from './object-path.ts';

const Deployments = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ namespace: z.string(), name: z.string(), generation: z.number() }),
      spec: z.object({ replicas: z.number() }),
    }),
  ),
});

/**
 * What controllers and nodes would do, which these clusters lack: reports every Deployment of the set as rolled out, and every autoscaler as
 * content. Each `turn` moves all of these statuses, as they move on a cluster where pods come and go.
 */
export async function reportStatuses(objects: readonly KubernetesObject[], turn: number, cluster: BenchCluster): Promise<void> {
  const { items } = Deployments.parse(JSON.parse(await cluster.call('GET', '/apis/apps/v1/deployments')));
  const live = new Map(items.map(({ metadata, spec }) => [`${metadata.namespace}/${metadata.name}`, { ...metadata, ...spec }]));
  // A time that is another one each turn, also when an earlier process has counted turns.
  const at = new Date(Math.floor(Date.now() / 1000) * 1000 + turn * 1000).toISOString().replace('.000', '');
  await inParallel(objects.filter(hasStatus), AT_ONCE, async (object) => {
    const { namespace, name } = object.metadata;
    const known = live.get(`${namespace}/${name}`);
    const status = object.kind === 'Deployment' ? rolledOut(known?.generation ?? 1, known?.replicas ?? 1, at) : content(at);
    await cluster.call('PATCH', `${objectPath(object)}/status?fieldManager=kube-controller-manager`, { status });
  });
}

function hasStatus({ kind }: KubernetesObject): boolean {
  return kind === 'Deployment' || kind === 'HorizontalPodAutoscaler';
}

function rolledOut(observedGeneration: number, replicas: number, at: string) {
  const condition = (type: string, reason: string) => ({ type, reason, status: 'True', lastUpdateTime: at, lastTransitionTime: at });
  return {
    observedGeneration,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    conditions: [condition('Available', 'MinimumReplicasAvailable'), condition('Progressing', 'NewReplicaSetAvailable')],
  };
}

function content(at: string) {
  const condition = (type: string, reason: string) => ({ type, reason, status: 'True', lastTransitionTime: at });
  return {
    currentReplicas: 2,
    desiredReplicas: 2,
    lastScaleTime: at,
    conditions: [condition('AbleToScale', 'ReadyForNewScale'), condition('ScalingActive', 'ValidMetricFound')],
  };
}
