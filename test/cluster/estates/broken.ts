import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../../lib/manifests/json.ts';
import type { LocatedValue } from '../../../lib/manifests/normalise.ts';
import type { ReconciledCluster } from '../kinds/reconciled-cluster.ts';

/** Where the broken objects are, and what has to be there before them. */
const NAMESPACE = 'broken';
const EACH = 5;

interface Breakage {
  /** What the record says of such an object: an error's reason, or the class where that is all there is to say. */
  readonly reason: string;
  readonly object: (name: string) => JsonObject;
  /** What is in the cluster already, put there by somebody else. */
  readonly before?: (name: string) => JsonObject;
}

const metadata = (name: string, more: JsonObject = {}): JsonObject => ({ name, namespace: NAMESPACE, ...more });
const configMap = (name: string, more: JsonObject = {}, fields: JsonObject = { data: { key: 'git' } }): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadata(name, more),
  ...fields,
});

/** Ten ways in which an object of a repository cannot be what Git says. */
export const BREAKAGES: Readonly<Record<string, Breakage>> = {
  'invalid-value': {
    reason: 'Invalid',
    object: (name) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(name),
      spec: { clusterIP: 'None', ports: [{ port: 70_000 }] },
    }),
  },
  'unknown-field': { reason: 'Invalid', object: (name) => configMap(name, {}, { dta: { key: 'git' } }) },
  'immutable-field': {
    reason: 'Immutable',
    before: (name) => configMap(name, {}, { immutable: true, data: { key: 'first' } }),
    object: (name) => configMap(name, {}, { immutable: true, data: { key: 'second' } }),
  },
  'refused-by-policy': { reason: 'Denied', object: (name) => configMap(name, { labels: { refused: 'yes' } }) },
  'missing-namespace': { reason: 'NamespaceNotFound', object: (name) => configMap(name, { namespace: 'nowhere' }) },
  'unknown-kind': {
    reason: 'UnknownKind',
    object: (name) => ({ apiVersion: 'missing.example.com/v1', kind: 'Widget', metadata: metadata(name) }),
  },
  'generated-name': {
    reason: 'GenerateName',
    object: (name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: `${name}-`, namespace: NAMESPACE } }),
  },
  'duplicate-key': {
    reason: 'DuplicateListKey',
    object: (name) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(name),
      spec: { clusterIP: 'None', ports: [{ port: 80 }, { port: 80 }] },
    }),
  },
  'owned-by-another': {
    reason: 'OwnedByAnother',
    before: (name) => configMap(name, { annotations: { 'argocd.argoproj.io/tracking-id': `shop:/ConfigMap:${NAMESPACE}/${name}` } }),
    object: (name) => configMap(name),
  },
  'being-deleted': {
    reason: 'terminating',
    before: (name) => configMap(name, { finalizers: ['example.com/hold'] }),
    object: (name) => configMap(name),
  },
};

const POLICY = [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'refused' },
    spec: {
      matchConstraints: {
        objectSelector: { matchLabels: { refused: 'yes' } },
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] }],
      },
      validations: [{ expression: 'false', message: 'the security team says no' }],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'refused' },
    spec: { policyName: 'refused', validationActions: ['Deny'] },
  },
];

export interface BrokenObject {
  readonly name: string;
  readonly reason: string;
  readonly manifest: LocatedValue;
}

/** Fifty of them, five of each sort. */
export function brokenObjects(): readonly BrokenObject[] {
  return Object.entries(BREAKAGES).flatMap(([sort, { reason, object }]) =>
    Array.from({ length: EACH }, (_, index) => {
      const name = `${sort}-${index}`;
      return { name, reason, manifest: { where: `broken/${name}.yaml:1`, value: object(name) } };
    }),
  );
}

/** Puts into the cluster what was there before any of ours. */
export async function prepareBreakages(cluster: ReconciledCluster): Promise<void> {
  const before = Object.entries(BREAKAGES).flatMap(([sort, breakage]) =>
    Array.from({ length: EACH }, (_, index) => breakage.before?.(`${sort}-${index}`)).filter((object) => object !== undefined),
  );
  const items = [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, ...POLICY, ...before];
  await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  const held = Array.from({ length: EACH }, (_, index) => `being-deleted-${index}`);
  await cluster.kubectl(['delete', 'configmap', '--namespace', NAMESPACE, '--wait=false', ...held]);
  const input = JSON.stringify(configMap('probe', { labels: { refused: 'yes' } }));
  const probe = () => cluster.kubectl(['create', '--dry-run=server', '-f', '-'], { input, accepted: [0, 1] });
  // A policy is enforced some moments after it was accepted.
  while ((await probe()).status === 0) await sleep(100);
}
