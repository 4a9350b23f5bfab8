import { defineConfig } from 'vitest/config';

const project = (name: string, folders: readonly string[], extra: Readonly<Record<string, unknown>> = {}) => ({
  test: {
    name,
    include: folders.map((folder) => `test/${folder}/**/*.test.ts`),
    pool: 'forks' as const,
    testTimeout: 60_000,
    hookTimeout: 300_000,
    ...extra,
  },
});

/** Real parts are shared by the files of a project, and two cores run them one file at a time. */
export default defineConfig({
  test: {
    projects: [
      // Pure tests share their modules: loading those is most of the time that they take.
      project('unit', ['unit'], { pool: 'threads', isolate: false }),
      project('infra', ['infra']),
      project('process', ['process'], { maxWorkers: 2 }),
      project('cluster', ['cluster'], { globalSetup: ['test/helpers/global-setup.ts'], fileParallelism: false }),
      project('aws', ['aws'], { globalSetup: ['test/helpers/deployed-setup.ts'], fileParallelism: false }),
      project('demo', ['demo'], { fileParallelism: false }),
    ],
  },
});
