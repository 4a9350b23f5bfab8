import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/** What a step of the checks counted. A step that is one command counts as one check. */
export interface Counts {
  readonly title: string;
  readonly passed: number;
  readonly failed: number;
}

const VitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

/** Set by Ctrl-C: what runs ends by it too, and nothing more is begun. */
let interrupted = false;

/** Where a step's output goes: as it comes, or in one piece when the step has ended, where two run side by side. */
export type Output = 'live' | 'whole';

/** Runs a command of this package with its output shown; resolves with its exit status, 1 when a signal ended it. */
async function run(title: string, command: string, args: readonly string[], output: Output): Promise<number> {
  if (interrupted) return 1;
  if (output === 'live') console.log(`\n== ${title}`);
  const shown = output === 'live' ? 'inherit' : 'pipe';
  const child = spawn(command, args, { stdio: ['ignore', shown, shown] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  if (output === 'whole') console.log(`\n== ${title}\n${Buffer.concat(chunks)}`);
  return status;
}

/** One command that passes or fails as a whole. */
export async function commandStep(title: string, command: string, args: readonly string[]): Promise<Counts> {
  const status = await run(title, command, args, 'live');
  return status === 0 ? { title, passed: 1, failed: 0 } : { title, passed: 0, failed: 1 };
}

/**
 * Runs Vitest projects and counts from its own report. A file that could not even be collected, or a run that left no report, counts as a
 * failure: no result is not a pass.
 */
export async function vitestStep(title: string, projects: readonly string[], output: Output = 'live'): Promise<Counts> {
  const report = `build/test/${projects.join('-')}.json`;
  await mkdir('build/test', { recursive: true });
  await rm(report, { force: true });
  const selection = projects.flatMap((project) => ['--project', project]);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = await run(title, 'vitest', ['run', ...selection, ...reporters], output);
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) return { title, passed: 0, failed: 1 };
  const parsed = VitestReport.parse(JSON.parse(text));
  const uncollected = parsed.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = parsed.numFailedTests + uncollected;
  return { title, passed: parsed.numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed };
}

/** The fast part: format, lint, types, unit and template tests, synth. */
export async function checkSteps(): Promise<readonly Counts[]> {
  return [
    await commandStep('Format and lint', 'biome', ['ci', '.']),
    await commandStep('Types', 'tsc', ['-p', '.']),
    await vitestStep('Unit and template tests', ['unit', 'infra']),
    await commandStep('Synthesis', 'cdk', ['synth', '--quiet', '--output', 'build/cdk.out']),
  ];
}

/**
 * Runs the steps with a temporary folder of their own, which goes when they have ended, also by Ctrl-C. Prints the sum as the last line and
 * sets the exit status; nothing run at all is a failure.
 */
export async function runSteps(steps: () => Promise<readonly Counts[]>): Promise<void> {
  const temporary = await mkdtemp(join(tmpdir(), 'plumbline-tests-'));
  process.env.TMPDIR = temporary;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interrupted = true;
    });
  }
  try {
    report(await steps());
    if (interrupted) process.exitCode = 130;
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  }
}

function report(steps: readonly Counts[]): void {
  const passed = steps.reduce((sum, step) => sum + step.passed, 0);
  const failed = steps.reduce((sum, step) => sum + step.failed, 0);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  console.log(`\n${passed} passed, ${failed} failed`);
}
