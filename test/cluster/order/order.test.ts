import { describe, expect, it } from 'vitest';
import type { KubernetesClient } from '../../../lib/kubernetes/index.ts';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';

const map = (name: string, dependsOn = '', data = 'a: "1"') =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: NS, annotations: { plumbline.dev/depends-on: "${dependsOn}" } }\ndata: { ${data} }\n`;

/** A connection that notes the writes, in the order in which they are begun. */
function noting(world: World, writes: string[]): () => Promise<KubernetesClient> {
  return async () => {
    const client = await world.deps.connect(world.row, AbortSignal.timeout(5_000));
    const noted: Pick<KubernetesClient, 'apply' | 'delete'> = {
      apply: (resource, object, options, signal) => {
        if (!options.dryRun) writes.push(object.metadata.name);
        return client.apply(resource, object, options, signal);
      },
      delete: (resource, id, options, signal) => {
        writes.push(`-${id.name}`);
        return client.delete(resource, id, options, signal);
      },
    };
    return new Proxy(client, { get: (target, name) => Reflect.get(Object.hasOwn(noted, name) ? noted : target, name) });
  };
}

const exists = async (world: World, name: string) => (await world.kubectl(['get', 'configmap', name, '--ignore-not-found'])) !== '';

/** What the Job's controller says when its pods are through. */
async function completeJob(world: World, name: string): Promise<void> {
  const now = new Date().toISOString();
  const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({ type, status: 'True', lastTransitionTime: now }));
  const status = { startTime: now, completionTime: now, succeeded: 1, conditions };
  await world.kubectl(['patch', 'job', name, '--subresource=status', '--type=merge', '--patch', JSON.stringify({ status })]);
}

describe('an object that depends on others', () => {
  it('is applied once they work and deleted before them', async () => {
    const world = await createWorld();
    const writes: string[] = [];
    const job = `---\napiVersion: batch/v1\nkind: Job\nmetadata: { name: job, namespace: NS }\nspec: { template: { spec: { restartPolicy: Never, containers: [{ name: a, image: a }] } } }\n`;
    const rest = map('rest');
    await world.commit(map('last', 'ConfigMap/first, job.batch/job') + map('first', '/ConfigMap/NS/before') + map('before') + job + rest, {
      settings: { prune: { delay: '0s' } },
    });
    expect((await world.reconcile({ connect: noting(world, writes) })).outcome).toBe('blocked');
    expect(writes.filter((name) => name !== 'rest')).toEqual(['before', 'first', 'job']);
    await completeJob(world, 'job');
    // The run that sees it work goes on.
    expect((await world.reconcile({ connect: noting(world, writes) })).outcome).toBe('in-sync');
    expect(writes.filter((name) => name !== 'rest')).toEqual(['before', 'first', 'job', 'last']);

    writes.length = 0;
    await world.commit(rest, { settings: { prune: { delay: '0s' } } });
    await world.reconcile();
    await world.reconcile({ connect: noting(world, writes) });
    expect(writes).toEqual(['-last', '-job', '-first', '-before']);
  });

  it('waits while one of them cannot be applied, and says for what', async () => {
    const world = await createWorld();
    await world.commit(map('first', '', 'a: [1]') + map('second', 'ConfigMap/first') + map('third', 'ConfigMap/second') + map('other'));
    const result = await world.reconcile();
    expect([await exists(world, 'second'), await exists(world, 'third'), await exists(world, 'other')]).toEqual([false, false, true]);
    expect(objectRecords(result)).toContainEqual(
      expect.objectContaining({
        decision: 'blocked',
        object: expect.objectContaining({ name: 'second' }),
        error: { reason: 'WaitingForDependency', message: expect.stringContaining(`ConfigMap ${world.namespace}/first`) },
      }),
    );
    await world.commit(map('first') + map('second', 'ConfigMap/first') + map('third', 'ConfigMap/second') + map('other'));
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });

  it('on itself or on nothing is a failure by name, and the others go on', async () => {
    const world = await createWorld();
    await world.commit(map('a', 'ConfigMap/b') + map('b', 'ConfigMap/a') + map('lost', 'ConfigMap/nowhere') + map('other'));
    const result = await world.reconcile();
    expect(objectRecords(result).map(({ object, error }) => [object.name, error?.reason])).toEqual([
      ['other', undefined],
      ['a', 'DependencyCycle'],
      ['b', 'DependencyCycle'],
      ['lost', 'DependencyUnknown'],
    ]);
    expect(await exists(world, 'other')).toBe(true);
  });

  it('of a kind that comes with this run waits as any other', async () => {
    const world = await createWorld();
    const group = `${world.namespace}.example.com`;
    const definition = `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ledgers.${group} }
spec:
  group: ${group}
  names: { kind: Ledger, plural: ledgers }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;
    const ledger = (dependsOn: string) =>
      `---\napiVersion: ${group}/v1\nkind: Ledger\nmetadata: { name: ledger, namespace: NS, annotations: { plumbline.dev/depends-on: "${dependsOn}" } }\n`;
    const writes: string[] = [];
    await world.commit(definition + ledger('ConfigMap/first') + map('after', `ledger.${group}/ledger`) + map('first'));
    expect((await world.reconcile({ connect: noting(world, writes) })).outcome).toBe('in-sync');
    expect(writes).toEqual([`ledgers.${group}`, 'first', 'ledger', 'after']);
  });
});

it('what could not be planned once its kind was there is a failure that says why', async () => {
  const world = await createWorld();
  const group = `${world.namespace}.example.com`;
  await world.commit(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ledgers.${group} }
spec:
  group: ${group}
  names: { kind: Ledger, plural: ledgers }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
---
apiVersion: ${group}/v1
kind: Ledger
metadata: { name: ledger, namespace: NS }
`);
  let stored = 0;
  const artifacts: typeof world.deps.artifacts = {
    ...world.deps.artifacts,
    putInventory: async (...inventory) => {
      stored += 1;
      // The first is before the definition is written, the second before what waited for it is.
      if (stored === 2) throw new Error('the bucket does not answer');
      return await world.deps.artifacts.putInventory(...inventory);
    },
  };
  const result = await world.reconcile({ artifacts });
  expect(result.outcome).toBe('failed');
  expect(objectRecords(result)).toContainEqual(
    expect.objectContaining({
      object: expect.objectContaining({ kind: 'Ledger' }),
      decision: 'failed',
      error: expect.objectContaining({ message: 'the bucket does not answer' }),
    }),
  );
  expect((await world.reconcile()).outcome).toBe('in-sync');
});

describe('a Job that has run', () => {
  const job = (fields = '', image = 'a') =>
    `apiVersion: batch/v1\nkind: Job\nmetadata: { name: job, namespace: NS, annotations: { plumbline.dev/on-immutable: recreate } }\nspec: { ${fields} template: { spec: { restartPolicy: Never, containers: [{ name: a, image: ${image} }] } } }\n`;
  /** What the Job controller, which is not there, says. */
  const finish = (world: World, type: 'Complete' | 'Failed') => {
    const at = new Date().toISOString();
    const reached = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
    const conditions = [reached, type].map((each) => ({ type: each, status: 'True', lastTransitionTime: at }));
    const status = { startTime: at, ...(type === 'Complete' ? { completionTime: at, succeeded: 1 } : {}), conditions };
    return world.kubectl(['patch', 'job', 'job', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]);
  };
  const isThere = async (world: World) => (await world.kubectl(['get', 'job', 'job', '--ignore-not-found'])) !== '';
  async function deployed(fields = '') {
    const world = await createWorld();
    await world.commit(job(fields));
    await world.reconcile();
    return world;
  }

  it.each(['Complete', 'Failed'] as const)('is not run again when somebody takes it away: %s', async (type) => {
    const world = await deployed();
    await finish(world, type);
    await world.reconcile();
    await world.kubectl(['delete', 'job', 'job']);
    for (let run = 0; run < 3; run += 1) expect((await world.reconcile()).outcome).toBe('in-sync');
    await world.commit(job(), { revision: 'f'.repeat(40) });
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await isThere(world)).toBe(false);
    expect((await world.plan()).lines).toMatchObject([]);
  });

  it.each([
    ['was seen', true],
    ['is seen only then', false],
  ])('is not run again after a run that saw it wait for its finalizers, when its end %s', async (_when, seen) => {
    const world = await deployed();
    await world.kubectl(['patch', 'job', 'job', '--type=merge', '-p', '{"metadata":{"finalizers":["example.com/hold"]}}']);
    await finish(world, 'Complete');
    if (seen) await world.reconcile();
    await world.kubectl(['delete', 'job', 'job', '--wait=false']);
    expect(objectRecords(await world.reconcile())).toMatchObject([{ class: 'terminating', decision: 'blocked' }]);
    await world.kubectl(['patch', 'job', 'job', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await isThere(world)).toBe(false);
  });

  it('is not run again after a run that could not read it', async () => {
    const world = await deployed();
    await finish(world, 'Complete');
    await world.reconcile();
    const unreadable: typeof world.deps.connect = async (...request) => {
      const client = await world.deps.connect(...request);
      const fails = async () => {
        throw new Error('nobody answers');
      };
      return new Proxy(client, { get: (target, name) => (name === 'get' || name === 'apply' ? fails : Reflect.get(target, name)) });
    };
    await world.kubectl(['annotate', '--overwrite', 'job', 'job', 'plumbline.dev/on-immutable=no']);
    expect(objectRecords(await world.reconcile({ connect: unreadable }))).toMatchObject([{ class: 'unverifiable', decision: 'failed' }]);
    await world.kubectl(['delete', 'job', 'job']);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await isThere(world)).toBe(false);
  });

  it('is not run again when its time to live took it away, before anybody saw its end', async () => {
    const world = await deployed('ttlSecondsAfterFinished: 0,');
    await world.kubectl(['delete', 'job', 'job']);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await isThere(world)).toBe(false);
  });

  it('is run again when Git says another thing of it', async () => {
    const world = await deployed('ttlSecondsAfterFinished: 0,');
    await world.kubectl(['delete', 'job', 'job']);
    await world.reconcile();
    await world.commit(job('ttlSecondsAfterFinished: 0,', 'b'));
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await isThere(world)).toBe(true);
  });

  it('is another one than a Job that somebody deleted while it ran', async () => {
    const world = await deployed();
    await world.kubectl(['delete', 'job', 'job']);
    expect(objectRecords(await world.reconcile())).toMatchObject([{ class: 'missing', decision: 'corrected' }]);
    expect(await isThere(world)).toBe(true);
  });
});
