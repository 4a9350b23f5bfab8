import type { Fleet } from '../fleet.ts';
import { TWO_TICKS_SECONDS } from './looks.ts';

/** Registers both clusters and waits until the scheduled functions have brought them to the first commit. */
export async function registerClusters(fleet: Fleet): Promise<void> {
  fleet.narration.step(
    'Register two clusters',
    'From here on nobody calls anything: the scheduled functions fetch, render, lock and apply.',
  );
  for (const cluster of fleet.environment.clusters) {
    await fleet.plumbline(
      ...['cluster', 'add', cluster.name, '--repo', fleet.repository.url, '--path', `clusters/${cluster.name}`, '--mode', 'enforce'],
      ...['--eks', cluster.eksName, '--region', fleet.environment.region, '--role', cluster.roleArn, '--external-id', cluster.externalId],
    );
  }
  fleet.narration.say('(On EKS it goes on with the access entry and the ClusterRole to apply once; the clusters here have theirs.)');
  for (const cluster of fleet.environment.clusters) {
    await fleet.narration.waitFor(`${cluster.name} is in sync with the first commit`, TWO_TICKS_SECONDS, async () => {
      const state = await fleet.stores.state.get(cluster.name, fleet.signal);
      return state?.outcome === 'corrected' || state?.outcome === 'in-sync' ? state : undefined;
    });
  }
  await fleet.plumbline('status');
  fleet.narration.say('(Pods come up in prod-eu only: what was rolled out to prod-us stays in progress.)');
}

/** From now on this cluster is only watched. */
export async function switchToObserve(fleet: Fleet, cluster: string): Promise<void> {
  fleet.narration.step(`Let ${cluster} be observed only`, 'Plumbline goes on looking, and writes nothing to it.');
  await fleet.plumbline('cluster', 'set', cluster, 'mode=observe');
}

/** Shows how both stand in the end. */
export async function showFleet(fleet: Fleet): Promise<void> {
  fleet.narration.step(
    'See the fleet as it stands',
    'prod-eu is as Git says, but for the field left to its rival; prod-us is as people made it.',
  );
  await fleet.plumbline('status');
  fleet.narration.say('(The autoscaler of prod-eu waits for metrics, which nothing measures here.)');
}
