/**
 * `plumbline reconcile` as a process of its own, on a real API server and stores in memory. From the eighth write on, each waits for Ctrl-C
 * before it goes on to the server: it is under way when the signal comes, whatever the machine is busy with.
 */
import { once } from 'node:events';
import { createColors } from '../../../lib/cli/colors.ts';
import { exitStatusOf, listenForInterrupts } from '../../../lib/cli/interrupt.ts';
import { runCli } from '../../../lib/cli/program.ts';
import { systemDelay } from '../../../lib/cli/progress.ts';
import { systemClock } from '../../../lib/clock.ts';
import { bearerToken, createKubernetesClient, type KubernetesClient } from '../../../lib/kubernetes/index.ts';
import { normalise } from '../../../lib/manifests/normalise.ts';
import { type ReconcileDependencies, reconcileCluster } from '../../../lib/reconcile/index.ts';
import { createRecorder, createRecordIds } from '../../../lib/records/index.ts';
import { memoryStores } from '../../helpers/memory-stores.ts';
import { deploymentOf, eksItem, emptyWorld } from '../../unit/cli/run-command.ts';
import { ProcessInput, type ProcessReport } from './process-messages.ts';

const UNHINDERED_WRITES = 7;

const input = ProcessInput.parse(JSON.parse(process.env.RECONCILE_INPUT ?? ''));
const interrupts = listenForInterrupts(process, systemClock);
// While every write waits for the signal nothing else would keep this process from ending.
const awake = setInterval(() => {}, 1000);
const clock = systemClock;
const stores = memoryStores(clock);
const world = emptyWorld();
world.items.set('prod-eu', eksItem('prod-eu', { mode: 'enforce' }));

let writes = 0;
async function connect(): Promise<KubernetesClient> {
  const { endpoint, certificateAuthority, token } = input;
  const client = createKubernetesClient({ endpoint, certificateAuthority, authentication: bearerToken(token, 'test') });
  const apply: KubernetesClient['apply'] = async (resource, object, options, signal) => {
    if (!options.dryRun) {
      writes += 1;
      if (writes > UNHINDERED_WRITES && !interrupts.signal.aborted) {
        report({ type: 'writing' });
        await once(interrupts.signal, 'abort');
      }
    }
    return await client.apply(resource, object, options, signal);
  };
  return new Proxy(client, { get: (target, name) => (name === 'apply' ? apply : Reflect.get(target, name)) });
}

const objects = Array.from({ length: input.objects }, (_, index) => ({
  where: `apps/all.yaml:${index + 1}`,
  value: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `settings-${index}`, namespace: input.namespace }, data: { a: '1' } },
}));
const digest = await stores.artifacts.put({
  schemaVersion: 1,
  repository: 'https://git.example.com/fleet.git',
  reference: 'main',
  revision: 'a'.repeat(40),
  path: '.',
  ...normalise(objects),
  digests: [],
  findings: [],
  blocked: {},
  renderedAt: '2026-01-01T00:00:00.000Z',
});
await stores.state.update('prod-eu', { desiredArtifact: digest });
const recorder = createRecorder({ records: stores.records, log: () => {}, count: () => {}, clock, createIds: createRecordIds });
const deps: ReconcileDependencies = { ...stores, connect, recorder, clock, random: Math.random, deployment: 'test' };
world.reconcile = async (row, signal, interrupt) =>
  (await reconcileCluster(row, deps, { runId: 'interrupted', signal, interrupt })).records;

process.exitCode = exitStatusOf(
  await runCli(['reconcile', 'prod-eu'], {
    terminal: {
      out: (text) => void process.stdout.write(text),
      error: (text) => void process.stderr.write(text),
      colors: createColors(false),
      columns: 100,
      timeZone: 'UTC',
      interactive: false,
    },
    clock,
    delay: systemDelay,
    ...interrupts,
    directory: '/nowhere',
    renderDirectory: async () => ({ objects: [], problems: [] }),
    openDeployment: async () => deploymentOf(world),
  }),
  interrupts,
);
const runs = await stores.records.query({ cluster: 'prod-eu', kind: 'run', limit: 10 });
const records = await stores.records.query({ cluster: 'prod-eu', limit: 1000 });
report({
  type: 'ended',
  writes,
  runs,
  applied: records.filter((record) => record.kind !== 'run' && record.decision === 'applied').length,
});
clearInterval(awake);
process.disconnect();

function report(message: ProcessReport): void {
  process.send?.(message);
}
