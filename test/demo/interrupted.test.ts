import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localEnvironmentStatus, thisHost } from '../../lib/local/index.ts';
import { processesThatMention } from '../helpers/leftovers.ts';

/** Set it to run the same moments again. */
const SEED = process.env.PLUMBLINE_TEST_SEED ?? randomBytes(4).toString('hex');
const MOMENTS = 5;
/** By then the demo has started everything, and deploys or waits. */
const LATEST_SECONDS = 25;

const host = thisHost(process.env);
let temporary: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'plumbline-interrupted-'));
});

afterAll(() => rm(temporary, { recursive: true, force: true }));

describe(`the demo, interrupted (PLUMBLINE_TEST_SEED=${SEED})`, () => {
  it.each(Array.from({ length: MOMENTS }, (_, index) => ({ index, seconds: momentOf(index) })))(
    'leaves no process, environment or temporary file behind after Ctrl-C at $seconds s',
    async ({ index, seconds }) => {
      const name = `interrupted-${process.pid}-${index}`;
      const child = spawn(process.execPath, ['demo/main.ts', '--name', name], {
        cwd: host.project,
        env: { ...process.env, TMPDIR: temporary },
        stdio: 'ignore',
        // A terminal sends Ctrl-C to the whole group.
        detached: true,
      });
      const ended = new Promise<number | string | null>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
      await sleep(seconds * 1000);
      if (child.pid === undefined) throw new Error('the demo did not start');
      process.kill(-child.pid, 'SIGINT');

      // Before the demo has loaded, the signal itself ends it.
      expect([130, 'SIGINT']).toContain(await ended);
      expect(await processesThatMention(name)).toEqual([]);
      expect(await localEnvironmentStatus(name, host)).toBeUndefined();
      expect(await readdir(temporary)).toEqual([]);
    },
  );
});

/** The same seed gives the same moments, to a tenth of a second. */
function momentOf(index: number): number {
  const share = createHash('sha256').update(`${SEED} ${index}`).digest().readUInt32BE() / 2 ** 32;
  return Math.round((0.5 + share * (LATEST_SECONDS - 0.5)) * 10) / 10;
}
