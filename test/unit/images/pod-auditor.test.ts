import { describe, expect, it } from 'vitest';
import { type AuditedCluster, auditPods, type PodReading } from '../../../lib/images/pods/audit-pods.ts';
import { createPodAuditor } from '../../../lib/images/pods/pod-auditor.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { digest, livePods, memoryImageContents, type PlayedPod, playedRegistry } from '../../helpers/live-pods.ts';
import { deployment } from '../../helpers/workloads.ts';

const never = new AbortController().signal;
const WEB = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1@${digest('a')}`;
const owner = { kind: 'ReplicaSet', name: 'web-1', above: 'web' };
const pod: PlayedPod = { name: 'web-1-x', image: WEB, imageId: WEB.replace(':1@', '@'), owner };

const named = (count: number, prefix = 'c') => Array.from({ length: count }, (_, number) => `${prefix}${String(number).padStart(3, '0')}`);
const clustersOf = (names: readonly string[]): readonly AuditedCluster[] =>
  names.map((name) => ({ row: clusterRow(name), artifact: { objects: [deployment('web', WEB)] } }));

/** An API server with these pods. */
function serving(pods: readonly PlayedPod[]): Awaited<ReturnType<PodReading['connect']>> {
  const live = livePods(pods);
  const kinds: Readonly<Record<string, readonly KubernetesObject[]>> = { Pod: live.pods, Node: live.nodes, ReplicaSet: live.replicaSets };
  return {
    list: async ({ kind }) => kinds[kind] ?? [],
    async *listInPages({ kind }) {
      yield* kinds[kind] ?? [];
    },
    close: async () => {},
  };
}

/** Clusters whose API servers take `seconds` to answer; those that are `dark` do not, and take as long to be given up. */
function fleet({ seconds = 0, dark = [], pods = [pod] }: { seconds?: number; dark?: readonly string[]; pods?: readonly PlayedPod[] } = {}) {
  let now = Date.UTC(2026, 0, 1);
  const read: string[] = [];
  const registry = playedRegistry();
  const deps = {
    connect: async ({ cluster }: { readonly cluster: string }) => {
      read.push(cluster);
      now += seconds * 1000;
      if (dark.includes(cluster)) throw new Error('nobody answers');
      return serving(pods);
    },
    store: memoryImageContents(),
    seen: new Map<string, number>(),
    clock: { now: () => new Date(now) },
  };
  const pass = (minutes: number) => {
    now += minutes * 60_000;
  };
  return { auditor: createPodAuditor(deps), deps, registry, read, pass };
}

describe('one run', () => {
  it('looks at a bounded number of clusters, and the next ones at the others, until all had their turn', async () => {
    const { auditor, registry, read, pass } = fleet();
    const clusters = clustersOf(named(50));
    for (let tick = 0; tick < 4; tick += 1) {
      await auditor.whenDue(clusters, registry, never);
      pass(1);
    }
    expect(read.toSorted()).toEqual(named(50));
    pass(56);
    await auditor.whenDue(clusters, registry, never);
    expect(read.slice(50)).toEqual(named(20));
  });

  it('begins no further cluster when those before took its time, says what it knows, and goes on with the others in the next', async () => {
    const dark = named(13);
    const { auditor, registry, read, pass } = fleet({ seconds: 4, dark });
    const clusters = clustersOf([...dark, 'healthy']);
    const audits: [string, boolean][] = [];
    const begun: number[] = [];
    for (let tick = 0; tick < 9; tick += 1) {
      const before = read.length;
      const found = await auditor.whenDue(clusters, registry, never);
      begun.push(read.length - before);
      audits.push(...[...found].map(([cluster, audit]): [string, boolean] => [cluster, 'failure' in audit]));
      pass(1);
    }
    // At 0, 4 and 8 seconds.
    expect(begun.slice(0, 5)).toEqual([3, 3, 3, 3, 2]);
    expect(new Set(read.slice(0, 14)).size).toBe(14);
    expect(Object.fromEntries(audits)).toEqual({ ...Object.fromEntries(dark.map((cluster) => [cluster, true])), healthy: false });
  });

  it('holds no more pods at once than it has memory for', async () => {
    const pods = Array.from({ length: 5001 }, (_, number) => ({ ...pod, name: `web-1-${number}` }));
    const { auditor, registry, read } = fleet({ pods });
    await auditor.whenDue(clustersOf(named(20)), registry, never);
    // Those that are begun at the same time know nothing of each other.
    expect(read.length).toBeLessThanOrEqual(8);
    expect(read.length).toBeGreaterThanOrEqual(4);
  });

  it('looks again after ten minutes at a cluster whose images could not be kept', async () => {
    const { auditor, registry, read, pass } = fleet();
    const broken = { ...registry, manifests: () => Promise.reject(new Error('the table is throttled')) };
    await expect(auditor.whenDue(clustersOf(['one']), broken, never)).rejects.toThrow('throttled');
    await auditor.whenDue(clustersOf(['one', 'two']), registry, never);
    expect(read).toEqual(['one', 'two']);
    pass(10);
    await auditor.whenDue(clustersOf(['one', 'two']), registry, never);
    expect(read).toEqual(['one', 'two', 'one']);
  });
});

it('looks at clusters before their hour is over when it is told to, and at all of them by hand', async () => {
  const { auditor, registry, read } = fleet();
  const clusters = clustersOf(named(25));
  await auditor.atOnce(clusters, registry, never);
  await auditor.atOnce(clusters, registry, never);
  expect(read).toHaveLength(40);
  expect((await auditor.all(clusters, registry, never)).size).toBe(25);
});

it('compares pods by what it keeps of them', async () => {
  const { deps, registry } = fleet({ pods: [{ ...pod, debug: 'busybox:1' }] });
  const audit = (await auditPods(clustersOf(['one']), { ...deps, contents: registry }, never)).get('one');
  if (audit === undefined || 'failure' in audit) throw new Error('it was read');
  expect(audit.verdicts).toEqual([{ path: 'Deployment shop/web [app]', pod: 'Pod shop/web-1-x', verdict: 'match' }]);
  expect(audit.facts.map(({ class: id }) => id)).toEqual(['pod.ephemeral']);
});
