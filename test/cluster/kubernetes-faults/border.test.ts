import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normalise } from '../../../lib/manifests/normalise.ts';
import { type ReconciledCluster, type Run, reconciledCluster } from '../kinds/reconciled-cluster.ts';
import { startTestCluster, type TestCluster } from '../kubernetes/control-plane.ts';
import { type Border, cutInTheMiddle, type Fault, first, reset, startBorder, status } from './border.ts';

let server: TestCluster;
let border: Border;
beforeAll(async () => {
  server = await startTestCluster();
  border = await startBorder(server);
});
afterAll(async () => {
  await border?.close();
  await server?.stop();
});

const NAMES = ['a', 'b', 'victim', 'c', 'd'];
let worlds = 0;

/** A namespace of its own with five ConfigMaps, of which one is out of luck. */
async function world(): Promise<{ readonly cluster: ReconciledCluster; readonly run: () => Promise<Run>; readonly path: string }> {
  worlds += 1;
  const namespace = `world-${worlds}`;
  const cluster = reconciledCluster(server, namespace);
  await cluster.kubectl(['create', 'namespace', namespace]);
  const objects = NAMES.map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { name } }));
  await cluster.publish(normalise(objects.map((value) => ({ where: 'all.yaml', value }))));
  const run = () => cluster.reconcile({ endpoint: border.endpoint, random: () => 0 });
  return { cluster, run, path: `/namespaces/${namespace}/configmaps/victim` };
}

/** Last, so long as it lasts: what the record says, and what a person is told to do. */
const FAULTS: readonly (readonly [string, Fault, string, RegExp])[] = [
  ['409', status(409, 'Conflict', 'the object has been modified'), 'Conflict', /observed again on the next run/],
  ['422', status(422, 'Invalid', 'data: Invalid value: "x": must be y'), 'Invalid', /must be y\. Correct the object in Git/],
  [
    '429 with a Retry-After that no run can wait for',
    status(429, 'TooManyRequests', 'too many requests', { 'retry-after': '600' }),
    'TooManyRequests',
    /tried again on the next run.*priority and fairness/,
  ],
  [
    '500',
    status(500, 'InternalError', 'failed calling webhook "w.example.com": EOF'),
    'InternalError',
    /w\.example\.com.*look at the webhook/,
  ],
  ['503', status(503, 'ServiceUnavailable', 'apiserver is shutting down'), 'ServiceUnavailable', /tried again on the next run/],
  ['504', status(504, 'Timeout', 'request did not complete within the allotted timeout'), 'Timeout', /load and its webhooks/],
  ['413', status(413, 'RequestEntityTooLarge', 'limit is 3145728'), 'TooLarge', /Split it/],
  ['a reset connection', reset, 'ConnectionLost', /closed the connection.*proxy or load balancer/],
  ['a body cut in the middle', cutInTheMiddle, 'BadResponse', /broke off in the middle.*proxy or a restart/],
  ['an answer that is no JSON', ({ response }) => response.writeHead(200).end('<html>sign in</html>'), 'BadResponse', /not JSON.*proxy/],
];

function expectOneFailed({ run, objects }: Run, reason: string, remedy: RegExp): void {
  expect(run.outcome).toBe('failed');
  expect(objects.filter(({ verifiedAt }) => verifiedAt === undefined)).toMatchObject([
    {
      object: { kind: 'ConfigMap', name: 'victim' },
      decision: 'failed',
      error: { reason, message: expect.stringMatching(/^ConfigMap world-\d+\/victim: /) },
    },
  ]);
  expect(objects.find(({ object }) => object.name === 'victim')?.error?.message).toMatch(remedy);
}

describe('an object whose requests always end in', () => {
  it.each(FAULTS)(
    '%s fails alone, with reason and remedy, whether it is new or to be compared',
    async (_what, fault, reason, remedy) => {
      const { cluster, run, path } = await world();
      border.break(path, fault);
      const creating = await run();
      expectOneFailed(creating, reason, remedy);
      expect(creating.objects.filter(({ verifiedAt }) => verifiedAt !== undefined)).toHaveLength(NAMES.length - 1);

      border.break(path, undefined);
      expect((await run()).run).toMatchObject({ outcome: 'in-sync', failed: 0 });
      expect(await cluster.stores.records.listOpen(cluster.identity.owner.replace('test.', ''))).toEqual([]);

      border.break(path, fault);
      for (const name of ['a', 'victim'])
        await cluster.kubectl(['patch', 'configmap', name, '--namespace', path.split('/')[2] ?? '', '--patch', '{"data":{"name":"red"}}']);
      const comparing = await run();
      expectOneFailed(comparing, reason, remedy);
      expect(comparing.objects.filter(({ decision }) => decision === 'corrected')).toMatchObject([{ object: { name: 'a' } }]);
      border.break(path, undefined);
    },
    60_000,
  );
});

describe('an object whose requests end, for a moment, in', () => {
  it.each<[string, Fault]>([
    ['409', first(1, status(409, 'Conflict', 'the object has been modified'))],
    ['429 with Retry-After', first(1, status(429, 'TooManyRequests', 'too many requests', { 'retry-after': '1' }))],
    ['503', first(2, status(503, 'ServiceUnavailable', 'apiserver is shutting down'))],
    ['a reset connection', first(2, reset)],
  ])(
    '%s is in sync at the end of the same run',
    async (_what, fault) => {
      const { run, path } = await world();
      // Only its write: it is read before.
      border.break(`${path}?`, fault);
      expect((await run()).run).toMatchObject({ outcome: 'in-sync', created: NAMES.length, failed: 0 });
      border.break(path, undefined);
    },
    60_000,
  );
});
