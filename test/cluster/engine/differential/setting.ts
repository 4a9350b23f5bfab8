import type { ApiClient } from '../../../../lib/kubernetes/index.ts';
import type { NormalisedObjects } from '../../../../lib/manifests/normalise.ts';
import { describeObject, type KubernetesObject, objectIdOf } from '../../../../lib/manifests/object.ts';
import { OWNER_LABEL } from '../../../../lib/reconcile/index.ts';
import { kindsFixture } from '../../kinds/kinds-fixture.ts';
import { type ReconciledCluster, reconciledCluster } from '../../kinds/reconciled-cluster.ts';
import { startTestCluster, type TestCluster } from '../../kubernetes/control-plane.ts';
import { type Flux, startFlux } from './flux.ts';
import { type PassingWebhook, startPassingWebhook } from './passing-webhook.ts';
import { type Rehearsal, rehearse } from './rehearsal.ts';
import { standingClock } from './standing-clock.ts';

/** A cluster that ours keeps, with both engines, and with a webhook in it. */
export interface Setting extends AsyncDisposable {
  readonly server: TestCluster;
  readonly cluster: ReconciledCluster;
  readonly admin: ApiClient;
  readonly webhook: PassingWebhook;
  readonly desired: NormalisedObjects;
  /** `Deployment kinds/web`, of every desired object. */
  readonly subjects: readonly string[];
  rehearse(by: 'checkpoint' | 'full dry-run'): Promise<Rehearsal>;
  /** The verdicts on all objects, three times. Nothing moves meanwhile: nobody else is at this cluster, and nobody writes. */
  look(): Promise<Look>;
  /** A run each minute for an hour; resolves to what they found. */
  sweepHour(): Promise<ReadonlySet<string>>;
}

export interface Look {
  readonly byCheckpoint: Rehearsal;
  readonly inFull: Rehearsal;
  readonly flux: Awaited<ReturnType<Flux['verdicts']>>;
}

/** All of the fixture is applied, and in sync. */
export async function startSetting(): Promise<Setting> {
  await using scope = new AsyncDisposableStack();
  const fixture = kindsFixture();
  const desired = { ...fixture, objects: fixture.objects.map(withMore) };
  const server = scope.adopt(await startTestCluster(), (started) => started.stop());
  // Time stands still but for the hours of the sweep: until then whatever is found is found by the checkpoint.
  const clock = standingClock();
  const reconciled = reconciledCluster(server, 'engine', clock);
  const cluster: ReconciledCluster = {
    ...reconciled,
    reconcile(through) {
      clock.setBack();
      return reconciled.reconcile(through);
    },
  };
  const rehearsed: Setting['rehearse'] = (by) => {
    clock.setBack();
    return rehearse(cluster, by);
  };
  const admin = server.client();
  const webhook = scope.use(await startPassingWebhook(server, admin, cluster));
  await cluster.publish(desired);
  const { run } = await cluster.reconcile();
  if (run.outcome !== 'in-sync') throw new Error(`the first run ended as ${run.outcome}`);
  await settleEnvironment(cluster, rehearsed);
  const flux = scope.use(await startFlux(server, cluster.identity, desired.objects.map(labelledBy(cluster.identity.owner))));
  const owned = scope.move();
  return {
    server,
    cluster,
    admin,
    webhook,
    desired,
    subjects: desired.objects.map((object) => describeObject(objectIdOf(object))),
    rehearse: rehearsed,
    look: async () => ({
      byCheckpoint: await rehearsed('checkpoint'),
      inFull: await rehearsed('full dry-run'),
      flux: await flux.verdicts(),
    }),
    async sweepHour() {
      const found = new Set<string>();
      for (let minute = 0; minute < 60; minute += 1) {
        clock.advance(60);
        for (const record of (await cluster.reconcile()).objects) if (record.class !== 'health') found.add(describeObject(record.object));
      }
      return found;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the fixture lacks: a list that can be reordered in a kind without generations, and a finalizer of Git's. */
function withMore(object: KubernetesObject): KubernetesObject {
  if (object.kind === 'ServiceAccount') return { ...object, secrets: [{ name: 'first' }, { name: 'second' }, { name: 'third' }] };
  if (object.kind === 'PriorityClass') return { ...object, metadata: { ...object.metadata, finalizers: ['kinds.example.com/kept'] } };
  return object;
}

function labelledBy(owner: string): (object: KubernetesObject) => KubernetesObject {
  return (object) => ({ ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, [OWNER_LABEL]: owner } } });
}

/**
 * What the first run applied is of the environment too: its kinds are swept first. Runs until the checkpoint vouches for all that it can, which
 * is not a Job that has not ended.
 */
async function settleEnvironment(cluster: ReconciledCluster, rehearsed: Setting['rehearse']): Promise<void> {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const { size } = (await rehearsed('checkpoint')).verified;
    if (size >= before) return;
    before = size;
    await cluster.reconcile();
  }
}
