import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { listenForInterrupts } from '../../../lib/cli/interrupt.ts';
import { runRecord } from './fixtures.ts';
import { eksItem, emptyWorld, runCommand, type World } from './run-command.ts';

describe('listenForInterrupts', () => {
  function listening() {
    const source = new EventEmitter();
    let now = 0;
    const interrupts = listenForInterrupts(source, { now: () => new Date(now) });
    const send = (name: 'SIGINT' | 'SIGTERM', at: number) => {
      now = at;
      source.emit(name);
      return [interrupts.signal.aborted, interrupts.abandon.aborted];
    };
    return send;
  }

  it('asks for an end with the first signal and forces it with a later one', () => {
    const send = listening();
    expect([send('SIGINT', 0), send('SIGINT', 3000)]).toEqual([
      [true, false],
      [true, true],
    ]);
  });

  it('takes what the launcher passes on for the same Ctrl-C', () => {
    const send = listening();
    expect([send('SIGINT', 0), send('SIGINT', 2), send('SIGTERM', 40)].at(-1)).toEqual([true, false]);
  });
});

describe('plumbline reconcile, interrupted', () => {
  function worldOf(...names: readonly string[]): { readonly world: World; readonly interrupt: AbortController; readonly begun: string[] } {
    const interrupt = new AbortController();
    const world: World = { ...emptyWorld(), interrupts: { signal: interrupt.signal, abandon: new AbortController().signal } };
    for (const name of names) world.items.set(name, eksItem(name));
    return { world, interrupt, begun: [] };
  }

  it('prints what became of the cluster it was at, and names those it did not come to', async () => {
    const { world, interrupt, begun } = worldOf('a', 'b', 'c');
    world.reconcile = async ({ cluster }) => {
      begun.push(cluster);
      interrupt.abort();
      return [runRecord({ cluster, outcome: 'failed', error: { reason: 'Interrupted', message: `cluster ${cluster}: interrupted` } })];
    };
    const { status, lines, error } = await runCommand(world, 'reconcile', '--all', '--json');
    expect(begun).toEqual(['a']);
    expect(lines).toMatchObject([{ kind: 'run', cluster: 'a', error: { reason: 'Interrupted' } }]);
    expect([status, error]).toEqual([1, 'error: cluster a: interrupted\ninterrupted; not reconciled: b, c\n']);
  });

  it('says that a run which had not begun was not done', async () => {
    const { world, interrupt } = worldOf('a');
    world.reconcile = async (_row, _signal, interrupted) => {
      interrupt.abort();
      throw interrupted.reason;
    };
    expect(await runCommand(world, 'reconcile', 'a')).toMatchObject({ status: 1, out: '', error: 'interrupted; not reconciled: a\n' });
  });

  it('still says what could not be recorded', async () => {
    const { world, interrupt } = worldOf('a');
    world.reconcile = async () => {
      interrupt.abort();
      throw new Error('the table does not answer');
    };
    const { status, error } = await runCommand(world, 'reconcile', 'a');
    expect(status).toBe(1);
    expect(error).toContain('the table does not answer');
  });
});
