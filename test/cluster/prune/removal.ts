import { expect } from 'vitest';
import type { Artifact } from '../../../lib/source/artifact.ts';
import { createWorld, type World, type WorldOptions } from '../reconcile/world.ts';

export const KEPT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kept, namespace: NS }\ndata: { colour: blue }\n';
export const EXTRA = `---\n${KEPT.replace('kept', 'extra')}`;
export const AT_ONCE: Partial<Artifact> = { settings: { prune: { delay: '0s' } } };

export async function deployed(yaml: string, options: WorldOptions = {}): Promise<World> {
  const world = await createWorld(options);
  await world.commit(yaml);
  expect((await world.reconcile()).outcome).toBe('in-sync');
  return world;
}

/** The commit, and two runs: the first sees what is absent, the second may delete it. */
export async function removeBy(world: World, yaml: string, artifact: Partial<Artifact> = AT_ONCE) {
  await world.commit(yaml, artifact);
  const row = artifact.path === undefined ? {} : { path: artifact.path };
  await world.reconcile({}, row);
  return await world.reconcile({}, row);
}

export const exists = async (world: World, name: string, kind = 'configmap') =>
  (await world.kubectl(['get', kind, name, '--ignore-not-found', '-o', 'name'])) !== '';
