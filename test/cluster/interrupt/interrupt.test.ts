import { fork } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { KubernetesClient } from '../../../lib/kubernetes/index.ts';
import { reconcileCluster } from '../../../lib/reconcile/index.ts';
import { adminToken, freshNamespace, testCluster } from '../../helpers/environment.ts';
import { clientOf, createWorld } from '../reconcile/world.ts';
import { ProcessReport } from './process-messages.ts';

const PROCESS = fileURLToPath(new URL('reconcile-process.ts', import.meta.url));
const CONFIG_MAPS = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: ['list'] };
const OBJECTS = 40;

describe('Ctrl-C during plumbline reconcile', () => {
  it('lets the writes end that are under way, begins no other, and records how far the run came', async () => {
    const cluster = testCluster('prod-eu');
    const token = await adminToken(cluster);
    const namespace = await freshNamespace(cluster);
    const { endpoint, certificateAuthority } = cluster;
    const child = fork(PROCESS, {
      env: { ...process.env, RECONCILE_INPUT: JSON.stringify({ endpoint, certificateAuthority, token, namespace, objects: OBJECTS }) },
      execArgv: [],
      silent: true,
    });
    const errors = child.stderr === null ? '' : text(child.stderr);
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const ended = new Promise<Extract<ProcessReport, { type: 'ended' }>>((resolve, reject) => {
      child.on('message', (message) => {
        const report = ProcessReport.parse(message);
        if (report.type === 'ended') resolve(report);
        else child.kill('SIGINT');
      });
      void exited.then(async (code) => reject(new Error(`it ended with ${code} and no report: ${await errors}`)));
    });
    const { writes, runs, applied } = await ended;
    const status = await exited;

    const client = clientOf(cluster, token);
    const live = await client.list(CONFIG_MAPS, {}, AbortSignal.timeout(10_000));
    const written = live.filter(({ metadata }) => metadata.namespace === namespace && metadata.name.startsWith('settings-'));
    await client.close();
    expect(writes).toBeGreaterThan(7);
    expect(writes).toBeLessThan(OBJECTS);
    expect([written.length, applied]).toEqual([writes, writes]);
    const message = `cluster prod-eu: interrupted: ${writes} of ${OBJECTS} objects were dealt with; what was done is recorded. The next run goes on from there.`;
    expect(runs).toMatchObject([{ outcome: 'failed', objects: OBJECTS, error: { reason: 'Interrupted', message } }]);
    expect(await errors).toContain(message);
    expect(status).toBe(130);
  });

  it('ends at once a run that has written nothing yet, and does not let the cluster wait for the next', async () => {
    const world = await createWorld();
    await world.commit('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: NS}\ndata: {a: "1"}\n');
    const interrupt = new AbortController();
    const connect = async (): Promise<KubernetesClient> => {
      const client = await world.deps.connect(world.row, interrupt.signal);
      const discover: KubernetesClient['discover'] = async (signal) => {
        const discovery = await client.discover(signal);
        interrupt.abort();
        return discovery;
      };
      return new Proxy(client, { get: (target, name) => (name === 'discover' ? discover : Reflect.get(target, name)) });
    };
    const options = { runId: 'interrupted', signal: AbortSignal.timeout(50_000), interrupt: interrupt.signal };
    const result = await reconcileCluster(world.row, { ...world.deps, connect }, options);

    expect(result.records).toMatchObject([{ kind: 'run', outcome: 'failed', error: { reason: 'Interrupted' } }]);
    expect(await world.kubectl(['get', 'configmap', 'settings', '--ignore-not-found'])).toBe('');
    expect((await world.stores.state.get(world.row.cluster))?.nextAttemptAt).toBeUndefined();
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });
});
