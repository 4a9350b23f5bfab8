import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runCommand } from './command.ts';
import { type Host, LocalEnvironmentError } from './host.ts';

/** An archive with `controller-tools/envtest/{etcd,kube-apiserver,kubectl}`, and the SHA-512 that it must have. */
export interface EnvtestRelease {
  readonly url: string;
  readonly sha512: string;
}

export const ENVTEST_VERSION = 'v1.36.2';

/** From `envtest-releases.yaml` of kubernetes-sigs/controller-tools, which publishes them. */
const SHA512: Readonly<Record<string, string>> = {
  'darwin-amd64':
    'b4fe9f973cd1992e3880f8b230ed32c0c243b83371591e3e3315f4404df2cdbef8ee94eeb9bb245b7e5feb987d5c4a76c43e0877654ab73f00d7bbc2b9984514',
  'darwin-arm64':
    '9278f9e5af556b2f1f2d139769c1f0d717c7b4426917fdebdba898bcb725a916e4910d6160886194ff9be9589ea7c5c32c2b8ae0754703874b7c8ba8ddfc41ce',
  'linux-amd64':
    'ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dcf30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08',
  'linux-arm64':
    '2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae28181afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac',
};

/** The release for a platform (`linux-amd64`); `undefined` where there is none. */
export function envtestRelease(platform: string): EnvtestRelease | undefined {
  const sha512 = SHA512[platform];
  if (sha512 === undefined) return undefined;
  const tag = `envtest-${ENVTEST_VERSION}`;
  return { url: `https://github.com/kubernetes-sigs/controller-tools/releases/download/${tag}/${tag}-${platform}.tar.gz`, sha512 };
}

const ANSWER_SECONDS = 5;
const DOWNLOAD_SECONDS = 300;

/**
 * Downloads a release, checks it, and leaves its programs in `folder`.
 *
 * Throws `LocalEnvironmentError` when the network refuses it (noticed in seconds) or the archive is not the one that is pinned.
 */
export async function downloadEnvtest(release: EnvtestRelease, folder: string, host: Host, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true });
  const archive = join(folder, 'archive.tar.gz');
  const found = await download(release.url, archive, signal);
  if (found !== release.sha512)
    throw new LocalEnvironmentError(
      `${release.url}: its SHA-512 is ${found.slice(0, 16)}…, and the pinned one is ${release.sha512.slice(0, 16)}…`,
    );
  await runCommand('tar', ['-xzf', archive, '-C', folder, '--strip-components=2'], { env: host.env, signal });
  await rm(archive);
  for (const program of ['etcd', 'kube-apiserver']) await chmod(join(folder, program), 0o755);
}

/** Resolves to the SHA-512 of what was downloaded, in hexadecimal. */
async function download(url: string, file: string, signal: AbortSignal): Promise<string> {
  const refused = new AbortController();
  const timer = setTimeout(() => refused.abort(new Error(`no answer within ${ANSWER_SECONDS} s`)), ANSWER_SECONDS * 1000);
  const signals = AbortSignal.any([signal, refused.signal, AbortSignal.timeout(DOWNLOAD_SECONDS * 1000)]);
  const hash = createHash('sha512');
  try {
    const response = await fetch(url, { signal: signals });
    clearTimeout(timer);
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(response.body, hashing, createWriteStream(file), { signal: signals });
  } catch (error) {
    signal.throwIfAborted();
    throw new LocalEnvironmentError(`${url} could not be downloaded: ${describe(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
  return hash.digest('hex');
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
