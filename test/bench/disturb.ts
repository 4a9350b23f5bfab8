import type { KubernetesObject } from '../../lib/manifests/object.ts';
import type { BenchCluster } from './bench-cluster.ts';
import type { Workload } from './rows.ts';

/** Patches under way at once: what happens to a cluster between two passes is nobody's figure. */
const AT_ONCE = 8;

/** What happens to the cluster before a pass of this workload; resolves to how many objects the pass has to correct. `turn` counts from 1. */
export async function disturb(
  workload: Workload,
  objects: readonly KubernetesObject[],
  turn: number,
  cluster: BenchCluster,
): Promise<number> {
  switch (workload) {
    case 'one-drift':
      return drift(objects, 1, turn, cluster);
    case 'one-percent-drift':
      return drift(objects, Math.ceil(objects.length / 100), turn, cluster);
    case 'status-churn': {
      const moving = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'HorizontalPodAutoscaler');
      await inParallel(moving, (object) => churn(object, turn, cluster));
      return 0;
    }
    default:
      return 0;
  }
}

/** Changes so many objects by hand: every second one a Deployment, the others ConfigMaps; spread over the set, others in each turn. */
async function drift(objects: readonly KubernetesObject[], count: number, turn: number, cluster: BenchCluster): Promise<number> {
  const of = (wanted: string): readonly KubernetesObject[] =>
    objects.filter(({ kind, metadata }) => kind === wanted && metadata.name.startsWith('app-'));
  const deployments = of('Deployment');
  const configMaps = of('ConfigMap');
  const chosen = Array.from({ length: count }, (_, index) => {
    const kind = index % 2 === 0 ? deployments : configMaps;
    return kind[(Math.floor((index * kind.length) / count) + turn) % kind.length];
  }).filter((object) => object !== undefined);
  await inParallel(chosen, (object) => {
    const containers = [{ name: 'app', image: `registry.example/by-hand:${turn}` }];
    const patch =
      object.kind === 'Deployment' ? { spec: { template: { spec: { containers } } } } : { data: { LOG_LEVEL: `debug-${turn}` } };
    return cluster.call('PATCH', `${pathOf(object)}?fieldManager=kubectl-edit`, patch);
  });
  return chosen.length;
}

/** What a controller reports of an object whose pods come and go. */
function churn(object: KubernetesObject, turn: number, cluster: BenchCluster): Promise<string> {
  const status =
    object.kind === 'Deployment'
      ? { observedGeneration: 1, replicas: turn, updatedReplicas: turn }
      : { observedGeneration: 1, currentReplicas: turn, desiredReplicas: turn };
  return cluster.call('PATCH', `${pathOf(object)}/status?fieldManager=kube-controller-manager`, { status });
}

const PLURALS: Readonly<Record<string, string>> = {
  ConfigMap: 'configmaps',
  Deployment: 'deployments',
  HorizontalPodAutoscaler: 'horizontalpodautoscalers',
};

function pathOf({ apiVersion, kind, metadata: { namespace, name } }: KubernetesObject): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}/namespaces/${namespace}/${PLURALS[kind]}/${name}`;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of left) await work(item);
    }),
  );
}
