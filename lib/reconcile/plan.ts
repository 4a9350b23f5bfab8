import type { Failure } from '../errors.ts';
import type { ClusterRow } from '../fleet/cluster.ts';
import { rolloutPlace } from '../images/gate/rollout-place.ts';
import { rolloutStop } from '../images/gate/rollout-stop.ts';
import { describeObject, type KubernetesObject, type ObjectId, objectIdOf } from '../manifests/object.ts';
import type { FieldChange, RecordObject } from '../records/record.ts';
import type { Artifact } from '../source/artifact.ts';
import type { InventoryObject } from '../storage/stores.ts';
import { changesOf, recordObject } from './changes.ts';
import { compareAll } from './compare.ts';
import { decideAll, type Item } from './decide.ts';
import { misfitsOfOldDefinitions } from './definitions.ts';
import type { ReconcileDependencies } from './dependencies.ts';
import { fieldRulesOf } from './field-rules.ts';
import { readHistory } from './history.ts';
import { writerIdentity } from './identity.ts';
import { inventoryOf } from './inventory.ts';
import { observe } from './observe.ts';
import { NO_MEMORY, objectWaits, type PlanWaits, type Policy, planWaits, policyOf } from './policy/index.ts';
import { type Foreseen, foresee, judgeRemoved, observeRemoved, runGuard, sourceOf } from './prune/index.ts';
import { recreateRefusal } from './recreate.ts';
import { ClusterChangedError } from './run-error.ts';
import { isTakenOver } from './takeover/index.ts';
import { namespacesOf, targetArtifact, type Untargeted, type WaitingObject } from './target.ts';
import { listUnmanaged } from './unmanaged.ts';

/** One object of a plan that is not unchanged. */
export interface PlanItem extends PlanWaits {
  readonly object: RecordObject;
  /** `keep`: it is no longer in Git, and a guard holds its deletion back (`error` says which). */
  readonly action: 'create' | 'update' | 'recreate' | 'adopt' | 'unmanaged' | 'delete' | 'keep' | 'blocked' | 'error';
  readonly changes: readonly FieldChange[];
  /** What people put beside the fields of Git, which is taken back; absent: nothing. */
  readonly takenBack?: readonly FieldChange[];
  readonly error?: Failure;
  /** False when the server could not try it, since what it needs comes with the same plan (`after`). */
  readonly validated?: boolean;
  readonly after?: readonly string[];
  /** Of a deletion that waits for its delay, ISO 8601: if no run has seen the object absent from Git yet, counted from now. */
  readonly notBefore?: string;
  /** Of an adoption, who deployed the object before us; of an unmanaged object, the managers of its fields. */
  readonly from?: string;
}

export interface ClusterPlan {
  readonly cluster: string;
  readonly revision: string;
  /** Objects of the desired state, the unchanged ones too. */
  readonly objects: number;
  /** Fields that are left as they are, of all objects; absent: none. */
  readonly ignored?: number;
  readonly lines: readonly PlanItem[];
}

export interface PlanOptions {
  /** Whether objects that nobody has put into Git are listed too. */
  readonly unmanaged?: boolean;
}

/** What is planned need not be published, so that it has no digest by which an object could be known to be at it. */
const NOT_STORED = '';

/**
 * What a run would change if the row were enforced, by the server's dry-run. Writes nothing anywhere, and takes no lease. Throws what keeps
 * the whole cluster from being planned.
 */
export async function planCluster(
  row: ClusterRow,
  artifact: Artifact,
  deps: Pick<ReconcileDependencies, 'connect' | 'artifacts' | 'state' | 'records' | 'clock' | 'deployment'>,
  signal: AbortSignal,
  { unmanaged = false }: PlanOptions = {},
): Promise<ClusterPlan> {
  await using scope = new AsyncDisposableStack();
  const client = scope.adopt(await deps.connect(row, signal), (opened) => opened.close());
  const state = await deps.state.get(row.cluster, signal);
  const pinned = state?.clusterUid;
  const clusterUid = await client.clusterUid(signal);
  if (pinned !== undefined && pinned !== clusterUid) throw new ClusterChangedError(row.cluster, pinned, clusterUid);

  const identity = writerIdentity(deps.deployment, row.cluster);
  const discovery = await client.discover(signal);
  const inventory = inventoryOf(clusterUid, await deps.artifacts.getInventory(row.cluster, signal));
  const history = await readHistory(inventory, { digest: NOT_STORED, artifact }, deps.artifacts, signal);
  const now = deps.clock.now();
  const place = rolloutPlace(row, state, now);
  const stopOf = (written: KubernetesObject) => rolloutStop(written, artifact, place);
  const desired = targetArtifact(artifact, { discovery, identity, history, stopOf });
  const observations = observe(desired.targets, {
    client,
    identity,
    signal,
    discovery,
    rules: fieldRulesOf(artifact),
    validateAbsent: true,
    namespaces: namespacesOf(artifact),
  });
  const writes = row.mode === 'enforce';
  const comparisons = await compareAll(observations, { identity, writes });
  const planned = decideAll(comparisons, { policy: policyOf({ ...row, mode: 'observe' }, artifact.settings, now), memory: NO_MEMORY });
  const waiting = {
    policy: policyOf({ ...row, mode: 'enforce' }, artifact.settings, now),
    open: await deps.records.listOpen(row.cluster, signal),
  };
  const misfits = misfitsOfOldDefinitions(comparisons);
  const ignored = comparisons.reduce((sum, comparison) => sum + (comparison.state === 'present' ? (comparison.ignored ?? 0) : 0), 0);
  const removed = await observeRemoved(desired, planned, { client, identity, signal, discovery, inventory });
  const judged = judgeRemoved(removed.live, {
    identity,
    inventory,
    settings: artifact.settings?.prune,
    source: sourceOf(artifact),
    treatment: () => ({ decision: 'applied' }),
    run: runGuard({
      desired,
      applied: decideAll(
        comparisons.filter(({ target }) => !misfits.has(target.key)),
        { policy: waiting.policy, memory: NO_MEMORY },
      ).map((item) => ({
        ...item,
        result: { state: 'left' },
      })),
      late: [],
      discoveryComplete: discovery.served().complete,
    }),
    now,
  });
  const foreseen = await foresee(judged.verdicts, { client, discovery }, signal);
  return {
    cluster: row.cluster,
    revision: artifact.revision,
    objects: planned.length + desired.waiting.length + desired.untargeted.length,
    ...(ignored === 0 ? {} : { ignored }),
    lines: [
      // Deciding for a row that is observed leaves our label out; what a run would write has it.
      ...planned.flatMap((item, index) =>
        plannedItem({ ...item, comparison: comparisons[index] ?? item.comparison }, writes, misfits.get(item.target.key)).map((line) =>
          isError(line) ? line : { ...line, ...planWaits(item.comparison, line.changes, waiting) },
        ),
      ),
      ...desired.waiting.map(waitingItem),
      ...desired.untargeted.map(untargetedItem),
      ...foreseen.map((each) => removedItem(each, waiting.policy)),
      ...[...removed.unknown.values()].map(({ entry, failure }) => unknownItem(entry, failure)),
      ...(unmanaged ? await listUnmanaged(desired, { client, identity, signal }) : []),
    ],
  };
}

/** `definition`: the one that has to be written before the object can be tried. */
function plannedItem({ target, comparison, findings }: Item, writes: boolean, definition?: ObjectId): readonly PlanItem[] {
  const object = recordObject(target, 'uid' in comparison ? comparison.uid : undefined);
  switch (comparison.state) {
    case 'present': {
      const { rollout, drift, foreign, adoptedFrom } = comparison;
      const changes = changesOf([...rollout, ...drift.flatMap(({ differences }) => differences)], object);
      const taken = changesOf(
        foreign.filter(isTakenOver).flatMap(({ differences }) => differences),
        object,
      );
      const differs = changes.length > 0 || taken.length > 0;
      const item = { object, changes, ...(taken.length === 0 ? {} : { takenBack: taken }) };
      // Where nothing is written, an object that is as Git says needs no adoption.
      if (adoptedFrom !== undefined && (writes || differs)) return [{ ...item, action: 'adopt', from: adoptedFrom }];
      return differs ? [{ ...item, action: 'update' }] : [];
    }
    case 'finished':
    case 'unchanged':
      return [];
    case 'immutable': {
      const error = recreateRefusal(comparison);
      return [error === undefined ? { object, action: 'recreate', changes: [] } : { object, action: 'error', changes: [], error }];
    }
    case 'absent': {
      const after = comparison.validated
        ? {}
        : { after: [describeObject({ kind: 'Namespace', namespace: '', name: target.id.namespace })] };
      return [{ object, action: 'create', changes: [], validated: comparison.validated, ...after }];
    }
    case 'terminating': {
      const message = `${describeObject(target.id)}: it is being deleted. It is created again once it is gone; look at its finalizers if it stays.`;
      return [{ object, action: 'blocked', changes: [], error: { reason: 'Terminating', message } }];
    }
    case 'unknown':
      if (definition !== undefined) {
        const action = target.knownUid === undefined ? 'create' : 'update';
        return [{ object, action, changes: [], validated: false, after: [describeObject(definition)] }];
      }
      return [{ object, action: comparison.decision === 'blocked' ? 'blocked' : 'error', changes: [], error: comparison.failure }];
    case 'owned':
      return findings.flatMap(({ failure }) => (failure === undefined ? [] : [{ object, action: 'error', changes: [], error: failure }]));
  }
}

function isError({ action }: PlanItem): boolean {
  return action === 'blocked' || action === 'error';
}

function waitingItem({ object, definition }: WaitingObject): PlanItem {
  const { kind, namespace, name } = objectIdOf(object);
  const after = [describeObject(definition)];
  return { object: { apiVersion: object.apiVersion, kind, namespace, name }, action: 'create', changes: [], validated: false, after };
}

function untargetedItem({ object, decision, failure }: Untargeted): PlanItem {
  const error = failure === undefined ? {} : { error: failure };
  return { object, action: decision === 'blocked' ? 'blocked' : 'error', changes: [], ...error };
}

function deletedItem({ apiVersion, kind, namespace, name, uid }: InventoryObject): PlanItem {
  return { object: { apiVersion, kind, namespace, name, ...(uid === undefined ? {} : { uid }) }, action: 'delete', changes: [] };
}

function unknownItem(entry: InventoryObject, error: Failure): PlanItem {
  return { ...deletedItem(entry), action: 'error', error };
}

function removedItem({ removed: { entry, live }, verdict }: Foreseen, policy: Policy): PlanItem {
  if (verdict.action === 'failed') return unknownItem(entry, verdict.failure);
  if ('failure' in verdict) return { ...deletedItem(entry), action: 'keep', error: verdict.failure };
  const notBefore = verdict.action === 'wait' ? { notBefore: verdict.until } : {};
  return { ...deletedItem(entry), ...notBefore, ...objectWaits(live, {}, policy) };
}
