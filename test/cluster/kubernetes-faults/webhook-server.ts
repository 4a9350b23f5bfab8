import { once } from 'node:events';
import { createServer } from 'node:https';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import type { PatchOperation } from '../../../lib/kubernetes/client.ts';
import { stringifyJson } from '../../../lib/manifests/json.ts';
import type { TestCluster } from '../kubernetes/control-plane.ts';

const Review = z.object({
  request: z.object({ uid: z.string(), object: z.object({ metadata: z.object({ uid: z.string().optional() }) }).nullish() }),
});

/** What a webhook does with a review: allows it, allows it with changes, refuses it with a message, or never answers. */
export type Behaviour = 'allow' | 'change' | 'hang' | { readonly refuse: string };

export interface WebhookServer {
  /** For `clientConfig` of a webhook configuration. */
  clientConfig(behaviour: keyof typeof BEHAVIOURS): { readonly url: string; readonly caBundle: string };
  close(): Promise<void>;
}

const BEHAVIOURS = {
  allow: 'allow',
  change: 'change',
  hang: 'hang',
  refuse: { refuse: 'images must come from registry.example' },
} as const satisfies Readonly<Record<string, Behaviour>>;

/** An admission webhook, with the API server's own certificate. `change` says what it does to the object of a uid. */
export async function startWebhookServer(
  cluster: TestCluster,
  change: (uid: string) => readonly PatchOperation[] = () => [],
): Promise<WebhookServer> {
  const server = createServer(cluster.certificate, (request, response) => {
    void json(request).then((body) => {
      const { uid, object } = Review.parse(body).request;
      const found = Object.entries(BEHAVIOURS).find(([path]) => request.url?.startsWith(`/${path}`));
      const behaviour: Behaviour = found?.[1] ?? 'allow';
      if (behaviour === 'hang') return;
      const answer =
        typeof behaviour === 'object'
          ? { uid, allowed: false, status: { code: 403, message: behaviour.refuse } }
          : { uid, allowed: true, ...(behaviour === 'change' ? patchOf(change(object?.metadata.uid ?? '')) : {}) };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    clientConfig: (behaviour) => ({
      url: `https://127.0.0.1:${address.port}/${behaviour}`,
      caBundle: cluster.controlPlane.certificateAuthority,
    }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function patchOf(operations: readonly PatchOperation[]): object {
  return operations.length === 0 ? {} : { patchType: 'JSONPatch', patch: Buffer.from(stringifyJson(operations)).toString('base64') };
}
