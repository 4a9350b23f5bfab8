import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
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

/** Runs a command of this package with its output shown; resolves with its exit status (128 + signal when it was ended by one). */
async function run(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
}

/** One command that passes or fails as a whole. */
export async function commandStep(title: string, command: string, args: readonly string[]): Promise<Counts> {
  console.log(`\n== ${title}`);
  const status = await run(command, args);
  return status === 0 ? { title, passed: 1, failed: 0 } : { title, passed: 0, failed: 1 };
}

/**
 * Runs Vitest projects and counts from its own report. A file that could not even be collected, or a run that left no report, counts as a
 * failure: no result is not a pass.
 */
export async function vitestStep(title: string, projects: readonly string[]): Promise<Counts> {
  console.log(`\n== ${title}`);
  const report = `build/test/${projects.join('-')}.json`;
  await mkdir('build/test', { recursive: true });
  await rm(report, { force: true });
  const selection = projects.flatMap((project) => ['--project', project]);
  const status = await run('vitest', ['run', ...selection, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]);
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

/** Prints the sum as the last line and sets the exit status; nothing run at all is a failure. */
export function report(steps: readonly Counts[]): void {
  const passed = steps.reduce((sum, step) => sum + step.passed, 0);
  const failed = steps.reduce((sum, step) => sum + step.failed, 0);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  console.log(`\n${passed} passed, ${failed} failed`);
}
