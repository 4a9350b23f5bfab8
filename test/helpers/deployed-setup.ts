import type { TestProject } from 'vitest/node';
import { deployLocally, thisHost } from '../../lib/local/index.ts';
import { setupEnvironment } from './environment.ts';

/** Vitest's global setup for tests of the deployed stack: the environment, with the stacks deployed to it by the ordinary CDK command. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stop = await setupEnvironment(project);
  try {
    await deployLocally(project.getProvidedContext().environment, {
      deployment: 'plumbline',
      host: thisHost(process.env),
      progress: (message) => console.error(message),
      signal: AbortSignal.timeout(180_000),
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
