import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApiClient, ApiResource } from '../kubernetes/index.ts';
import type { Children } from './children.ts';
import type { ControlPlane } from './clusters.ts';
import { controlPlaneBinaries } from './control-plane-binaries.ts';
import type { Host } from './host.ts';

const STAGES = fileURLToPath(new URL('./node-stages.yaml', import.meta.url));

const NODES: ApiResource = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false, verbs: ['get', 'patch'] };

export interface NodePlanePrograms {
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kwok: string;
}

/** Finds or builds the programs, which only clusters whose pods are to come up need: a minute or two once, five where the API server was not built here. */
export async function nodePlanePrograms(host: Host, progress: (message: string) => void, signal: AbortSignal): Promise<NodePlanePrograms> {
  const binaries = await controlPlaneBinaries(['kube-controller-manager', 'kube-scheduler', 'kwok'], host, progress, signal);
  return { controllerManager: binaries['kube-controller-manager'], scheduler: binaries['kube-scheduler'], kwok: binaries.kwok };
}

export interface NodePlaneSettings {
  /** The API server, started by `startControlPlane`: the key of its service accounts lies beside its kubeconfig. */
  readonly controlPlane: Pick<ControlPlane, 'name' | 'kubeconfig'>;
  readonly programs: NodePlanePrograms;
  /** An administrator's client. */
  readonly client: Pick<ApiClient, 'apply' | 'get'>;
  /** The labels of each node, such as `kubernetes.io/arch`. */
  readonly nodes: readonly { readonly name: string; readonly labels?: Readonly<Record<string, string>> }[];
}

/**
 * Makes pods come up on an API server: its own controllers and scheduler, and kwok, which plays the kubelets of the nodes by
 * `node-stages.yaml`. Resolves when the nodes are ready. The programs end with `children`.
 *
 * Throws `LocalEnvironmentError` when one of them does not start.
 */
export async function startNodePlane(children: Children, settings: NodePlaneSettings, signal: AbortSignal): Promise<void> {
  const { name, kubeconfig } = settings.controlPlane;
  const folder = dirname(kubeconfig);
  const { controllerManager, scheduler, kwok } = settings.programs;
  const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--bind-address=127.0.0.1', '--secure-port=0'];
  const key = `--service-account-private-key-file=${join(folder, 'service-account.key')}`;
  children.start(`kube-controller-manager-${name}`, controllerManager, [...common, key], {}, folder);
  children.start(`kube-scheduler-${name}`, scheduler, common, {}, folder);
  // Without a lease of its own each node would be taken for lost after a minute.
  const played = ['--manage-all-nodes=true', `--config=${STAGES}`, '--node-lease-duration-seconds=40'];
  children.start(`kwok-${name}`, kwok, [`--kubeconfig=${kubeconfig}`, ...played], { HOME: folder }, folder);
  for (const node of settings.nodes) {
    const metadata = { name: node.name, labels: { 'kubernetes.io/arch': 'amd64', ...node.labels } };
    const object = { apiVersion: 'v1', kind: 'Node', metadata };
    await settings.client.apply(NODES, object, { fieldManager: 'node-plane', dryRun: false }, signal);
  }
  await children.ready(`kwok-${name}`, 60, async () => {
    for (const node of settings.nodes) {
      const live = await settings.client.get(NODES, { namespace: '', name: node.name }, signal);
      if (!isSchedulable(live)) return false;
    }
    return true;
  });
}

/** Ready, and rid of the taint that every node begins with. */
function isSchedulable(node: unknown): boolean {
  const text = JSON.stringify(node) ?? '';
  return text.includes('"KubeletReady"') && !text.includes('node.kubernetes.io/not-ready');
}
