import type { Failure } from '../errors.ts';
import type { FollowedResult } from '../health/index.ts';
import type { ApiResource, Discovery } from '../kubernetes/client.ts';
import { describeObject, groupOf, type KubernetesObject, type ObjectId, objectIdOf, objectKey } from '../manifests/object.ts';
import { type Stage, stageOf } from '../manifests/order.ts';
import type { Decision, RecordObject } from '../records/record.ts';
import type { Artifact, ManifestProblem } from '../source/artifact.ts';
import type { Followed } from '../storage/stores.ts';
import type { Baseline } from './classify.ts';
import { type History, isMoved } from './history.ts';
import { OWNER_LABEL, type WriterIdentity } from './identity.ts';
import type { KnownJob } from './jobs.ts';
import { type Arrangement, arrange, type Node } from './order/index.ts';

/** One desired object as this cluster knows it: with its scope, our label, and what it was before. */
export interface Target {
  readonly id: ObjectId;
  /** `objectKey` of `id`. */
  readonly key: string;
  readonly object: KubernetesObject;
  readonly resource: ApiResource;
  readonly stage: Stage;
  readonly baseline?: Baseline;
  /** Whether Git says something else of it than the baseline does; true without a baseline. */
  readonly moved: boolean;
  /** The uid that the inventory has. */
  readonly knownUid?: string;
  readonly knownJob?: KnownJob;
  /** It was not healthy yet at the end of the last run. */
  readonly followed?: Followed;
  /** How it does now, where this run has looked before it wrote anything. */
  readonly looked?: FollowedResult;
  /** Within the stage; 0, the default, goes first. */
  readonly level?: number;
  /** Keys of what has to be ready before it is written; none where absent. */
  readonly dependsOn?: readonly string[];
}

/** Whether a live object with this uid is another one than the one that was applied. What Git brings back is met as for the first time. */
export function isMadeAnew({ baseline, knownUid }: Target, uid: string | undefined): boolean {
  return baseline !== undefined && knownUid !== undefined && uid !== knownUid;
}

/** Desired, but nothing that this run can compare: it failed before the cluster was asked, or waits for its kind. */
export interface Untargeted {
  readonly id: ObjectId;
  readonly object: RecordObject;
  readonly decision: Decision;
  /** ISO 8601. */
  readonly heldUntil?: string;
  readonly class: string;
  readonly failure?: Failure;
}

/** An object of a kind that the cluster does not serve yet, and the CRD of this desired state that defines it. */
export interface WaitingObject {
  readonly object: KubernetesObject;
  readonly definition: ObjectId;
}

/** An object that is not to be written, and why: others may depend on it all the same. */
interface WithheldObject extends Node {
  readonly failure: Failure;
}

export interface DesiredState {
  readonly targets: readonly Target[];
  readonly waiting: readonly WaitingObject[];
  readonly untargeted: readonly Untargeted[];
  /** In which order they come. */
  readonly arrangement: Arrangement;
  /** False when a manifest could not even be read as an object: then what is missing here may be in it. */
  readonly complete: boolean;
  /** The namespace of namespaced objects that name none. */
  readonly defaultNamespace: string;
}

export interface Targeting {
  readonly discovery: Discovery;
  readonly identity: WriterIdentity;
  readonly history: History;
  /** Why an object, as the manifest was written and as this cluster scopes it, must not be rolled out; undefined where nothing is against it. */
  readonly stopOf: (written: KubernetesObject, scoped: ObjectId) => Failure | undefined;
}

/** Where namespaced objects that name no namespace belong: that of the release, for a chart. */
export function defaultNamespaceOf({ defaultNamespace }: Pick<Artifact, 'defaultNamespace'>): string {
  return defaultNamespace ?? DEFAULT_NAMESPACE;
}

/** Turns an artifact into what is desired of this very cluster. */
export function targetArtifact(artifact: Artifact, targeting: Targeting): DesiredState {
  const definitions = definedKinds(artifact.objects);
  const defaultNamespace = defaultNamespaceOf(artifact);
  const targets: Target[] = [];
  const waiting: WaitingObject[] = [];
  const withheld: WithheldObject[] = [];
  const unknown: Untargeted[] = [];
  for (const object of artifact.objects) {
    const lookup = targeting.discovery.lookup(object.apiVersion, object.kind);
    const definition = 'absent' in lookup ? definitions.get(`${groupOf(object.apiVersion)}/${object.kind}`) : undefined;
    const target = 'found' in lookup ? targetOf(object, lookup.found, { ...targeting, defaultNamespace }) : undefined;
    const id = target?.id ?? objectIdOf(object);
    const blocked = artifact.blocked[objectKey(objectIdOf(object))];
    // What Git does not change is corrected, whatever has become of its images.
    const isRollout = target?.moved ?? definition !== undefined;
    const failure = blocked ?? (isRollout ? targeting.stopOf(object, id) : undefined);
    if (failure !== undefined) withheld.push({ key: objectKey(id), id, object, failure });
    else if (target !== undefined) targets.push(target);
    else if (definition !== undefined) waiting.push({ object, definition });
    else if (!('found' in lookup)) unknown.push(untargeted(object, id, 'failed', 'unknown-kind', unknownKind(object, lookup)));
  }
  const doubled = doubledKeys([...targets, ...withheld]);
  const arrangement = arrange([...targets, ...waiting.map(waitingNode(defaultNamespace)), ...withheld]);
  const misplaced = ({ key }: Pick<Target, 'key'>) => arrangement.problems.has(key) && !doubled.has(key);
  const isMisplaced = (object: KubernetesObject) => arrangement.problems.has(waitingNode(defaultNamespace)({ object }).key);
  return {
    targets: targets.filter((target) => !doubled.has(target.key) && !misplaced(target)).map((target) => placed(target, arrangement)),
    waiting: waiting.filter(({ object }) => !isMisplaced(object)),
    arrangement,
    untargeted: [
      ...unknown,
      ...withheld.map(({ object, id, failure }) => untargeted(object, id, 'blocked', 'image', failure)),
      ...targets.filter(misplaced).map((target) => untargetedMisplaced(target, arrangement)),
      ...waiting
        .filter(({ object }) => isMisplaced(object))
        .map(({ object }) => untargetedMisplaced(waitingNode(defaultNamespace)({ object }), arrangement)),
      ...targets.filter(({ key }) => doubled.has(key)).map(untargetedDouble),
      ...artifact.problems.map(untargetedProblem),
    ],
    complete: artifact.problems.every(({ object }) => object !== undefined),
    defaultNamespace,
  };
}

/** Its scope is not known yet: most custom resources are namespaced. */
function waitingNode(defaultNamespace: string): (waiting: Pick<WaitingObject, 'object'>) => Node {
  return ({ object }) => {
    const id = { ...objectIdOf(object), namespace: object.metadata.namespace ?? defaultNamespace };
    return { key: objectKey(id), id, object };
  };
}

/** A target in its place among the others. */
export function placed(target: Target, { places }: Arrangement): Target {
  const place = places.get(target.key);
  return place === undefined || (place.level === 0 && place.dependsOn.length === 0) ? target : { ...target, ...place };
}

function untargetedMisplaced({ object, id, key }: Node, { problems }: Arrangement): Untargeted {
  const failure = problems.get(key);
  const { kind, namespace, name } = id;
  const said = { id, object: { apiVersion: object.apiVersion, kind, namespace, name }, decision: 'failed', class: 'manifest' } as const;
  return failure === undefined ? said : { ...said, failure };
}

/** Namespaces that are themselves desired. */
export function namespacesOf({ objects }: Pick<Artifact, 'objects'>): ReadonlySet<string> {
  return new Set(
    objects.filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Namespace').map(({ metadata }) => metadata.name),
  );
}

/** One object of a kind that the cluster serves. */
export function targetOf(
  object: KubernetesObject,
  resource: ApiResource,
  { identity, history, defaultNamespace }: Omit<Targeting, 'discovery' | 'stopOf'> & Pick<DesiredState, 'defaultNamespace'>,
): Target {
  const { namespace, ...metadata } = object.metadata;
  const labels = { ...metadata.labels, [OWNER_LABEL]: identity.owner };
  const scope = resource.namespaced ? { namespace: namespace ?? defaultNamespace } : {};
  const scoped: KubernetesObject = { ...object, metadata: { ...metadata, name: object.metadata.name, ...scope, labels } };
  const id = objectIdOf(scoped);
  const key = objectKey(id);
  const known = history(id, object);
  return {
    id,
    key,
    object: scoped,
    resource,
    stage: stageOf(scoped),
    moved: isMoved(known, object),
    ...(known?.baseline === undefined ? {} : { baseline: known.baseline }),
    ...(known?.uid === undefined ? {} : { knownUid: known.uid }),
    ...(known?.job === undefined ? {} : { knownJob: known.job }),
    ...(known?.followed === undefined ? {} : { followed: known.followed }),
  };
}

/** Where kubectl puts a namespaced object that names none. */
const DEFAULT_NAMESPACE = 'default';

/** `group/Kind` → the CRD of this desired state that defines it. */
function definedKinds(objects: readonly KubernetesObject[]): ReadonlyMap<string, ObjectId> {
  return new Map(
    objects.flatMap((object): readonly (readonly [string, ObjectId])[] => {
      const kind = definedKindOf(object);
      return kind === undefined ? [] : [[kind, objectIdOf(object)]];
    }),
  );
}

/** `group/Kind` of what a CustomResourceDefinition defines; undefined of anything else. */
export function definedKindOf(object: KubernetesObject): string | undefined {
  if (object.kind !== 'CustomResourceDefinition' || groupOf(object.apiVersion) !== 'apiextensions.k8s.io') return undefined;
  const group = stringAt(object.spec, 'group');
  const kind = stringAt(fieldOf(object.spec, 'names'), 'kind');
  return group === undefined || kind === undefined ? undefined : `${group}/${kind}`;
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(field) : undefined;
}

function stringAt(value: unknown, field: string): string | undefined {
  const found = fieldOf(value, field);
  return typeof found === 'string' ? found : undefined;
}

function unknownKind(object: KubernetesObject, lookup: { readonly gap: string } | { readonly absent: true }): Failure {
  const subject = describeObject(objectIdOf(object));
  if ('gap' in lookup) return { reason: 'DiscoveryGap', message: `${subject}: ${lookup.gap}` };
  return {
    reason: 'UnknownKind',
    message: `${subject}: the cluster serves no kind ${object.kind} in ${object.apiVersion}. Correct apiVersion and kind, or add its CustomResourceDefinition to Git.`,
  };
}

/** Two manifests can be one object only once its scope is known: one without a namespace, one that names the default. */
function doubledKeys(targets: readonly Pick<Target, 'key'>[]): ReadonlySet<string> {
  const byKey = Map.groupBy(targets, ({ key }) => key);
  return new Set([...byKey].flatMap(([key, group]) => (group.length > 1 ? key : [])));
}

function untargetedDouble({ object, id }: Target): Untargeted {
  return untargeted(object, id, 'failed', 'manifest', {
    reason: 'DuplicateIdentity',
    message: `${describeObject(id)}: two manifests are this object once its namespace is filled in. None of them is applied; keep one.`,
  });
}

function untargeted(
  { apiVersion }: KubernetesObject,
  id: ObjectId,
  decision: Untargeted['decision'],
  problemClass: string,
  failure: Failure,
): Untargeted {
  const { kind, namespace, name } = id;
  return { id, object: { apiVersion, kind, namespace, name }, decision, class: problemClass, failure };
}

/** A problem that could not even be read as an object is recorded of its file. */
function untargetedProblem({ where, object, reason, message }: ManifestProblem): Untargeted {
  const { apiVersion, ...id } = object ?? { apiVersion: '', group: '', kind: 'File', namespace: '', name: where };
  const { kind, namespace, name } = id;
  return {
    id,
    object: { apiVersion, kind, namespace, name },
    decision: 'failed',
    class: 'manifest',
    failure: { reason, message },
  };
}
