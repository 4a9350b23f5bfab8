import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { stringifyJson } from '../../../lib/manifests/json.ts';
import { describeObject, type KubernetesObject, objectIdOf } from '../../../lib/manifests/object.ts';
import type { ReconciledCluster } from '../kinds/reconciled-cluster.ts';

/** What somebody says of one object: the paths that differ, down to the first list on the way; or why it cannot be told. */
export type Verdict = { readonly paths: readonly string[] } | { readonly error: string };

/** Kept instead of shown: kubectl gives two folders, the live objects and what would become of them. */
const KEEP_BOTH = '#!/bin/sh\ncp -r "$1" "$KEPT/live" && cp -r "$2" "$KEPT/merged"\n';

/**
 * `kubectl diff --server-side` of these objects with our manager and forced conflicts, by `Kind namespace/name`. One object that fails ends
 * the whole command: then its half is halved, until it is found.
 */
export async function kubectlVerdicts(
  cluster: ReconciledCluster,
  objects: readonly KubernetesObject[],
): Promise<ReadonlyMap<string, Verdict>> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-verdict-'));
  try {
    const script = join(folder, 'keep');
    await writeFile(script, KEEP_BOTH);
    await chmod(script, 0o700);
    return await verdictsOf(cluster, objects, folder, script);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function verdictsOf(
  cluster: ReconciledCluster,
  objects: readonly KubernetesObject[],
  folder: string,
  script: string,
): Promise<ReadonlyMap<string, Verdict>> {
  const kept = await mkdtemp(join(folder, 'kept-'));
  const { fieldManager } = cluster.identity;
  const { status, stderr } = await cluster.kubectl(
    ['diff', '--server-side', '--force-conflicts', '--field-manager', fieldManager, '--cache-dir', join(folder, 'cache'), '-f', '-'],
    {
      input: stringifyJson({ apiVersion: 'v1', kind: 'List', items: objects }),
      accepted: [0, 1, 2],
      env: { KUBECTL_EXTERNAL_DIFF: script, KEPT: kept },
    },
  );
  if (status === 0) return readKept(kept);
  const [only, ...others] = objects;
  if (only === undefined) return new Map();
  if (others.length === 0) return new Map([[describeObject(objectIdOf(only)), { error: stderr.trim() }]]);
  const middle = Math.ceil(objects.length / 2);
  const first = await verdictsOf(cluster, objects.slice(0, middle), folder, script);
  const second = await verdictsOf(cluster, objects.slice(middle), folder, script);
  return new Map([...first, ...second]);
}

const Identified = z.object({ kind: z.string(), metadata: z.object({ name: z.string(), namespace: z.string().optional() }) });

async function readKept(kept: string): Promise<ReadonlyMap<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  for (const file of await readdir(join(kept, 'merged'))) {
    const [live, merged] = await Promise.all(['live', 'merged'].map((side) => readFile(join(kept, side, file), 'utf8')));
    const desired: unknown = parse(merged ?? '', { intAsBigInt: true });
    const { kind, metadata } = Identified.parse(desired);
    const paths = [...differingPaths(comparable(parse(live ?? '', { intAsBigInt: true })), comparable(desired), '')];
    verdicts.set(describeObject({ kind, namespace: metadata.namespace ?? '', name: metadata.name }), { paths });
  }
  return verdicts;
}

/** A dry-run counts the generation that its write would make. */
function comparable(object: unknown): unknown {
  if (!isFields(object) || !isFields(object.metadata)) return object;
  const { generation: _generation, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} } };
}

function* differingPaths(live: unknown, merged: unknown, path: string): Generator<string> {
  if (isDeepStrictEqual(live, merged)) return;
  if (!isFields(live) || !isFields(merged)) {
    yield path;
    return;
  }
  for (const field of new Set([...Object.keys(live), ...Object.keys(merged)])) {
    const plain = /^[A-Za-z_$][\w$-]*$/.test(field);
    yield* differingPaths(
      live[field],
      merged[field],
      plain ? `${path}${path === '' ? '' : '.'}${field}` : `${path}[${JSON.stringify(field)}]`,
    );
  }
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
