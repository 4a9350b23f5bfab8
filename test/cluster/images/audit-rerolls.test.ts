import { beforeEach, expect, it } from 'vitest';
import type { AuditedCluster } from '../../../lib/images/pods/audit-pods.ts';
import { AUTO_REROLL_INTERVAL_MS, rerollMismatch } from '../../../lib/images/reroll/auto-reroll.ts';
import { type RerollTarget, rerollWorkload, restartThroughTemplate } from '../../../lib/images/reroll/reroll.ts';
import { pushImage } from '../../../lib/local/registry.ts';
import { adminToken, callCluster, testCluster } from '../../helpers/environment.ts';
import { memoryLeaseStore } from '../../helpers/memory-stores.ts';
import { freshRepository } from '../../helpers/registry.ts';
import { type AuditedPods, auditedPods, nameOf } from './audited-pods.ts';

const signal = AbortSignal.timeout(600_000);
let world: AuditedPods;

beforeEach(async () => {
  world = await auditedPods(signal);
});

const noDetails = { details: async () => new Map() };

it('restarts a workload that runs other bytes through its template, once, under its own field manager', async () => {
  const { played, amd64, deps, clusterWith } = world;
  const web = await freshRepository('MUTABLE');
  const digest = await pushImage(web, '1', { variant: 'good' }, signal);
  const evil = await pushImage(web, '2', { variant: 'evil' }, signal);
  const image = `${nameOf(web)}:1@${digest}`;
  await played.deployment('rerolled', image);
  await played.deployment('healthy', image);
  await played.replicas('rerolled', amd64, image, [{ imageId: `${nameOf(web)}@${evil}` }]);
  await played.replicas('healthy', amd64, image, [{ imageId: `${nameOf(web)}@${digest}` }]);
  const cluster = clusterWith('prod-eu', 'rerolled', 'healthy');
  const enforced = { ...cluster, row: { ...cluster.row, mode: 'enforce' as const } };
  const target = (name: string) => ({ kind: 'Deployment' as const, namespace: played.namespace, name });
  const reroll = {
    ...deps,
    details: noDetails,
    leases: memoryLeaseStore(deps.clock),
    owner: 'test',
    fieldManager: 'image-reroll-plumbline',
  };

  await expect(rerollWorkload(cluster, target('rerolled'), reroll, signal)).rejects.toMatchObject({ reason: 'NotEnforced' });
  await expect(rerollWorkload(enforced, target('healthy'), reroll, signal)).rejects.toMatchObject({ reason: 'NoMismatch' });
  const at = await rerollWorkload(enforced, target('rerolled'), reroll, signal);
  const live = await played.read('rerolled');
  expect(live).toMatchObject({
    metadata: {
      managedFields: expect.arrayContaining([expect.objectContaining({ manager: 'image-reroll-plumbline', operation: 'Apply' })]),
    },
    spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': at } }, spec: { containers: [{ image }] } } },
  });
  await expect(rerollWorkload(enforced, target('rerolled'), reroll, signal)).rejects.toMatchObject({ reason: 'RestartedJustNow' });
});

it('restarts by itself what runs other bytes, where Git asks for it, and not while a PodDisruptionBudget lets no pod go', async () => {
  const { played, amd64, deps, clusterWith, audit } = world;
  const web = await freshRepository('MUTABLE');
  const digest = await pushImage(web, '1', { variant: 'good' }, signal);
  const evil = await pushImage(web, '2', { variant: 'evil' }, signal);
  const image = `${nameOf(web)}:1@${digest}`;
  await played.deployment('auto', image);
  await played.replicas('auto', amd64, image, [{ imageId: `${nameOf(web)}@${evil}` }]);
  const cluster = clusterWith('prod-eu', 'auto');
  const asked = {
    row: { ...cluster.row, mode: 'enforce' as const },
    artifact: { ...cluster.artifact, settings: { images: { reroll: 'on-mismatch' as const } } },
  };
  const restarts = {
    ...deps,
    details: noDetails,
    leases: memoryLeaseStore(deps.clock),
    owner: 'test',
    fieldManager: 'image-reroll-plumbline',
  };
  const reroll = async () => {
    const { facts } = await audit('auto');
    const restart = (row: AuditedCluster['row'], target: RerollTarget) =>
      restartThroughTemplate(row, target, { workloadMs: AUTO_REROLL_INTERVAL_MS }, restarts, signal);
    return await rerollMismatch(asked, facts, { mayWrite: () => true, restart }, signal);
  };
  const budgets = `/apis/policy/v1/namespaces/${played.namespace}/poddisruptionbudgets`;
  const budget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'auto' },
    spec: { selector: {}, minAvailable: 1 },
  };
  const token = await adminToken(testCluster('prod-eu'));
  // Nobody plays its controller here, so no pod may go.
  await callCluster(testCluster('prod-eu'), token, 'POST', budgets, budget);
  expect(await reroll()).toMatchObject([{ target: { name: 'auto' }, refused: { reason: 'DisruptionBudget' } }]);
  await callCluster(testCluster('prod-eu'), token, 'DELETE', `${budgets}/auto`);
  const [outcome] = await reroll();
  expect(outcome).toMatchObject({ target: { kind: 'Deployment', name: 'auto' }, restartedAt: expect.any(String) });
  const annotations = { 'kubectl.kubernetes.io/restartedAt': outcome !== undefined && 'restartedAt' in outcome ? outcome.restartedAt : '' };
  expect(await played.read('auto')).toMatchObject({ spec: { template: { metadata: { annotations }, spec: { containers: [{ image }] } } } });
  expect(await reroll()).toMatchObject([{ refused: { reason: 'RestartedJustNow' } }]);
  world.pass(1);
  expect(await reroll()).toMatchObject([{ restartedAt: expect.any(String) }]);
});
