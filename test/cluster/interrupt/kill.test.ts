import { fork } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ulid } from 'ulidx';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ObjectRecord, RunRecord } from '../../../lib/records/index.ts';
import { adminToken, testCluster } from '../../helpers/environment.ts';
import { createRandom } from '../../helpers/random.ts';
import { createWorld, type World } from '../reconcile/world.ts';
import type { Answer, KilledInput, Question } from './killed-messages.ts';

const PROCESS = fileURLToPath(new URL('killed-process.ts', import.meta.url));
const SEED = 20_261_125;
const KILLS = process.env.PLUMBLINE_TEST_FULL === '1' ? 50 : 8;

/** Longer than any lease. */
const LEASE_SECONDS = 3_600;
const PASSWORD = 'correct-horse-battery';

const map = (name: string, colour = 'blue') =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: NS }\ndata: { colour: ${colour} }\n`;
const secret = (password: string) =>
  `---\napiVersion: v1\nkind: Secret\nmetadata: { name: db, namespace: NS }\nstringData: { password: ${password} }\n`;
/** What cannot be changed is deleted and created again. */
const frozen = (colour: string) =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: frozen, namespace: NS, annotations: { plumbline.dev/on-immutable: recreate } }\nimmutable: true\ndata: { colour: ${colour} }\n`;
const numbered = (name: string, colour?: string) => [0, 1].map((index) => map(`${name}-${index}`, colour)).join('');

/** What a run is to do: correct drift, roll out changes and new objects, and delete what left. */
const EXPECTED = [
  'drift value ConfigMap drifted-0 corrected',
  'drift value ConfigMap drifted-1 corrected',
  'drift value Secret db corrected',
  'prune removed-from-git ConfigMap removed-0 applied',
  'prune removed-from-git ConfigMap removed-1 applied',
  'rollout changed ConfigMap changed-0 applied',
  'rollout changed ConfigMap changed-1 applied',
  'rollout created ConfigMap new-0 applied',
  'rollout created ConfigMap new-1 applied',
  'rollout immutable ConfigMap frozen applied',
];
/** Beside that it says of what was deleted, and not yet created again, that it was created. */
const CREATED_AGAIN = 'rollout created ConfigMap frozen applied';

/** A cluster with all of that to be done to it. */
async function waitingWorld(): Promise<World> {
  const world = await createWorld();
  const settings = { settings: { prune: { delay: '0s' } } };
  const kept = map('still') + numbered('drifted') + secret(PASSWORD);
  await world.commit(kept + numbered('changed') + numbered('removed') + frozen('blue'), settings);
  await world.reconcile();
  await world.commit(kept + numbered('changed') + frozen('blue'), settings);
  await world.reconcile();
  await world.commit(kept + numbered('changed', 'green') + numbered('new') + frozen('green'), settings);
  for (const name of ['drifted-0', 'drifted-1']) await world.kubectl(['patch', 'configmap', name, '-p', '{"data":{"colour":"red"}}']);
  await world.kubectl(['patch', 'secret', 'db', '-p', '{"stringData":{"password":"theirs"}}']);
  return world;
}

interface Killed {
  readonly runId: string;
  /** The points that it passed, and where it was. */
  readonly points: number;
  readonly where: string;
  /** Whether it had sent a write to the API server. */
  readonly wrote: boolean;
}

/** One run in a process of its own, killed at the n-th point. */
async function runKilled(world: World, killAt: number): Promise<Killed> {
  const token = await adminToken(testCluster('prod-eu'));
  const aheadMilliseconds = world.deps.clock.now().getTime() - Date.now();
  const runId = ulid();
  const input: KilledInput = { row: world.row, token, runId, aheadMilliseconds };
  const child = fork(PROCESS, {
    env: { ...process.env, KILLED_INPUT: JSON.stringify(input) },
    execArgv: [],
    silent: true,
    serialization: 'advanced',
  });
  const errors = child.stderr === null ? '' : text(child.stderr);
  let points = 0;
  let where = '';
  let wrote = false;
  const answer = (message: Answer) => child.connected && child.send(message);
  child.on('message', (question: Question) => {
    if (question.type === 'point') {
      points += 1;
      where = question.where;
      wrote ||= where.startsWith('during ');
      if (points === killAt) child.kill('SIGKILL');
      else answer({ id: question.id });
      return;
    }
    const { id, store, method, args } = question;
    const call: unknown = Reflect.get(world.stores[store], method);
    if (typeof call !== 'function') throw new Error(`no store has ${store}.${method}`);
    Promise.resolve(call(...args)).then(
      (value: unknown) => answer({ id, value }),
      (error: unknown) => answer({ id, error: String(error) }),
    );
  });
  const { promise: exited, resolve } = Promise.withResolvers<{ readonly code: number | null; readonly signal: string | null }>();
  child.once('exit', (code, signal) => resolve({ code, signal }));
  const { code, signal } = await exited;
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`it ended with ${code}: ${await errors}`);
  return { runId, points, where, wrote };
}

async function liveData(world: World): Promise<Readonly<Record<string, unknown>>> {
  const listed: { readonly items: readonly { readonly metadata: { readonly name: string }; readonly data?: unknown }[] } = JSON.parse(
    await world.kubectl(['get', 'configmap,secret', '-l', 'plumbline.dev/owner', '-o', 'json']),
  );
  return Object.fromEntries(listed.items.map(({ metadata, data }) => [metadata.name, data]));
}

const END_STATE = {
  still: { colour: 'blue' },
  'drifted-0': { colour: 'blue' },
  'drifted-1': { colour: 'blue' },
  'changed-0': { colour: 'green' },
  'changed-1': { colour: 'green' },
  'new-0': { colour: 'blue' },
  'new-1': { colour: 'blue' },
  frozen: { colour: 'green' },
  db: { password: Buffer.from(PASSWORD).toString('base64') },
};

/** The records since the last commit, in words. */
async function toldOf(world: World): Promise<readonly string[]> {
  const records = await world.stores.records.query({ cluster: world.row.cluster });
  return records
    .filter((record): record is ObjectRecord => record.kind !== 'run')
    .filter(({ kind, revision }) => kind !== 'rollout' || revision.endsWith('3'))
    .map(({ kind, class: recordClass, object, decision, resolvedAt, verifiedAt }) => {
      const state = resolvedAt === undefined ? ' (open)' : verifiedAt === undefined ? ' (not verified)' : '';
      return `${kind} ${recordClass} ${object.kind} ${object.name} ${decision}${state}`;
    })
    .filter((told) => told !== CREATED_AGAIN)
    .toSorted();
}

/** The records of a run itself. */
async function runsOf(world: World, runId: string): Promise<readonly RunRecord[]> {
  const records = await world.stores.records.query({ cluster: world.row.cluster, kind: 'run' });
  return records.filter((record): record is RunRecord => record.kind === 'run' && record.runId === runId);
}

describe('a run that is killed', () => {
  let points = 0;
  beforeAll(async () => {
    const world = await waitingWorld();
    const whole = await runKilled(world, Number.POSITIVE_INFINITY);
    points = whole.points;
    expect(await runsOf(world, whole.runId)).toMatchObject([{ outcome: 'corrected' }]);
    expect(await toldOf(world)).toEqual(EXPECTED);
    expect(await liveData(world)).toEqual(END_STATE);
  });

  const random = createRandom(SEED);
  it.each(Array.from({ length: KILLS }, (_, index) => [index, random.next()] as const))(
    'leaves no lie, and the next one brings the same end and the same records: %i',
    async (_index, share) => {
      const world = await waitingWorld();
      const { runId, where, wrote } = await runKilled(world, 1 + Math.floor(share * points));
      const told = await runsOf(world, runId);
      expect(JSON.stringify(await world.stores.artifacts.getInventory(world.row.cluster))).not.toMatch(
        new RegExp(`${PASSWORD}|${Buffer.from(PASSWORD).toString('base64')}|theirs`),
      );
      world.advance(LEASE_SECONDS);

      const next = await world.reconcile();

      expect([next.outcome, where]).toEqual([expect.stringMatching(/^(in-sync|corrected)$/), where]);
      expect([await liveData(world), where]).toEqual([END_STATE, where]);
      expect([await toldOf(world), where]).toEqual([EXPECTED, where]);
      const inventory = await world.stores.artifacts.getInventory(world.row.cluster);
      expect(inventory?.intents).toBeUndefined();
      expect(inventory?.runs).toBeUndefined();
      // It has one record if it wrote anything: its own, or that it was cut off.
      const runs = await runsOf(world, runId);
      expect([runs.length > 0 || !wrote, where]).toEqual([true, where]);
      expect([runs, where]).toEqual([told.length > 0 ? told : runs.slice(0, 1), where]);
      for (const run of told.length > 0 ? [] : runs) expect(run).toMatchObject({ outcome: 'failed', error: { reason: 'CutOff' } });
      expect(inventory?.objects.map(({ name }) => name).toSorted()).toEqual(Object.keys(END_STATE).toSorted());

      // What the checkpoint says is what the server says without it.
      expect((await world.reconcile()).outcome).toBe('in-sync');
      const getCheckpoint = async () => undefined;
      const cold = await world.reconcile({ artifacts: { ...world.stores.artifacts, getCheckpoint } });
      expect(cold).toMatchObject({ outcome: 'in-sync', records: [{ kind: 'run' }] });
    },
  );
});
