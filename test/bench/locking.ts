import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { stringify } from 'yaml';
import { lockImages } from '../../lib/images/index.ts';
import type { ImageReference } from '../../lib/images/types.ts';
import { renderDirectory } from '../../lib/source/index.ts';
import { createDocumentClient, createLockStore, type LockStore } from '../../lib/storage/index.ts';
import { applicationSet } from '../helpers/application-set.ts';
import { reachOf } from '../helpers/deployed-state.ts';
import type { BenchStorage } from './bench-storage.ts';
import { median } from './rows.ts';

/** What locking adds to the render of a commit that changes no image; each the median of some commits. */
export interface Locking {
  readonly objects: number;
  readonly images: number;
  readonly renderSeconds: number;
  readonly lockSeconds: number;
  /** Of the render. */
  readonly share: number;
  /** Of all commits after the first. */
  readonly registryCalls: number;
}

/** The first locks every image, and a process that has just begun is slower at everything. */
const NOT_COUNTED = 5;
const COMMITS = 9;
/** The share that it must stay under. */
const LIMIT = 0.05;

/**
 * Renders the applications as plain files, the fastest way to render them, and locks their images, commit after commit, with the locks in
 * DynamoDB.
 */
export async function measureLocking(storage: BenchStorage, signal: AbortSignal): Promise<Locking> {
  const directory = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
  const client = new DynamoDBClient(reachOf(storage.env));
  try {
    for (const [name, objects] of Map.groupBy(applicationSet(), ({ metadata }) => metadata.name)) {
      await writeFile(join(directory, `${name}.yaml`), objects.map((object) => stringify(object)).join('---\n'));
    }
    const { stateTable } = await storage.createStores();
    return await lockCommits(directory, createLockStore(createDocumentClient(client), stateTable), signal);
  } finally {
    client.destroy();
    await rm(directory, { recursive: true, force: true });
  }
}

async function lockCommits(directory: string, locks: LockStore, signal: AbortSignal): Promise<Locking> {
  let calls = 0;
  const registry = {
    resolve: async (references: readonly ImageReference[]) => {
      calls += 1;
      const found = { state: 'found', digest: `sha256:${'a'.repeat(64)}`, mediaType: 'application/vnd.oci.image.index.v1+json' } as const;
      return new Map(references.map(({ text }) => [text, { ...found, platforms: [] }]));
    },
  };
  const deps = { registry, locks, clock: { now: () => new Date() } };
  const objects = applicationSet().length;
  const images = new Set(JSON.stringify(applicationSet()).match(/registry\.example\/[^"]+/g)).size;
  const renders: number[] = [];
  const lockings: number[] = [];
  for (let commit = 0; commit < NOT_COUNTED + COMMITS; commit += 1) {
    const started = performance.now();
    const source = await renderDirectory(directory, { tools: { kubectl: '', helm: '' } }, signal);
    const rendered = performance.now();
    const locked = await lockImages({ ...source, revision: `commit-${commit}` }, 'lock', deps, signal);
    const ended = performance.now();
    if (locked.objects.length !== objects || locked.digests.length !== images) {
      throw new Error(`locking: ${locked.digests.length} of ${images} images and ${locked.objects.length} of ${objects} objects came out.`);
    }
    if (commit === 0) calls = 0;
    if (commit < NOT_COUNTED) continue;
    renders.push((rendered - started) / 1000);
    lockings.push((ended - rendered) / 1000);
  }
  const [renderSeconds, lockSeconds] = [median(renders), median(lockings)];
  return { objects, images, renderSeconds, lockSeconds, share: lockSeconds / renderSeconds, registryCalls: calls };
}

export function formatLocking({ objects, images, renderSeconds, lockSeconds, share, registryCalls }: Locking): string {
  const [percent, limit] = [share, LIMIT].map((part) => (100 * part).toFixed(1));
  return `Locks of ${images} images in ${objects} objects, none of them new: render ${renderSeconds.toFixed(3)} s, lock ${lockSeconds.toFixed(3)} s, which is ${percent} % (limit ${limit} %), ${registryCalls} calls to registries (limit 0)`;
}
