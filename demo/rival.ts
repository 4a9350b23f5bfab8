import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from '../lib/local/index.ts';
import type { Fleet } from './fleet.ts';

const MANAGER = 'cost-bot';
const THEIRS = '10m';

/** A program that wants another value than Git in one field, and sets it again as soon as it is corrected. */
export interface Rival {
  readonly manager: string;
  stop(): Promise<void>;
}

/** Lets it go on until it is stopped, or the demo is. */
export function startRival(fleet: Fleet, cluster: LocalCluster): Rival {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, fleet.signal]);
  const going = (async () => {
    while (!signal.aborted) {
      if ((await readCpu(fleet, cluster)) !== THEIRS) await setCpu(fleet, cluster);
      await sleep(3_000, undefined, { signal }).catch(() => undefined);
    }
  })();
  // Whoever stops it meets its failure; until then it is not unhandled.
  going.catch(() => undefined);
  return {
    manager: MANAGER,
    stop: () => {
      ended.abort();
      return going;
    },
  };
}

function readCpu(fleet: Fleet, cluster: LocalCluster): Promise<string> {
  const cpu = 'jsonpath={.spec.limits[0].defaultRequest.cpu}';
  return fleet.kubectl(cluster, '--namespace', 'shop', 'get', 'limitrange', 'defaults', '--output', cpu);
}

async function setCpu(fleet: Fleet, cluster: LocalCluster): Promise<void> {
  const limits = [{ type: 'Container', defaultRequest: { cpu: THEIRS, memory: '64Mi' } }];
  const patch = ['--type=merge', `--field-manager=${MANAGER}`, `--patch=${JSON.stringify({ spec: { limits } })}`];
  await fleet.kubectl(cluster, '--namespace', 'shop', 'patch', 'limitrange', 'defaults', ...patch);
}
