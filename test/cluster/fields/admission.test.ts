import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';

const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';

/** What admission does to the data of the world's ConfigMaps, as long as the policy is there. */
async function mutate(world: World, colour: string, operations: string, condition = 'true'): Promise<AsyncDisposable> {
  const name = `mutate-${randomBytes(4).toString('hex')}`;
  const policy = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: { name: ${name} }
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${world.namespace} } }
    resourceRules: [{ apiGroups: [''], apiVersions: [v1], operations: ${operations}, resources: [configmaps] }]
  matchConditions: [{ name: ours, expression: "object.metadata.name == 'settings' && ${condition}" }]
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration: { expression: "Object{data: {'colour': ${colour}}}" }
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: { name: ${name} }
spec: { policyName: ${name} }
`;
  await world.kubectl(['create', '-f', '-'], policy);
  const probe = SETTINGS.replace('NS', world.namespace);
  // A server takes its time to follow a new policy.
  for (let tries = 0; tries < 100 && operations.includes('CREATE'); tries += 1) {
    const answer = await world
      .kubectl(['create', '--dry-run=server', '-o', 'jsonpath={.data.colour}', '-f', '-'], probe)
      .catch(() => 'blue');
    if (answer !== 'blue') break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    async [Symbol.asyncDispose]() {
      await world.kubectl(['delete', 'mutatingadmissionpolicybinding,mutatingadmissionpolicy', name]);
    },
  };
}

describe('admission that changes what we write', () => {
  it('is not taken for a creation as Git has it', async () => {
    const world = await createWorld();
    await using _policy = await mutate(world, "'red'", '[CREATE]');
    await world.commit(SETTINGS);
    const result = await world.reconcile();
    expect(result.outcome).toBe('drifting');
    expect(objectRecords(result).at(-1)).toMatchObject({ class: 'created', error: { reason: 'NotVerified' } });
    expect((await world.reconcile()).outcome).toBe('corrected');
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'blue' });
    expect(await world.open()).toEqual([]);
  });

  it('with another value at each write is one open record that says so once, however often it is met', async () => {
    const world = await createWorld();
    await world.commit(SETTINGS);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}']);
    await using _policy = await mutate(world, "oldObject.data.colour + 'x'", '[UPDATE]');
    for (let tries = 0; tries < 100; tries += 1) {
      const asked = await world.kubectl([
        'patch',
        'configmap',
        'settings',
        '-p',
        '{}',
        '--dry-run=server',
        '-o',
        'jsonpath={.data.colour}',
      ]);
      if (asked !== 'red') break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const first = await world.reconcile();
    expect(first.outcome).toBe('drifting');
    const [record, ...more] = await world.open();
    expect(more).toEqual([]);
    expect(record).toMatchObject({ class: 'value', error: { reason: 'NotVerified' } });
    for (let runs = 0; runs < 2; runs += 1) {
      const again = await world.reconcile();
      expect(again.outcome).toBe('drifting');
      expect(objectRecords(again)).toEqual([]);
    }
    expect(await world.open()).toMatchObject([{ id: record?.id }]);
  });

  it('of a write that it shows to nobody before is one open record too', async () => {
    const world = await createWorld();
    await world.commit(SETTINGS);
    await world.reconcile();
    await using _policy = await mutate(world, "'red'", '[UPDATE]', '!request.dryRun');
    for (let tries = 0; tries < 100 && Object((await world.live('configmap', 'settings')).data).colour !== 'red'; tries += 1) {
      await world.kubectl(['annotate', '--overwrite', 'configmap', 'settings', `plumbline.dev/tries=${tries}`]);
    }
    expect((await world.reconcile()).outcome).toBe('drifting');
    expect(objectRecords(await world.reconcile())).toEqual([]);
    expect(await world.open()).toMatchObject([{ class: 'value', error: { reason: 'NotVerified' } }]);
  });
});
