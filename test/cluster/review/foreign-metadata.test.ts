import { describe, expect, it } from 'vitest';
import { createWorld } from '../reconcile/world.ts';

describe('an annotation that a person adds', () => {
  it('is drift too where the server does not try the object under another name', async () => {
    const world = await createWorld();
    await world.commit(`
apiVersion: v1
kind: Service
metadata: { name: web, namespace: NS }
spec:
  type: NodePort
  selector: { app: web }
  ports: [{ port: 80, nodePort: 31847 }]
`);
    await world.reconcile();
    await world.kubectl(['annotate', 'service', 'web', 'example.com/opened-by=somebody']);

    expect(await world.reconcile({}, { mode: 'observe' })).toMatchObject({ outcome: 'drifting' });
    expect(await world.open()).toMatchObject([
      { class: 'foreign-field', changes: [{ path: 'metadata.annotations["example.com/opened-by"]', live: 'somebody' }] },
    ]);
    await world.kubectl(['delete', 'service', 'web']);
  });
});
