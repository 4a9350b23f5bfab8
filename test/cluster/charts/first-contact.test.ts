import { expect, it } from 'vitest';
import { processRepository, type SourceDependencies } from '../../../lib/source/index.ts';
import { createRepository, temporaryDirectory } from '../../helpers/git-repository.ts';
import { testTools } from '../../helpers/tools.ts';
import { createWorld, runRecord } from '../reconcile/world.ts';

it('a chart of a new cluster is rendered for what its server says it is, and its objects go into the namespace of the release', async () => {
  const world = await createWorld();
  using repository = createRepository();
  using temporary = temporaryDirectory();
  repository.commit({
    'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
    'chart/plumbline.yaml': `helm: {releaseName: shop, namespace: ${world.namespace}}\n`,
    'chart/templates/a.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata:\n  kube: {{ .Capabilities.KubeVersion.Version | quote }}\n  leases: {{ .Capabilities.APIVersions.Has "coordination.k8s.io/v1/Lease" | quote }}\n',
  });
  const source = { repository: repository.url, path: 'chart' };
  const asked: string[] = [];
  const deps: SourceDependencies = {
    ...world.stores,
    clock: world.deps.clock,
    tools: await testTools(),
    git: { environment: process.env, allowInsecure: true },
    temporaryDirectory: temporary.path,
    clusters: { list: async () => [{ cluster: world.row.cluster, row: { ...world.row, ...source } }] },
    readSecret: () => Promise.reject(new Error('not reached')),
    lockImages: async (rendered) => ({ ...rendered, digests: [], findings: [], blocked: {} }),
    enqueue: async ({ cluster }) => void asked.push(cluster),
    recorder: { recordFailure: () => Promise.reject(new Error('not reached')) },
    newRunId: () => 'poll',
  };
  const poll = () => processRepository({ repository: repository.url }, deps, AbortSignal.timeout(60_000));

  expect((await poll()).outcomes).toMatchObject([{ outcome: 'waiting' }]);
  expect(asked).toEqual([world.row.cluster]);
  expect(runRecord(await world.reconcile({}, source))).toMatchObject({ outcome: 'blocked', error: { reason: 'WaitingForSource' } });

  expect((await poll()).outcomes).toMatchObject([{ outcome: 'published' }]);
  expect((await world.reconcile({}, source)).outcome).toBe('in-sync');
  const server = JSON.parse(await world.kubectl(['version', '-o', 'json'])).serverVersion.gitVersion;
  expect(await world.live('configmap', 'shop')).toMatchObject({ data: { kube: server, leases: 'true' } });

  expect((await poll()).outcomes).toMatchObject([{ outcome: 'unchanged' }]);
  expect((await world.reconcile({}, source)).records).toMatchObject([{ kind: 'run', outcome: 'in-sync', drifted: 0 }]);
});
