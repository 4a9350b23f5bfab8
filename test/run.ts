import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Counts, checkSteps, runSteps, vitestStep } from './steps.ts';

/** With `--full` the long suites run at their full counts instead of a seeded slice, and the result is kept for the next reader. */
const full = process.argv.includes('--full');
if (full) process.env.PLUMBLINE_TEST_FULL = '1';

await runSteps(async () => {
  const started = new Date();
  const checked = await checkSteps();
  // The demo mostly waits for the schedule, so it runs beside the others.
  const demo = vitestStep('The demo, from its first line to the last process', ['demo'], 'whole');
  const steps: readonly Counts[] = [
    ...checked,
    await vitestStep('Real processes: git, kubectl, the command', ['process']),
    await vitestStep('Real API servers', ['cluster']),
    await vitestStep('The deployed stack', ['aws']),
    await demo,
  ];
  if (full) await keepResult(steps, started);
  return steps;
});

async function keepResult(steps: readonly Counts[], started: Date): Promise<void> {
  const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD']);
  const seconds = Math.round((Date.now() - started.getTime()) / 1000);
  const result = { commit: stdout.trim(), at: started.toISOString(), seconds, steps };
  await mkdir('test/results', { recursive: true });
  await writeFile('test/results/full.json', `${JSON.stringify(result, null, 2)}\n`);
}
