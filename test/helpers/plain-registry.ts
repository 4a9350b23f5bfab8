import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDirectory, cached } from '../../lib/local/cache.ts';
import { runCommand } from '../../lib/local/command.ts';
import { thisHost } from '../../lib/local/index.ts';
import { freePorts } from '../../lib/local/ports.ts';

const BUILD_TIMEOUT_MS = 300_000;
const VERSION = 'v0.22.1';

/** A registry of the distribution API on this machine, without TLS and without users. */
export interface PlainRegistry {
  /** `localhost:5000`, as references have it. */
  readonly host: string;
  readonly endpointUrl: string;
  stop(): Promise<void>;
}

/** Starts go-containerregistry's registry, which keeps its images in memory; built by Go once a machine. */
export async function startPlainRegistry(): Promise<PlainRegistry> {
  const program = await registryProgram();
  const [port = 0] = await freePorts(1);
  const child = spawn(program, ['-port', String(port)], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const endpointUrl = `http://localhost:${port}`;
  while (child.exitCode === null && !(await answers(endpointUrl))) await sleep(20);
  return {
    host: `localhost:${port}`,
    endpointUrl,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

async function registryProgram(): Promise<string> {
  const host = thisHost(process.env);
  const path = join(cacheDirectory(host), 'tools', `oci-registry-${VERSION}-${host.platform}-${host.arch}`);
  const make = async (temporary: string) => {
    const goPackage = 'github.com/google/go-containerregistry/cmd/registry';
    await runCommand('go', ['build', '-trimpath', '-o', temporary, goPackage], {
      cwd: join(host.project, 'test', 'registry'),
      env: { ...host.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
      signal: AbortSignal.timeout(BUILD_TIMEOUT_MS),
    });
  };
  return cached({ path, isThere: existsSync, make }, console.error, AbortSignal.timeout(BUILD_TIMEOUT_MS));
}

async function answers(endpointUrl: string): Promise<boolean> {
  return fetch(`${endpointUrl}/v2/`).then(
    ({ ok }) => ok,
    () => false,
  );
}
