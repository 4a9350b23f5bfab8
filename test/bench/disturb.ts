import { inParallel } from '../../lib/in-parallel.ts';
import type { KubernetesObject } from '../../lib/manifests/object.ts';
import type { BenchCluster } from './bench-cluster.ts';
import { AT_ONCE } from './between-passes.ts';
import { reportStatuses } from './controllers.ts';
import { objectPath } from './object-path.ts';
import type { Workload } from './rows.ts';

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
    case 'status-churn':
      await reportStatuses(objects, turn, cluster);
      return 0;
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
  await inParallel(chosen, AT_ONCE, (object) => {
    const containers = [{ name: 'app', image: `registry.example/by-hand:${turn}` }];
    const patch =
      object.kind === 'Deployment' ? { spec: { template: { spec: { containers } } } } : { data: { LOG_LEVEL: `debug-${turn}` } };
    return cluster.call('PATCH', `${objectPath(object)}?fieldManager=kubectl-edit`, patch);
  });
  return chosen.length;
}
