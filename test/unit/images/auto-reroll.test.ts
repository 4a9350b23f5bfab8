import { describe, expect, it } from 'vitest';
import { auditedThrough } from '../../../lib/images/audit-role.ts';
import { type OptedInCluster, rerollMismatch, withRerolls } from '../../../lib/images/reroll/auto-reroll.ts';
import { RerollError } from '../../../lib/images/reroll/reroll.ts';
import type { Fact } from '../../../lib/records/fact.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { deployment } from '../../helpers/workloads.ts';

const never = new AbortController().signal;
const AT = '2026-01-01T12:00:00.000Z';

function fact(name: string, id = 'run.mismatch', kind = 'Deployment'): Fact {
  const object = { apiVersion: 'apps/v1', kind, namespace: 'shop', name };
  const change = { path: `${kind} shop/${name} [c0]` };
  return { kind: 'image', object, class: id, changes: [change], decision: 'reported', error: { reason: id, message: 'Other bytes.' } };
}

function clusterOf(reroll: 'never' | 'on-mismatch' | undefined, annotations: Readonly<Record<string, string>> = {}): OptedInCluster {
  const objects = ['web', 'api', 'db'].map((name) => {
    const annotation = annotations[name];
    const object = deployment(name, 'x');
    return annotation === undefined
      ? object
      : { ...object, metadata: { ...object.metadata, annotations: { 'plumbline.dev/re-roll': annotation } } };
  });
  const settings = reroll === undefined ? {} : { settings: { images: { reroll } } };
  return { row: clusterRow('prod-eu', { mode: 'enforce' }), artifact: { objects, ...settings } };
}

/** Which workloads are restarted, and what becomes of each that is tried. */
async function reroll(
  cluster: OptedInCluster,
  facts: readonly Fact[],
  refused: readonly string[] = [],
  mayWrite = true,
  why = 'DisruptionBudget',
) {
  const restart = async (_row: unknown, { name }: { readonly name: string }) => {
    if (refused.includes(name)) throw new RerollError(why, 'PodDisruptionBudget lets no pod go now.');
    return AT;
  };
  const outcomes = await rerollMismatch(cluster, facts, { mayWrite: () => mayWrite, restart }, never);
  return {
    outcomes,
    tried: outcomes.map((outcome) => [outcome.target.name, 'restartedAt' in outcome ? 'restarted' : outcome.refused.reason]),
  };
}

describe('the audit restarts', () => {
  it.each<[string, OptedInCluster, readonly (readonly string[])[]]>([
    ['nothing that did not ask for it', clusterOf(undefined), []],
    ['nothing where plumbline.yaml says never', clusterOf('never'), []],
    ['one workload where plumbline.yaml asks for it', clusterOf('on-mismatch'), [['web', 'restarted']]],
    ['a workload that asks for it itself', clusterOf(undefined, { api: 'on-mismatch' }), [['api', 'restarted']]],
    ['no workload that does not want it', clusterOf('on-mismatch', { web: 'never' }), [['api', 'restarted']]],
    ['no workload whose wish is not understood', clusterOf('on-mismatch', { web: 'yes' }), [['api', 'restarted']]],
  ])('%s', async (_what, cluster, tried) => {
    expect((await reroll(cluster, [fact('web'), fact('web'), fact('api')])).tried).toEqual(tried);
  });

  it.each(['run.unverifiable', 'run.split', 'digest.missing', 'pod.ephemeral'])('nothing for %s', async (id) => {
    expect((await reroll(clusterOf('on-mismatch'), [fact('web', id)])).tried).toEqual([]);
  });

  it('nothing that Git does not have, or that has no template to go through', async () => {
    expect((await reroll(clusterOf('on-mismatch'), [fact('stranger'), fact('web', 'run.mismatch', 'Job')])).tried).toEqual([]);
  });

  it('nothing that may not be written now', async () => {
    expect((await reroll(clusterOf('on-mismatch'), [fact('web')], [], false)).tried).toEqual([]);
  });

  it('the next one where a workload has to wait', async () => {
    const { tried } = await reroll(clusterOf('on-mismatch'), [fact('web'), fact('api'), fact('db')], ['web']);
    expect(tried).toEqual([
      ['web', 'DisruptionBudget'],
      ['api', 'restarted'],
    ]);
  });
});

it('tries no other workload where the cluster itself has to wait', async () => {
  const { tried } = await reroll(clusterOf('on-mismatch'), [fact('web'), fact('api')], ['web'], true, 'ClusterRestartedJustNow');
  expect(tried).toEqual([['web', 'ClusterRestartedJustNow']]);
});

it('records what was restarted as applied, what had to wait as refused, and the rest as it was', async () => {
  const facts = [fact('web'), fact('api'), fact('db'), fact('api', 'run.split')];
  const { outcomes } = await reroll(clusterOf('on-mismatch'), facts, ['web']);
  expect(withRerolls(facts, outcomes).map(({ object, class: id, decision, error }) => [object.name, id, decision, error?.message])).toEqual(
    [
      ['web', 'run.mismatch', 'refused', 'Other bytes. PodDisruptionBudget lets no pod go now.'],
      ['api', 'run.mismatch', 'applied', `Other bytes. It was restarted through its template at ${AT}.`],
      ['db', 'run.mismatch', 'reported', 'Other bytes.'],
      ['api', 'run.split', 'reported', 'Other bytes.'],
    ],
  );
  expect(withRerolls(facts, outcomes).map(({ correctedAt }) => correctedAt)).toEqual([undefined, AT, undefined, undefined]);
});

describe('the audit reaches a cluster', () => {
  const roleArn = 'arn:aws:iam::111122223333:role/plumbline-prod-eu';
  const row = clusterRow('prod-eu', { connection: { type: 'eks', eksName: 'prod', region: 'eu-west-1', roleArn } });

  it("by the role beside the row's own, where there is such a role", () => {
    expect(auditedThrough(row, '-audit').connection).toEqual({ ...row.connection, roleArn: `${roleArn}-audit` });
    expect(auditedThrough(row, '')).toBe(row);
  });

  it('as the row says where that names no role', () => {
    const own = clusterRow('own');
    expect(auditedThrough(own, '-audit')).toBe(own);
  });
});
