import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cached } from '../../../lib/local/cache.ts';
import { runCommand } from '../../../lib/local/command.ts';
import { emulatorRequirements } from '../../../lib/local/emulator.ts';
import { downloadEnvtest } from '../../../lib/local/envtest-release.ts';
import { controlPlaneBinaries, MissingRequirementError, thisHost, toolsDirectory } from '../../../lib/local/index.ts';
import { virtualEnvironment } from '../../../lib/local/python.ts';

const host = thisHost(process.env);
const signal = AbortSignal.timeout(60_000);
const quiet = () => undefined;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumbline-cache-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a thing in the cache', () => {
  it('is made once by two that want it at the same time', async () => {
    let made = 0;
    const said: string[] = [];
    const thing = {
      path: join(folder, 'thing'),
      isThere: existsSync,
      make: async (temporary: string) => {
        made += 1;
        await sleep(300);
        await writeFile(temporary, 'whole');
      },
    };
    await Promise.all([cached(thing, quiet, signal), cached(thing, (message) => said.push(message), signal)]);
    expect(made).toBe(1);
    expect(await readFile(thing.path, 'utf8')).toBe('whole');
    expect(said).toEqual([expect.stringMatching(/^waiting for another run/)]);
  });

  it('is not there when making it fails, nor is what was made of it; the next one makes it', async () => {
    const path = join(folder, 'thing');
    const half = async (temporary: string) => {
      await mkdir(temporary);
      await writeFile(join(temporary, 'part'), '');
      throw new Error('no space');
    };
    await expect(cached({ path, isThere: existsSync, make: half }, quiet, signal)).rejects.toThrow('no space');
    expect(await readdir(folder)).toEqual(['thing.lock']);
    await cached({ path, isThere: existsSync, make: (temporary) => writeFile(temporary, 'whole') }, quiet, signal);
    expect(await readFile(path, 'utf8')).toBe('whole');
  });
});

describe('published binaries', () => {
  async function serve(archive: Buffer | number): Promise<{ readonly url: string; close(): Promise<void> }> {
    const server = createServer((_request, response) => {
      if (typeof archive === 'number') response.writeHead(archive).end();
      else response.end(archive);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    return {
      url: `http://127.0.0.1:${port}/archive.tar.gz`,
      close: async () => {
        server.closeAllConnections();
        await once(server.close(), 'close');
      },
    };
  }

  async function makeArchive(): Promise<Buffer> {
    const inner = join(folder, 'in', 'controller-tools', 'envtest');
    await mkdir(inner, { recursive: true });
    for (const program of ['etcd', 'kube-apiserver']) await writeFile(join(inner, program), `#!/bin/sh\necho ${program}\n`);
    await runCommand('tar', ['-czf', join(folder, 'a.tar.gz'), '-C', join(folder, 'in'), 'controller-tools'], { env: host.env, signal });
    return readFile(join(folder, 'a.tar.gz'));
  }

  it('are unpacked and can be run when they are the pinned ones', async () => {
    const archive = await makeArchive();
    const server = await serve(archive);
    const sha512 = createHash('sha512').update(archive).digest('hex');
    await downloadEnvtest({ url: server.url, sha512 }, join(folder, 'out'), host, signal);
    await server.close();
    expect(await runCommand(join(folder, 'out', 'etcd'), [], { env: host.env, signal })).toBe('etcd\n');
    expect((await readdir(join(folder, 'out'))).sort()).toEqual(['etcd', 'kube-apiserver']);
  });

  it('are refused when they are others', async () => {
    const server = await serve(await makeArchive());
    const download = downloadEnvtest({ url: server.url, sha512: '0'.repeat(128) }, join(folder, 'out'), host, signal);
    await expect(download).rejects.toThrow(/its SHA-512 is [0-9a-f]{16}…, and the pinned one is 0{16}…/);
    await server.close();
    expect(existsSync(join(folder, 'out', 'etcd'))).toBe(false);
  });

  it('say why when the server refuses them', async () => {
    const server = await serve(403);
    const download = downloadEnvtest({ url: server.url, sha512: '' }, join(folder, 'out'), host, signal);
    await expect(download).rejects.toThrow(/could not be downloaded: status 403/);
    await server.close();
  });
});

describe('what is missing on the machine is named, with how to get it', () => {
  // No platform has this name, so nothing is downloaded; the cache is empty; PATH has nothing.
  const bare = () => ({ ...host, arch: 'none', env: { PATH: join(folder, 'bin'), XDG_CACHE_HOME: folder } });

  it.each([
    ['Go', () => controlPlaneBinaries(['etcd'], bare(), quiet, signal), /^Go 1\.26 or newer is needed .*https:\/\/go\.dev\/dl\//],
    [
      'Python',
      () => virtualEnvironment(emulatorRequirements, bare(), quiet, signal),
      /^Python 3\.10 or newer is needed .*apt install python3/,
    ],
    ['kubectl', () => toolsDirectory(bare(), quiet, signal), /^kubectl 1\.34 or newer is needed on linux none, and none is on PATH/],
  ])('%s', async (_what, use, message) => {
    const failure = await use().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MissingRequirementError);
    expect(failure).toMatchObject({ reason: 'MissingRequirement', message: expect.stringMatching(message) });
  });
});

it('KUBEBUILDER_ASSETS comes before everything else', async () => {
  await writeFile(join(folder, 'etcd'), '');
  const own = { ...host, env: { ...host.env, KUBEBUILDER_ASSETS: folder } };
  expect(await controlPlaneBinaries(['etcd'], own, quiet, signal)).toEqual({ etcd: join(folder, 'etcd') });
});

it('kubectl and Helm are where a layer has them, and can be run', async () => {
  const directory = await toolsDirectory(host, quiet, signal);
  for (const tool of ['kubectl', 'helm']) expect((await stat(join(directory, tool, tool))).mode & 0o111).not.toBe(0);
  const version = await runCommand(join(directory, 'kubectl', 'kubectl'), ['version', '--client'], { env: host.env, signal });
  expect(version).toMatch(/^Client Version: v1\./);
});
