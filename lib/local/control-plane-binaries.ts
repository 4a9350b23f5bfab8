import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, cached } from './cache.ts';
import { runCommand } from './command.ts';
import { type Host, MissingRequirementError } from './host.ts';

const KUBERNETES_VERSION = 'v1.36.3';

/** The programs of a control plane; the last two only bring pods up, which tests of health need. */
export type ControlPlaneProgram = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kwok';

const PROGRAMS: Readonly<Record<ControlPlaneProgram, { readonly goPackage: string; readonly minutes: string }>> = {
  etcd: { goPackage: 'go.etcd.io/etcd/server/v3', minutes: 'about 1 minute' },
  'kube-apiserver': { goPackage: 'k8s.io/kubernetes/cmd/kube-apiserver', minutes: '3 to 6 minutes' },
  'kube-controller-manager': { goPackage: 'k8s.io/kubernetes/cmd/kube-controller-manager', minutes: '1 to 2 minutes' },
  kwok: { goPackage: 'sigs.k8s.io/kwok/cmd/kwok', minutes: 'under 1 minute' },
};

/**
 * Finds or makes the programs and resolves to their paths.
 *
 * `KUBEBUILDER_ASSETS` (the folder that envtest users have) comes first; what it does not hold is built by Go from
 * `test/control-plane`, once for each version and machine, into the cache.
 */
export async function controlPlaneBinaries<P extends ControlPlaneProgram>(
  programs: readonly P[],
  host: Host,
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<Readonly<Record<P, string>>> {
  const found = new Map<P, string>();
  for (const program of programs) found.set(program, findAsset(program, host) ?? (await build(program, host, progress, signal)));
  return Object.fromEntries(found) as Record<P, string>;
}

function findAsset(program: ControlPlaneProgram, host: Host): string | undefined {
  const assets = host.env.KUBEBUILDER_ASSETS;
  if (assets === undefined || assets === '') return undefined;
  const path = join(assets, program);
  return existsSync(path) ? path : undefined;
}

async function build(program: ControlPlaneProgram, host: Host, progress: (message: string) => void, signal: AbortSignal): Promise<string> {
  const module = join(host.project, 'test', 'control-plane');
  const folder = join(
    cacheDirectory(host),
    'control-plane',
    `${KUBERNETES_VERSION}-${host.platform}-${host.arch === 'x64' ? 'amd64' : host.arch}`,
  );
  const { goPackage, minutes } = PROGRAMS[program];
  return cached(
    {
      path: join(folder, program),
      isThere: existsSync,
      make: async (temporary) => {
        await requireGo(module, host, signal);
        progress(`building ${program} with Go (${minutes}, once; kept in ${folder})`);
        const started = Date.now();
        // Kubernetes reads its own version from the linker: without it /version says v0.0.0 and kubectl cannot parse it.
        const linker = `-s -w -X k8s.io/component-base/version.gitVersion=${KUBERNETES_VERSION}`;
        await runCommand('go', ['build', '-trimpath', '-ldflags', linker, '-o', temporary, goPackage], {
          cwd: module,
          env: { ...host.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
          signal,
        });
        progress(`built ${program} in ${Math.round((Date.now() - started) / 1000)} s`);
      },
    },
    progress,
    signal,
  );
}

/** Asks inside the module, since Go from 1.21 on fetches the toolchain that a module names. */
async function requireGo(module: string, host: Host, signal: AbortSignal): Promise<void> {
  try {
    await runCommand('go', ['version'], { cwd: module, env: host.env, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new MissingRequirementError(
      'Go 1.26 or newer is needed once, to build the Kubernetes API server for the local environment, and `go version` failed. ' +
        'Install it from https://go.dev/dl/, or set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver ' +
        '(`setup-envtest use 1.36 -p path` prints one).',
      { cause: error },
    );
  }
}
