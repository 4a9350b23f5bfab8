import { type Failure, PlumblineError } from '../errors.ts';
import type { ClusterRow } from '../fleet/cluster.ts';
import type { Fact } from '../records/fact.ts';
import type { RecordObject } from '../records/record.ts';
import type { Inventory } from '../storage/stores.ts';
import type { Run } from './conclude.ts';
import type { ReconcileDependencies } from './dependencies.ts';
import { writerIdentity } from './identity.ts';
import { inventoryOf } from './inventory.ts';
import { takeLease } from './lease.ts';
import { policyOf, writes } from './policy/index.ts';
import { judgeRemoved, observeRemoved, pruneFacts, pruneRemoved, rememberPruning } from './prune/index.ts';
import type { DesiredState } from './target.ts';

/** What became of one object of a cluster that is given up. */
export interface PrunedObject {
  readonly object: RecordObject;
  /** `keep`: a guard holds its deletion back. */
  readonly action: 'delete' | 'keep' | 'error';
  readonly error?: Failure;
}

/** Nothing is in Git any more, by a person's word. */
const NOTHING: DesiredState = {
  targets: [],
  waiting: [],
  untargeted: [],
  arrangement: { places: new Map(), problems: new Map() },
  complete: true,
  defaultNamespace: '',
};

/** Each object has been absent for ever: a person's word needs no delay. */
const FOR_EVER = new Date(0).toISOString();

/**
 * Deletes what a row has applied, under the cluster's lease, as far as no guard that is about the object holds it back: those that are about a
 * mistake in Git (delay, limit, empty render) do not apply to a person's word. Afterwards the row has no desired state, so that no run that
 * began before puts it back. Undefined when another run is at the cluster. Throws `PruneError` where the row lets nothing be written.
 */
export async function pruneCluster(
  row: ClusterRow,
  deps: ReconcileDependencies,
  { runId, signal: writing, interrupt }: { readonly runId: string; readonly signal: AbortSignal; readonly interrupt: AbortSignal },
): Promise<readonly PrunedObject[] | undefined> {
  const startedAt = deps.clock.now();
  if (!writes(policyOf(row, undefined, startedAt))) throw new PruneError(row.cluster);
  await using scope = new AsyncDisposableStack();
  const signal = AbortSignal.any([writing, interrupt]);
  const client = scope.adopt(await deps.connect(row, signal), (opened) => opened.close());
  const run: Run = { row, runId, startedAt, tickAt: undefined, signal, writing };
  const lease = await takeLease(run, client, await deps.state.get(row.cluster, signal), deps, scope);
  if (lease === undefined) return undefined;

  const inventory = givenUp(inventoryOf(lease.clusterUid, await deps.artifacts.getInventory(row.cluster, signal)));
  const identity = writerIdentity(deps.deployment, row.cluster);
  const discovery = await client.discover(signal);
  const removed = await observeRemoved(NOTHING, [], { client, identity, signal, discovery, inventory });
  const judgement = judgeRemoved(removed.live, {
    identity,
    inventory,
    settings: { delay: '0s', limit: 100 },
    source: '',
    treatment: () => ({ decision: 'applied' }),
    run: undefined,
    now: startedAt,
  });
  await deps.state.update(row.cluster, { desiredArtifact: null });
  const pruned = await pruneRemoved(judgement.verdicts, { client, discovery, clock: deps.clock, lease, signal, writing });
  const facts = pruneFacts(pruned, removed.unknown.values(), deps.clock.now().toISOString());
  const told = { cluster: row.cluster, runId, revision: '', startedAt: startedAt.toISOString() };
  await deps.recorder.record({ ...told, facts, closes: () => false }, AbortSignal.timeout(RECORDING_SECONDS * 1000));
  const left = rememberPruning(inventory, { removed, judgement, pruned }, { source: '', now: startedAt.toISOString() });
  await deps.artifacts.putInventory(row.cluster, left);
  return facts.map(prunedObject);
}

const RECORDING_SECONDS = 30;

function givenUp({ clusterUid, objects, version }: Inventory): Inventory {
  return {
    clusterUid,
    ...(version === undefined ? {} : { version }),
    objects: objects.map((entry) => ({ ...entry, absent: { since: FOR_EVER } })),
  };
}

function prunedObject({ object, decision, error }: Fact): PrunedObject {
  const action = decision === 'applied' ? 'delete' : decision === 'failed' ? 'error' : 'keep';
  return { object, action, ...(error === undefined ? {} : { error }) };
}

class PruneError extends PlumblineError {
  constructor(cluster: string) {
    super(
      'NotEnforced',
      `cluster ${cluster}: its row lets nothing be written (mode observe or off, or suspended), and deleting is writing. Set it to enforce, or remove it without --prune.`,
    );
  }
}
