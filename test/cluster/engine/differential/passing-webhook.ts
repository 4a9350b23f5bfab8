import type { ApiResource, PatchOperation } from '../../../../lib/kubernetes/client.ts';
import type { ApiClient } from '../../../../lib/kubernetes/index.ts';
import { type KubernetesObject, objectIdOf } from '../../../../lib/manifests/object.ts';
import type { ReconciledCluster } from '../../kinds/reconciled-cluster.ts';
import type { TestCluster } from '../../kubernetes/control-plane.ts';
import { startWebhookServer } from '../../kubernetes-faults/webhook-server.ts';

/** A mutating webhook that sees the writes of one manager alone, and changes what it is told to. */
export interface PassingWebhook extends AsyncDisposable {
  /** Writes an object as it is, and has it changed on the way. False where the server stored nothing new. */
  change(live: KubernetesObject, resource: ApiResource, operations: readonly PatchOperation[]): Promise<boolean>;
}

const MANAGER = 'passer-by';

const signal = (): AbortSignal => AbortSignal.timeout(10_000);

/** It is of the cluster's environment from here on. */
export async function startPassingWebhook(
  server: TestCluster,
  admin: ApiClient,
  { kubectl }: Pick<ReconciledCluster, 'kubectl'>,
): Promise<PassingWebhook> {
  const changes = new Map<string, readonly PatchOperation[]>();
  const webhooks = await startWebhookServer(server, (uid) => changes.get(uid) ?? []);
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'passing' },
    webhooks: [
      {
        name: 'passing.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Ignore',
        clientConfig: webhooks.clientConfig('change'),
        matchConditions: [{ name: 'passing', expression: `request.options.?fieldManager.orValue('') == '${MANAGER}'` }],
        rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['UPDATE'], resources: ['*'] }],
      },
    ],
  };
  await kubectl(['create', '-f', '-'], { input: JSON.stringify(configuration) });
  return {
    async change(live, resource, operations) {
      const { uid = '', name, resourceVersion } = live.metadata;
      changes.set(uid, operations);
      try {
        const same = [{ op: 'replace', path: '/metadata/name', value: name }] as const;
        const options = { fieldManager: MANAGER, dryRun: false };
        const answer = await admin.patch(resource, objectIdOf(live), same, options, signal());
        return answer.metadata.resourceVersion !== resourceVersion;
      } finally {
        changes.delete(uid);
      }
    },
    [Symbol.asyncDispose]: () => webhooks.close(),
  };
}
