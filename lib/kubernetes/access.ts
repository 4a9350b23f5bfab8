import { failureOf } from '../errors.ts';
import type { Mode } from '../fleet/cluster.ts';
import { isJsonArray, isJsonObject } from '../manifests/json.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';

/** One thing that was tried from here. `remedy` is there when it failed. */
export interface AccessCheck {
  readonly check: 'reachable' | 'credentials' | 'identity of the cluster' | 'permissions';
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

/** The access entry's group, and the ClusterRole, of a mode; `off` needs what `observe` needs, since it is what comes after. */
export function accessOf(mode: Mode): 'observe' | 'enforce' {
  return mode === 'enforce' ? 'enforce' : 'observe';
}

/** What an administrator does once on an EKS cluster: the access entry and the ClusterRole, as shell commands. */
export function accessInstructions(cluster: {
  readonly eksName: string;
  readonly region: string;
  /** The role whose identity the API server sees: the row's role, or the reconcile function's own. */
  readonly principalArn: string;
  readonly mode: Mode;
  /** Text of `infra/access/observe.yaml` or `enforce.yaml`. */
  readonly manifest: string;
}): string {
  const { eksName, region, principalArn, mode, manifest } = cluster;
  return [
    `aws eks create-access-entry --cluster-name ${eksName} --region ${region} \\`,
    `  --principal-arn ${principalArn} \\`,
    `  --type STANDARD --kubernetes-groups plumbline:${accessOf(mode)}`,
    '',
    "kubectl apply -f - <<'EOF'",
    manifest.trimEnd(),
    'EOF',
    '',
  ].join('\n');
}

/** Kinds that nearly every repository holds; what else Git names is found out by reconciling. */
const SAMPLE = [
  { group: '', resource: 'namespaces' },
  { group: '', resource: 'configmaps' },
  { group: '', resource: 'secrets' },
  { group: '', resource: 'services' },
  { group: 'apps', resource: 'deployments' },
] as const;

/** A dry-run apply needs the verbs of an apply: of an object that is absent, `create` too. */
const VERBS = ['get', 'list', 'create', 'patch'] as const;

/**
 * Tries the cluster from this machine: reachable and what it says it is, credentials accepted, permissions. Stops at the first check that
 * the others rest on. A cluster's own failure is in the list, not thrown.
 */
export async function checkAccess(client: ApiClient, mode: Mode, signal: AbortSignal): Promise<readonly AccessCheck[]> {
  const checks: AccessCheck[] = [];
  try {
    const version = await client.serverVersion(signal);
    checks.push({ check: 'reachable', ok: true, detail: `Kubernetes ${version}, its certificate verified` });
  } catch (error) {
    signal.throwIfAborted();
    // Who was refused has reached the server all the same.
    if (!(error instanceof ApiError) || error.status === 0)
      return [failed('reachable', error, 'Check the endpoint and the network from here to it.')];
    if (error.reason !== 'Forbidden' && error.reason !== 'Unauthorized')
      return [failed('reachable', error, 'Check that it is a Kubernetes API server.')];
    checks.push({ check: 'reachable', ok: true, detail: 'it answers, its certificate verified' });
  }
  try {
    checks.push({ check: 'credentials', ok: true, detail: `accepted as ${await whoAmI(client, signal)}` });
  } catch (error) {
    signal.throwIfAborted();
    return [...checks, failed('credentials', error, 'Create the access entry (EKS), or store a valid token or client certificate.')];
  }
  try {
    const uid = await client.clusterUid(signal);
    checks.push({ check: 'identity of the cluster', ok: true, detail: `kube-system is ${uid}` });
  } catch (error) {
    signal.throwIfAborted();
    checks.push(failed('identity of the cluster', error, roleRemedy(mode)));
  }
  return [...checks, await checkPermissions(client, mode, signal)];
}

async function whoAmI(client: ApiClient, signal: AbortSignal): Promise<string> {
  const review = await client.review('authentication.k8s.io/v1', 'SelfSubjectReview', {}, signal);
  const status = isJsonObject(review) ? review.status : undefined;
  const user = isJsonObject(status) ? status.userInfo : undefined;
  if (!isJsonObject(user)) return 'somebody';
  const groups = isJsonArray(user.groups)
    ? user.groups.filter((group) => typeof group === 'string' && !group.startsWith('system:auth'))
    : [];
  return `${String(user.username)}${groups.length === 0 ? ', in no group' : ` in ${groups.join(', ')}`}`;
}

async function checkPermissions(client: ApiClient, mode: Mode, signal: AbortSignal): Promise<AccessCheck> {
  try {
    const asked = SAMPLE.flatMap((kind) => VERBS.map((verb) => ({ ...kind, verb })));
    const allowed = await Promise.all(asked.map((attributes) => isAllowed(client, attributes, signal)));
    const missing = asked.filter((_, index) => allowed[index] !== true).map(({ verb, resource }) => `${verb} ${resource}`);
    if (missing.length === 0) return { check: 'permissions', ok: true, detail: 'get, list and apply on the common kinds' };
    return { check: 'permissions', ok: false, detail: `not allowed: ${missing.join(', ')}`, remedy: roleRemedy(mode) };
  } catch (error) {
    signal.throwIfAborted();
    return failed('permissions', error, roleRemedy(mode));
  }
}

async function isAllowed(
  client: ApiClient,
  attributes: { readonly group: string; readonly resource: string; readonly verb: string },
  signal: AbortSignal,
): Promise<boolean> {
  const review = await client.review('authorization.k8s.io/v1', 'SelfSubjectAccessReview', { resourceAttributes: attributes }, signal);
  return isJsonObject(review) && isJsonObject(review.status) && review.status.allowed === true;
}

function roleRemedy(mode: Mode): string {
  const access = accessOf(mode);
  return `Apply infra/access/${access}.yaml and give this identity the group plumbline:${access}, or allow it in a role of your own.`;
}

function failed(check: AccessCheck['check'], error: unknown, remedy: string): AccessCheck {
  return { check, ok: false, detail: failureOf(error).message, remedy };
}
