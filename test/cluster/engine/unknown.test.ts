import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../lib/kubernetes/api-error.ts';
import type { KubernetesClient } from '../../../lib/kubernetes/client.ts';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';
import { altered, watchRun } from './watched-run.ts';

const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';
const OLD = SETTINGS.replace('settings', 'old');
const RUNNER = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: runner, namespace: NS }\nautomountServiceAccountToken: false\n';
const all = (...manifests: readonly string[]) => manifests.join('---\n');

/** What the API server says of a kind whose conversion webhook is down. */
const INITIALIZING = new ApiError({
  status: 429,
  reason: 'TooManyRequests',
  message: 'list of ConfigMap: the API server answered 429 TooManyRequests: storage is (re)initializing.',
});

/** ConfigMaps cannot be listed. */
const withoutConfigMaps =
  (error: ApiError) =>
  (client: KubernetesClient): KubernetesClient =>
    altered(client, {
      listMetadata: (resource, question, signal) =>
        resource.kind === 'ConfigMap' ? Promise.reject(error) : client.listMetadata(resource, question, signal),
    });

async function settled(git = all(SETTINGS, RUNNER)): Promise<World> {
  const world = await createWorld();
  await world.commit(git);
  await world.reconcile();
  return world;
}

describe('a kind that cannot be listed', () => {
  it('is unknown, never in sync, and the drift of others is corrected', async () => {
    const world = await settled();
    const before = await world.stores.state.get(world.row.cluster);
    await world.kubectl(['patch', 'serviceaccount', 'runner', '--type=merge', '--patch', '{"automountServiceAccountToken":true}']);
    world.advance(30);

    const run = await watchRun(world, withoutConfigMaps(INITIALIZING));

    expect(run.outcome).toBe('failed');
    expect(objectRecords(run).filter(({ decision }) => decision === 'failed')).toMatchObject([
      {
        class: 'unverifiable',
        object: { kind: 'ConfigMap', name: 'settings' },
        error: { reason: 'TooManyRequests', message: expect.stringMatching(/^ConfigMap .*could not be listed.*initializing/) },
      },
    ]);
    expect(run.applied).toEqual(['runner']);
    // Nothing was seen of it: neither is fresher than before.
    expect(await world.stores.state.get(world.row.cluster)).toMatchObject({
      outcome: 'failed',
      observedAt: before?.observedAt,
      verifiedAt: before?.verifiedAt,
    });
  });

  it('is in sync again with the next list, at the price of one reading', async () => {
    const world = await settled();
    await watchRun(world, withoutConfigMaps(INITIALIZING));
    const run = await watchRun(world);
    expect(run).toMatchObject({ outcome: 'in-sync', dryRun: ['settings'] });
    expect(await world.open()).toEqual([]);
    expect(await watchRun(world)).toMatchObject({ outcome: 'in-sync', dryRun: [] });
  });

  it('loses none of its objects, whatever Git says by now', async () => {
    const world = await settled(all(SETTINGS, OLD, RUNNER));
    await world.commit(all(SETTINGS, RUNNER));
    for (let run = 0; run < 3; run += 1) {
      world.advance(900);
      expect((await watchRun(world, withoutConfigMaps(INITIALIZING))).outcome).toBe('failed');
    }
    expect((await world.live('configmap', 'old')).metadata.deletionTimestamp).toBeUndefined();
  });

  it('is read object by object where only its list is forbidden', async () => {
    const world = await settled();
    await world.kubectl(['patch', 'configmap', 'settings', '--type=merge', '--patch', '{"data":{"colour":"red"}}']);
    const forbidden = new ApiError({
      status: 403,
      reason: 'Forbidden',
      message: 'list of ConfigMap: the API server answered 403 Forbidden.',
    });
    const run = await watchRun(world, withoutConfigMaps(forbidden));
    expect(run).toMatchObject({ outcome: 'corrected', dryRun: ['settings'], applied: ['settings'] });
  });
});

describe('webhooks and policies that may not be listed', () => {
  it('fail no run, and are not taken for changed each time', async () => {
    const world = await settled();
    const withoutAdmission = (client: KubernetesClient): KubernetesClient =>
      altered(client, {
        list: (resource, options, signal) =>
          resource.group === 'admissionregistration.k8s.io'
            ? Promise.reject(new ApiError({ status: 403, reason: 'Forbidden', message: 'no' }))
            : client.list(resource, options, signal),
      });
    expect((await watchRun(world, withoutAdmission)).outcome).toBe('in-sync');
    for (let run = 0; run < 2; run += 1) await watchRun(world, withoutAdmission);
    expect(await watchRun(world, withoutAdmission)).toMatchObject({ outcome: 'in-sync', dryRun: [], stored: false });
  });
});
