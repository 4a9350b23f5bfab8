import { type Breakage, breakages } from '../breakage.ts';
import type { Fleet } from '../fleet.ts';
import { bothClusters, typeInShop } from './looks.ts';

/** What an autoscaler makes of the replicas that Git names. */
export const SCALED_TO = '4';

/** Changes both clusters by hand, as people do. */
export async function breakByHand(fleet: Fleet): Promise<readonly Breakage[]> {
  fleet.narration.step('Change both clusters by hand', 'With kubectl, past Git.');
  const broken = breakages(fleet.registry);
  for (const { what, kubectl } of broken) {
    fleet.narration.say(`${what}:`);
    fleet.narration.command(`kubectl ${kubectl.join(' ').replace(/("session-key":")[^"]*/, '$1…')}`);
    for (const cluster of fleet.environment.clusters) await fleet.kubectl(cluster, ...kubectl);
  }
  return broken;
}

/** Scales what an autoscaler scales, and asks for time for a change. */
export async function changeWithLeave(fleet: Fleet): Promise<void> {
  fleet.narration.step(
    'Do what is allowed',
    'A Deployment under an autoscaler is scaled; a person asks for two minutes with another log level.',
  );
  const [enforced] = bothClusters(fleet);
  const commands = [
    ['scale', 'deployment/web', `--replicas=${SCALED_TO}`],
    ['annotate', 'configmap/worker', 'plumbline.dev/hold-until=2m'],
    ['patch', 'configmap/worker', '--type=merge', '--patch={"data":{"log-level":"debug"}}'],
  ];
  for (const command of commands) await typeInShop(fleet, enforced, command);
}
