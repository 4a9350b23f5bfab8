import { afterEach, describe, expect, it } from 'vitest';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';
import { type WatchedRun, watchRun } from './watched-run.ts';

const GIT = `apiVersion: v1
kind: ServiceAccount
metadata: { name: runner, namespace: NS }
secrets: [{ name: first }, { name: second }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: NS, labels: { test: NS } }
data: { colour: blue }
`;

async function settled(): Promise<World> {
  const world = await createWorld();
  await world.commit(GIT);
  await world.reconcile();
  return world;
}

/** A change that moves no ownership: the server shows it to nobody but who applies in full. */
const reorder = ({ kubectl }: World) =>
  kubectl([
    'patch',
    'serviceaccount',
    'runner',
    '--type=json',
    '--patch',
    '[{"op":"replace","path":"/secrets","value":[{"name":"second"},{"name":"first"}]}]',
  ]);
const verifiedAt = async ({ stores, row }: World) => Date.parse((await stores.state.get(row.cluster))?.verifiedAt ?? '');

/** A run each minute for an hour. */
async function hourOf(world: World): Promise<readonly WatchedRun[]> {
  const runs: WatchedRun[] = [];
  for (let minute = 0; minute < 60; minute += 1) {
    world.advance(60);
    runs.push(await watchRun(world));
  }
  return runs;
}

describe('the sweep', () => {
  it('verifies every object once in an hour, and stores nothing for it', async () => {
    const world = await settled();
    const runs = await hourOf(world);
    expect(runs.flatMap(({ dryRun }) => dryRun).toSorted()).toEqual(['runner', 'settings']);
    expect(runs.filter(({ stored }) => stored)).toEqual([]);
    expect(runs.filter(({ outcome }) => outcome !== 'in-sync')).toEqual([]);
    expect(await verifiedAt(world)).toBeGreaterThan(world.deps.clock.now().getTime() - 3_661_000);
  }, 120_000);

  it('finds within the hour what ownership cannot show, and until then the cluster claims no later verification', async () => {
    const world = await settled();
    await reorder(world);
    const edited = world.deps.clock.now().getTime();
    let found: WatchedRun | undefined;
    for (let minute = 0; minute < 61 && found === undefined; minute += 1) {
      world.advance(60);
      const run = await watchRun(world);
      if (run.outcome === 'corrected') found = run;
      else expect(await verifiedAt(world)).toBeLessThanOrEqual(edited);
    }
    expect(found === undefined ? [] : objectRecords(found)).toMatchObject([{ class: 'list-order', object: { name: 'runner' } }]);
    expect((await world.live('serviceaccount', 'runner')).secrets).toEqual([{ name: 'first' }, { name: 'second' }]);
  }, 120_000);
});

describe('what else has a hand in objects', () => {
  const worlds: World[] = [];
  afterEach(async () => {
    for (const { kubectl, namespace } of worlds.splice(0))
      await kubectl(['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', namespace, '--ignore-not-found']);
  });

  /** A policy that says no to every change of the world's ConfigMap. */
  const policy = (namespace: string) => `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: ${namespace} }
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], resources: [configmaps], operations: [CREATE, UPDATE] }]
  validations: [{ expression: "object.metadata.?labels['test'].orValue('') != '${namespace}'", message: "not in this cluster" }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: ${namespace} }
spec: { policyName: ${namespace}, validationActions: [Deny] }
`;

  it('puts its kinds first into the sweep when it changes, and no others', async () => {
    const world = await settled();
    worlds.push(world);
    await world.kubectl(['apply', '-f', '-'], policy(world.namespace));
    // The server takes a moment to go by a new policy.
    await expect
      .poll(() => world.kubectl(['label', 'configmap', 'settings', 'probe=1', '--dry-run=server']).catch(({ message }: Error) => message), {
        timeout: 20_000,
      })
      .toContain('not in this cluster');

    const run = await watchRun(world);

    expect(run.dryRun).toEqual(['settings']);
    expect(objectRecords(run)).toMatchObject([{ decision: 'failed', class: 'unverifiable', object: { name: 'settings' } }]);
    expect(run.outcome).toBe('failed');
    await world.kubectl(['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', world.namespace]);
    await expect.poll(async () => (await watchRun(world)).outcome, { timeout: 20_000 }).toBe('in-sync');
    expect(await watchRun(world)).toMatchObject({ outcome: 'in-sync', dryRun: [], stored: false });
  }, 90_000);
});
