import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, cached } from './cache.ts';
import { runCommand } from './command.ts';
import { downloadEnvtest, ENVTEST_VERSION, envtestRelease } from './envtest-release.ts';
import { type Host, LocalEnvironmentError, MissingRequirementError } from './host.ts';

const KUBERNETES_VERSION = 'v1.36.3';

/** The programs of a control plane; the last three only bring pods up, which the demo and tests of health need. */
export type ControlPlaneProgram = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok';

interface Program {
  readonly goPackage: string;
  readonly minutes: string;
  /** Whether envtest's archive holds it. */
  readonly released: boolean;
}

const PROGRAMS: Readonly<Record<ControlPlaneProgram, Program>> = {
  etcd: { goPackage: 'go.etcd.io/etcd/server/v3', minutes: 'about 1 minute', released: true },
  'kube-apiserver': { goPackage: 'k8s.io/kubernetes/cmd/kube-apiserver', minutes: '3 to 6 minutes', released: true },
  'kube-controller-manager': { goPackage: 'k8s.io/kubernetes/cmd/kube-controller-manager', minutes: '1 to 5 minutes', released: false },
  'kube-scheduler': { goPackage: 'k8s.io/kubernetes/cmd/kube-scheduler', minutes: 'under 1 minute', released: false },
  kwok: { goPackage: 'sigs.k8s.io/kwok/cmd/kwok', minutes: 'under 1 minute', released: false },
};

/**
 * Finds or makes the programs and resolves to their paths: from `KUBEBUILDER_ASSETS` (the folder that envtest users have), else
 * from the cache, else from envtest's published archive by its pinned checksum, else built by Go from `test/control-plane`.
 * The last two happen once for each version and machine.
 */
export async function controlPlaneBinaries<P extends ControlPlaneProgram>(
  programs: readonly P[],
  host: Host,
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<Readonly<Record<P, string>>> {
  const found = new Map<P, string>();
  for (const program of programs) found.set(program, await findProgram(program, host, progress, signal));
  return Object.fromEntries(found) as Record<P, string>;
}

async function findProgram(
  program: ControlPlaneProgram,
  host: Host,
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const assets = host.env.KUBEBUILDER_ASSETS ?? '';
  const folder = join(cacheDirectory(host), 'control-plane');
  const built = join(folder, `${KUBERNETES_VERSION}-${platformOf(host)}`, program);
  const released = join(folder, `envtest-${ENVTEST_VERSION}-${platformOf(host)}`);
  const present = [...(assets === '' ? [] : [join(assets, program)]), built, join(released, program)].find(existsSync);
  if (present !== undefined) return present;
  if (PROGRAMS[program].released && (await tryDownload(released, host, progress, signal))) return join(released, program);
  return build(program, built, host, progress, signal);
}

/** Go names architectures in its own way. */
function platformOf(host: Host): string {
  return `${host.platform}-${host.arch === 'x64' ? 'amd64' : host.arch}`;
}

async function tryDownload(folder: string, host: Host, progress: (message: string) => void, signal: AbortSignal): Promise<boolean> {
  const release = envtestRelease(platformOf(host));
  if (release === undefined) return false;
  const make = async (temporary: string) => {
    progress(`downloading etcd and kube-apiserver ${ENVTEST_VERSION} (once; kept in ${folder})`);
    await downloadEnvtest(release, temporary, host, signal);
  };
  try {
    await cached({ path: folder, isThere: existsSync, make }, progress, signal);
    return true;
  } catch (error) {
    if (!(error instanceof LocalEnvironmentError)) throw error;
    progress(error.message);
    return false;
  }
}

async function build(
  program: ControlPlaneProgram,
  path: string,
  host: Host,
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const module = join(host.project, 'test', 'control-plane');
  const { goPackage, minutes } = PROGRAMS[program];
  const make = async (temporary: string) => {
    await requireGo(module, program, host, signal);
    progress(`building ${program} with Go (${minutes}, once; kept as ${path})`);
    const started = Date.now();
    // Kubernetes reads its own version from the linker: without it /version says v0.0.0 and kubectl cannot parse it.
    const linker = `-s -w -X k8s.io/component-base/version.gitVersion=${KUBERNETES_VERSION}`;
    await runCommand('go', ['build', '-trimpath', '-ldflags', linker, '-o', temporary, goPackage], {
      cwd: module,
      env: { ...host.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
      signal,
    });
    progress(`built ${program} in ${Math.round((Date.now() - started) / 1000)} s`);
  };
  return cached({ path, isThere: existsSync, make }, progress, signal);
}

/** Asks inside the module, since Go from 1.21 on fetches the toolchain that a module names. */
async function requireGo(module: string, program: ControlPlaneProgram, host: Host, signal: AbortSignal): Promise<void> {
  try {
    await runCommand('go', ['version'], { cwd: module, env: host.env, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new MissingRequirementError(
      `Go 1.26 or newer is needed once, to build ${program} for the local environment, and \`go version\` failed. ` +
        `Install it from https://go.dev/dl/, or set KUBEBUILDER_ASSETS to a folder with ${program}` +
        (PROGRAMS[program].released ? ' (`setup-envtest use 1.36 -p path` prints one).' : '.'),
      { cause: error },
    );
  }
}
