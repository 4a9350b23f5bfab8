import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nodeOptions } from '../../infra/constructs/function-memory.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const cdk = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin', 'cdk');
const directory = mkdtempSync(join(tmpdir(), 'plumbline-synth-'));
const output = join(directory, 'cdk.out');

const Template = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).optional() })),
});
const ZipFunction = z.object({ FunctionName: z.string(), Code: z.object({ S3Key: z.string() }) });

/** The ordinary command where nothing is but Node: no AWS account or region, no Docker, nothing built before. */
function synth(...args: readonly string[]) {
  const bin = join(directory, 'bin');
  if (!existsSync(bin)) {
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, 'node'));
  }
  return spawnSync(process.execPath, [cdk, 'synth', '--quiet', '--output', output, ...args], {
    cwd: project,
    env: {
      PATH: `${bin}:/bin:/usr/bin`,
      HOME: directory,
      CDK_HOME: directory,
      CDK_DOCKER: 'no-docker-here',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
    },
    encoding: 'utf8',
  });
}

/** The folder of the asset that a function's zip is made of. */
function assetOf(name: string): string {
  const template = Template.parse(JSON.parse(readFileSync(join(output, 'plumbline-control.template.json'), 'utf8')));
  const functions = Object.values(template.Resources).flatMap(({ Properties }) => ZipFunction.safeParse(Properties).data ?? []);
  const key = functions.find(({ FunctionName }) => FunctionName === `plumbline-${name}`)?.Code.S3Key ?? '';
  return join(output, `asset.${key.replace('.zip', '')}`);
}

describe('cdk synth', () => {
  let result: ReturnType<typeof synth>;
  beforeAll(() => {
    result = synth();
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('needs no AWS account, no Docker and no earlier build, and violates no rule of cdk-nag', () => {
    expect(result.stderr).not.toMatch(/ERROR/);
    expect(result.status).toBe(0);
  });

  it('leaves out of the image nothing that its Dockerfile copies', () => {
    const manifest = readFileSync(join(output, 'plumbline-control.assets.json'), 'utf8');
    const { dockerImages } = z
      .object({
        dockerImages: z.record(z.string(), z.object({ source: z.object({ directory: z.string(), platform: z.literal('linux/amd64') }) })),
      })
      .parse(JSON.parse(manifest));
    const [image] = Object.values(dockerImages);
    const context = join(output, image?.source.directory ?? '');
    const copied = [...readFileSync(join(context, 'Dockerfile'), 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, files = '']) => files.split(' '),
    );
    expect(copied).toEqual(['layer.zip', 'index.mjs', 'index.mjs.map']);
    expect(copied.filter((file) => !existsSync(join(context, file)))).toEqual([]);
  });

  it('bundles reconcile in less than 3 MB', () => {
    expect(statSync(join(assetOf('reconcile'), 'index.mjs')).size).toBeLessThan(3_000_000);
  });

  it.each(['schedule', 'reconcile', 'audit'] as const)(
    'bundles %s so that it starts, and says by name which settings it misses',
    (name) => {
      const env = { NODE_OPTIONS: nodeOptions(name) };
      const { stderr } = spawnSync(process.execPath, [join(assetOf(name), 'index.mjs')], { env, encoding: 'utf8' });
      const error = /^.*Error: settings: .*$/m.exec(stderr)?.[0];
      // The class keeps its name although the bundle is minified: records and logs call errors by it.
      expect(error).toMatch(/^SettingsError: settings: DEPLOYMENT: .*CLUSTERS_TABLE: /);
    },
  );

  it('refuses a context that is wrong, with what is accepted', () => {
    const refused = synth('--context', 'sourcePackaging=tarball');
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('CDK context: sourcePackaging "tarball": ');
  });
});
