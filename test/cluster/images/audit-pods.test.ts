import { createHash } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { auditPods } from '../../../lib/images/pods/audit-pods.ts';
import { bearerToken, createKubernetesClient } from '../../../lib/kubernetes/index.ts';
import { pushImage, pushIndex } from '../../../lib/local/registry.ts';
import { testCluster } from '../../helpers/environment.ts';
import { freshRepository } from '../../helpers/registry.ts';
import { type AuditedPods, auditedPods, nameOf } from './audited-pods.ts';

const signal = AbortSignal.timeout(600_000);
let world: AuditedPods;

beforeEach(async () => {
  world = await auditedPods(signal);
});

const unknown = `sha256:${createHash('sha256').update('nobody').digest('hex')}`;

it('tells match, alias, mismatch, split, unverifiable and wrong platform apart, and raises nothing in a rollout', async () => {
  const { played, amd64, audit, linesOf } = world;
  const web = await freshRepository('MUTABLE');
  const mirror = await freshRepository('MUTABLE');
  const index = await pushIndex(web, '1', { variant: 'one' }, signal);
  const next = await pushIndex(web, '2', { variant: 'two' }, signal);
  const single = await pushImage(web, '3', { variant: 'one' }, signal);
  const arm = await pushImage(web, '4', { variant: 'one', architecture: 'arm64' }, signal);
  const copy = await pushImage(mirror, '1', { variant: 'one', format: 'docker' }, signal);
  const evil = await pushImage(mirror, '2', { variant: 'evil' }, signal);
  const image = `${nameOf(web)}:1@${index}`;
  const at = (digest: string, where = web) => ({ imageId: `${nameOf(where)}@${digest}` });

  await played.replicas('match', amd64, image, [
    at(index),
    at(index, mirror),
    at(single),
    { imageId: `docker-pullable://${nameOf(web)}@${index}` },
  ]);
  await played.replicas('alias', amd64, image, [at(copy, mirror)]);
  await played.replicas('mismatch', amd64, image, [at(evil, mirror)]);
  await played.replicas('split', amd64, image, [at(index), at(evil, mirror)]);
  await played.replicas('unverifiable', amd64, image, [at(unknown)]);
  await played.replicas('platform', amd64, image, [at(arm)]);
  await played.replicas('rollout', amd64, image, [at(index), at(index)]);
  await played.replicas('rollout', amd64, `${nameOf(web)}:2@${next}`, [at(next), { imageId: '' }]);
  await played.replicas('not-ours', amd64, image, [at(evil, mirror)]);

  const found = await audit('match', 'alias', 'mismatch', 'split', 'unverifiable', 'platform', 'rollout');
  const verdictsOf = (workload: string) =>
    found.verdicts
      .filter(({ path }) => path.includes(`/${workload} [`))
      .map(({ verdict }) => verdict)
      .sort();
  expect(
    Object.fromEntries(
      ['match', 'alias', 'mismatch', 'split', 'unverifiable', 'platform', 'rollout', 'not-ours'].map((name) => [name, verdictsOf(name)]),
    ),
  ).toEqual({
    match: ['match', 'match', 'match', 'match'],
    alias: ['alias'],
    mismatch: ['mismatch'],
    split: ['match', 'mismatch'],
    unverifiable: ['unverifiable'],
    platform: ['wrong-platform'],
    rollout: ['match', 'match', 'match'],
    'not-ours': [],
  });
  expect(linesOf(found)).toEqual([
    'ref.platform-pin Deployment platform [app]',
    'run.mismatch Deployment mismatch [app]',
    'run.mismatch Deployment split [app]',
    'run.split Deployment split [app]',
    'run.unverifiable Deployment unverifiable [app]',
  ]);
  const mismatch = found.facts.find(({ class: id, object }) => id === 'run.mismatch' && object.name === 'mismatch');
  expect(mismatch).toMatchObject({
    object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: played.namespace },
    changes: [{ desired: index, live: `${nameOf(mirror)}@${evil}` }, { live: `${nameOf(mirror)}@${evil}` }],
  });
});

it('finds pods that were changed after they were made: patched images, debug containers, injected ones and copies', async () => {
  const { played, amd64, audit, linesOf } = world;
  const web = await freshRepository('MUTABLE');
  const digest = await pushImage(web, '1', { variant: 'web' }, signal);
  const image = `${nameOf(web)}:1@${digest}`;
  const run = { imageId: `${nameOf(web)}@${digest}` };
  await played.replicas('patched', amd64, image, [{ ...run, spec: 'evil.example/web:1' }]);
  const [debugged = ''] = await played.replicas('debugged', amd64, image, [run]);
  await played.debug(debugged, 'busybox:1');
  await played.loose('copy', image);
  await played.loose('stranger', 'busybox:1');
  await played.replicas('writable', amd64, `${nameOf(web)}:1`, [run], { securityContext: {} });
  await played.replicas('meshed', amd64, image, [{ ...run, injected: 'mesh.example/proxy:1' }]);
  expect(linesOf(await audit('patched', 'debugged', 'writable', 'meshed'))).toEqual([
    'fs.writable Deployment writable [app]',
    'pod.debug-copy Pod copy',
    'pod.ephemeral Deployment debugged [debugger]',
    'pod.image-patched Deployment patched [app]',
    'pod.injected Deployment meshed [sidecar]',
    'pull.hazard Deployment writable [app]',
  ]);
});

it('finds data that is kept in a container, and images that were built of whatever was newest', async () => {
  const { played, amd64, audit, linesOf } = world;
  const web = await freshRepository('MUTABLE');
  const digest = await pushImage(web, '1', { variant: 'newest', createdBy: 'RUN apt-get update && apt-get -y upgrade' }, signal);
  const volumes = { volumes: [{ name: 'data', emptyDir: {} }] };
  const mounts = { volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql' }] };
  await played.replicas('stateful', amd64, `${nameOf(web)}:1@${digest}`, [{ imageId: `${nameOf(web)}@${digest}` }], mounts, volumes);
  expect(linesOf(await audit('stateful'))).toEqual(['build.mutating Deployment stateful [app]', 'fs.state Deployment stateful [app]']);
});

it('raises the alarm when an image that runs is not in its registry any more, and when a node has no image', async () => {
  const { played, amd64, audit, linesOf } = world;
  const web = await freshRepository('MUTABLE');
  const gone = `${nameOf(web)}:1@${unknown}`;
  await played.replicas('gone', amd64, gone, [{ imageId: `${nameOf(web)}@${unknown}` }]);
  const index = await pushIndex(web, '2', { variant: 'two' }, signal);
  await played.replicas('power', await played.node('ppc64le'), `${nameOf(web)}:2@${index}`, [{ imageId: `${nameOf(web)}@${index}` }]);
  const found = await audit('gone', 'power');
  expect(linesOf(found)).toEqual(['digest.missing Deployment gone [app]', 'ref.no-platform Deployment power [app]']);
});

it('says nothing of a cluster that cannot be read, and goes on with the others', async () => {
  const { deps, clusterWith } = world;
  const refused = async () => createKubernetesClient({ ...testCluster('prod-eu'), authentication: bearerToken('nobody', 'test') });
  const connect = deps.connect;
  const mixed = {
    ...deps,
    connect: ((row, within) => (row.cluster === 'dark' ? refused() : connect(row, within))) satisfies typeof connect,
  };
  const audits = await auditPods([clusterWith('dark', 'web'), clusterWith('prod-eu', 'web')], mixed, signal);
  expect(audits.get('dark')).toMatchObject({ failure: { reason: 'Unauthorized' } });
  expect(audits.get('prod-eu')).toMatchObject({ facts: [] });
});
