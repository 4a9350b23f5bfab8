import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ROTATED_SECRET_VALUE } from '../../demo/breakage.ts';
import { SAVED_QUERIES } from '../../infra/constructs/saved-queries.ts';
import { type EnvironmentDescription, localEnvironmentStatus, stopLocalEnvironment, thisHost } from '../../lib/local/index.ts';
import { everythingStored, logLines, reachOf } from '../helpers/deployed-state.ts';
import { adminToken, callCluster } from '../helpers/environment.ts';
import { processesThatMention } from '../helpers/leftovers.ts';
import { runQuery } from '../helpers/log-insights.ts';
import { placesThatHold } from '../helpers/secret-search.ts';

const NAME = `demo-test-${randomBytes(4).toString('hex')}`;
const SECRET_VALUES = ['demo-value-of-the-first-commit', ROTATED_SECRET_VALUE];
const FUNCTIONS = ['schedule', 'source', 'reconcile', 'audit'];
const host = thisHost(process.env);

type Line = Readonly<Record<string, unknown>>;

let output = '';
let status: number | null = null;
let environment: EnvironmentDescription;
let stored: readonly Line[];
let lines: readonly Line[];

/** On a machine where nothing was built yet the demo builds the API server and its controllers first, beside other tests that wait for them. */
const FIRST_RUN_MILLISECONDS = 2_400_000;

/** The demo runs once, by its own command, and stays up to be looked at. */
beforeAll(async () => {
  const child = spawn(process.execPath, ['demo/main.ts', '--keep', '--name', NAME], {
    cwd: host.project,
    // What it prints is read here, wherever it runs: some colour even a pipe when they are told that this is CI.
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      output += data;
      process.stderr.write(data);
    });
  status = await new Promise((resolve) => child.once('exit', resolve));
  const found = await localEnvironmentStatus(NAME, host);
  if (found?.status !== 'running') throw new Error(`the demo ended with ${status} and left no environment to look at`);
  environment = found.environment;
  stored = await scanRecords();
  const logs = await Promise.all(FUNCTIONS.map((name) => logLines(reachOf(environment.aws), `/aws/lambda/plumbline-${name}`)));
  lines = logs.flat().flatMap(jsonLine);
}, FIRST_RUN_MILLISECONDS);

afterAll(async () => {
  await stopLocalEnvironment(NAME, host, () => undefined, new AbortController().signal);
});

describe('the demo', () => {
  it('tells its story to the end', () => {
    expect(status, output).toBe(0);
    expect(output).toMatch(/Done in \d+ s, of which \d+ s were waiting/);
  });

  it('says who made each change by hand, and that nobody can be known of what was removed', () => {
    const drift = stored.filter((record) => record.kind === 'drift' && record.cluster === 'prod-eu');
    const managerOf = (kind: string) => drift.filter((record) => objectOf(record).kind === kind).map((record) => actorOf(record).manager);
    expect(managerOf('Deployment')).toEqual(expect.arrayContaining(['kubectl-set']));
    expect(new Set(managerOf('ConfigMap'))).toEqual(new Set(['kubectl-patch']));
    expect(managerOf('Secret')).toEqual(['kubectl-patch']);
    expect(managerOf('Service')).toEqual(['unknown']);
    expect(managerOf('ServiceAccount')).toEqual(['unknown']);
  });

  it('takes back a sidecar, keeps a hold for as long as was asked, and leaves a fought field to its rival', () => {
    const drift = stored.filter((record) => record.kind === 'drift' && record.cluster === 'prod-eu');
    const of = (kind: string, name: string) => drift.filter((record) => objectOf(record).kind === kind && objectOf(record).name === name);
    expect(of('Deployment', 'worker')).toContainEqual(expect.objectContaining({ class: 'foreign-field', decision: 'corrected' }));
    const [held] = of('ConfigMap', 'worker');
    expect(Date.parse(String(held?.correctedAt)) - Date.parse(String(held?.at))).toBeGreaterThanOrEqual(120_000);
    const fought = of('LimitRange', 'defaults').filter((record) => record.decision === 'backed-off');
    expect(fought.map((record) => actorOf(record).manager)).toEqual(['cost-bot']);
    expect(drift.flatMap(({ changes }) => JSON.parse(String(changes))).some(({ path }) => path === 'spec.replicas')).toBe(false);
  });

  it('deletes what left Git where it may, and only there', () => {
    const pruned = stored.filter((record) => record.kind === 'prune');
    expect(pruned.map((record) => [record.cluster, objectOf(record).name, record.decision]).sort()).toEqual([
      ['prod-eu', 'shop', 'applied'],
      ['prod-us', 'shop', 'observed'],
    ]);
  });

  it('leaves the observed cluster as people made it', () => {
    const drift = stored.filter((record) => record.kind === 'drift' && record.cluster === 'prod-us');
    expect(new Set(drift.map((record) => record.decision))).toEqual(new Set(['observed']));
    expect(drift.every((record) => record.correctedAt === undefined)).toBe(true);
  });

  it('reports a tag that moved and a debug container, in the cluster whose pods come up', () => {
    const found = (id: string) => stored.filter((record) => record.kind === 'image' && record.class === id);
    const moved = found('tag.moved').filter((record) => record.cluster === 'prod-eu');
    expect(new Set(moved.map((record) => objectOf(record).name))).toEqual(new Set(['web', 'worker']));
    expect(found('pod.ephemeral').map((record) => [record.cluster, objectOf(record).name, record.decision])).toEqual([
      ['prod-eu', 'worker', 'reported'],
    ]);
    expect(found('pod.ephemeral')[0]?.resolvedAt).toBeUndefined();
  });

  it('restarts the workload of a pod that runs other bytes, until every pod runs what Git means', async () => {
    const [mismatch, ...others] = stored.filter((record) => record.kind === 'image' && record.class === 'run.mismatch');
    expect(others).toEqual([]);
    expect(mismatch).toMatchObject({ cluster: 'prod-eu', object: { kind: 'Deployment', name: 'web' }, decision: 'applied' });
    expect(Date.parse(String(mismatch?.verifiedAt))).toBeGreaterThan(Date.parse(String(mismatch?.correctedAt)));

    const [change, bad] = z
      .array(z.object({ path: z.string(), desired: z.string().optional(), live: z.string().optional() }))
      .parse(JSON.parse(String(mismatch?.changes)));
    const pods = await podsOf('web');
    expect(pods).toHaveLength(4);
    for (const { metadata, status } of pods) {
      expect(Date.parse(metadata.creationTimestamp)).toBeGreaterThanOrEqual(
        Math.floor(Date.parse(String(mismatch?.correctedAt)) / 1000) * 1000,
      );
      expect(status.containerStatuses.map(({ imageID }) => imageID.split('@')[1])).toEqual([change?.desired]);
      expect(bad?.path).not.toBe(`Pod shop/${metadata.name}`);
    }
    expect(change?.live).toBeDefined();
    expect(change?.live).not.toContain(String(change?.desired));
  });

  it('logs every record with the fields that the table holds', () => {
    const logged = lines.filter((line) => line.message === 'record');
    expect(stored.length).toBeGreaterThan(0);
    for (const record of stored) {
      const last = logged
        .filter((line) => line.id === record.id)
        .sort((a, b) => Number(a.sequence) - Number(b.sequence))
        .at(-1);
      expect(last, `record ${record.id} of kind ${record.kind} is in the log`).toBeDefined();
      expect(last).toMatchObject(withoutTableFields(record));
    }
    const ids = new Set(stored.map((record) => record.id));
    expect(logged.filter((line) => !ids.has(line.id))).toEqual([]);
  });

  it('counts in its metrics exactly what the table holds', () => {
    const sum = (metric: string) => lines.filter((line) => '_aws' in line).reduce((total, line) => total + sumOf(line[metric]), 0);
    const count = (isSo: (record: Line) => boolean) => stored.filter(isSo).length;
    expect(sum('DriftOpened')).toBe(count((record) => record.kind === 'drift'));
    expect(sum('DriftCorrected')).toBe(count((record) => record.kind === 'drift' && record.correctedAt !== undefined));
    expect(sum('Runs')).toBe(count((record) => record.kind === 'run'));
    expect(sum('ImageFindingsOpened')).toBe(count((record) => record.kind === 'image'));
  });

  it('answers the saved queries from its log as the table does', () => {
    const ids = (rows: readonly Line[]) => rows.map((row) => row.id).sort();
    const drift = stored.filter((record) => record.kind === 'drift');
    expect(ids(runQuery(SAVED_QUERIES.drift.commands, lines))).toEqual(ids(drift));
    expect(ids(runQuery(SAVED_QUERIES.corrected.commands, lines))).toEqual(ids(drift.filter((record) => record.correctedAt !== undefined)));
    expect(new Set(ids(runQuery(SAVED_QUERIES.images.commands, lines)))).toEqual(
      new Set(ids(stored.filter((record) => record.kind === 'image'))),
    );
    expect(runQuery(SAVED_QUERIES.failures.commands, lines)).toEqual([]);
  });

  it('keeps the value of a Secret nowhere, in no form', async () => {
    const everything = new Map(await everythingStored(reachOf(environment.aws)));
    everything.set('output of the demo', output);
    expect([...everything.keys()].some((place) => place.startsWith('object '))).toBe(true);
    expect(placesThatHold(SECRET_VALUES, everything)).toEqual([]);
  });

  it('leaves no process behind once it is taken down', async () => {
    expect(await processesThatMention(NAME)).not.toEqual([]);
    await stopLocalEnvironment(NAME, host, () => undefined, new AbortController().signal);
    expect(await processesThatMention(NAME)).toEqual([]);
  });
});

const Pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), creationTimestamp: z.string() }),
      status: z.object({ containerStatuses: z.array(z.object({ imageID: z.string() })) }),
    }),
  ),
});

async function podsOf(app: string) {
  const cluster = environment.clusters.find(({ name }) => name === 'prod-eu');
  if (cluster === undefined) throw new Error('the demo has a cluster prod-eu');
  const path = `/api/v1/namespaces/shop/pods?labelSelector=app%3D${app}`;
  const { body } = await callCluster(cluster, await adminToken(cluster), 'GET', path);
  return Pods.parse(body).items;
}

async function scanRecords(): Promise<readonly Line[]> {
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient(reachOf(environment.aws)));
  const items: Line[] = [];
  for await (const page of paginateScan({ client: documents }, { TableName: 'plumbline-records' })) items.push(...(page.Items ?? []));
  return items;
}

function jsonLine(line: string): readonly Line[] {
  if (!line.startsWith('{')) return [];
  return [JSON.parse(line)];
}

/** Keys of the table's indexes and its TTL are the table's own; `changes` is text there, since values may be deeper than items can be. */
function withoutTableFields({ status: _status, objectKey: _objectKey, expiresAt: _expiresAt, changes, ...record }: Line): Line {
  return changes === undefined ? record : { ...record, changes: JSON.parse(String(changes)) };
}

function sumOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((total, one) => total + Number(one), 0);
  return value === undefined ? 0 : Number(value);
}

function objectOf(record: Line): Line {
  return Object(record.object);
}

function actorOf(record: Line): Line {
  return Object(record.actor);
}
