import type { Failure } from '../../errors.ts';
import { describeObject, type KubernetesObject, type ObjectId } from '../../manifests/object.ts';
import { type Stage, stageOf } from '../../manifests/order.ts';
import { DEPENDS_ON, dependenciesOf } from './depends-on.ts';

export interface Node {
  readonly key: string;
  readonly id: ObjectId;
  readonly object: KubernetesObject;
}

/** Where an object comes. */
export interface Arranged {
  /** No earlier than what it depends on. */
  readonly stage: Stage;
  /** Within the stage; 0 goes first. */
  readonly level: number;
  /** Keys of what it depends on. */
  readonly dependsOn: readonly string[];
}

export interface Arrangement {
  readonly places: ReadonlyMap<string, Arranged>;
  /** By key: objects that name what is nowhere, or that wait for each other. They have no place. */
  readonly problems: ReadonlyMap<string, Failure>;
}

const NAMED = 5;

/** Puts objects into an order in which each comes after what it depends on. */
export function arrange(nodes: readonly Node[]): Arrangement {
  const { edges, problems } = readEdges(nodes);
  const cyclic = findCycles(edges);
  for (const { key, id } of nodes) {
    if (cyclic.has(key))
      problems.set(
        key,
        cycleFailure(
          id,
          nodes.filter((node) => cyclic.has(node.key)),
        ),
      );
  }
  const places = new Map<string, Arranged>();
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  for (const key of sortedByDependency(edges)) {
    const node = byKey.get(key);
    if (node === undefined || problems.has(key)) continue;
    const dependsOn = edges.get(key) ?? [];
    const before = dependsOn.flatMap((each) => places.get(each) ?? []);
    let stage = stageOf(node.object);
    for (const place of before) if (place.stage > stage) stage = place.stage;
    const level = Math.max(-1, ...before.filter((place) => place.stage === stage).map((place) => place.level)) + 1;
    places.set(key, { stage, level, dependsOn });
  }
  // What waits for those is held back when it is its turn.
  for (const { key, object } of nodes) {
    if (!places.has(key) && !problems.has(key)) places.set(key, { stage: stageOf(object), level: 0, dependsOn: edges.get(key) ?? [] });
  }
  return { places, problems };
}

function readEdges(nodes: readonly Node[]): {
  readonly edges: ReadonlyMap<string, readonly string[]>;
  readonly problems: Map<string, Failure>;
} {
  const edges = new Map<string, readonly string[]>();
  const problems = new Map<string, Failure>();
  const byName = Map.groupBy(nodes, ({ id }) => id.name);
  for (const { key, id, object } of nodes) {
    const references = dependenciesOf(object, id.namespace);
    if ('problem' in references) {
      problems.set(key, failure(id, 'DependencyInvalid', `its annotation ${DEPENDS_ON} ${references.problem}.`));
      continue;
    }
    const found = references.map(({ text, names }) => ({
      text,
      keys: (byName.get(text.slice(text.lastIndexOf('/') + 1)) ?? []).filter((node) => names(node.id)).map((node) => node.key),
    }));
    const unknown = found.find(({ keys }) => keys.length === 0);
    if (unknown === undefined) edges.set(key, [...new Set(found.flatMap(({ keys }) => keys))]);
    else
      problems.set(key, failure(id, 'DependencyUnknown', `it depends on "${unknown.text}", which is not among the objects in Git here.`));
  }
  return { edges, problems };
}

/** Objects that wait for each other; those that merely wait for one of these are not among them. */
function findCycles(edges: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const forward = new Set(edges.keys());
  for (const key of sortedByDependency(edges)) forward.delete(key);
  const backward = new Map([...forward].map((key): [string, string[]] => [key, []]));
  for (const key of forward) for (const each of edges.get(key) ?? []) backward.get(each)?.push(key);
  for (const key of sortedByDependency(backward)) forward.delete(key);
  return forward;
}

/** The keys that can be reached without going round, each after all that it depends on. */
function sortedByDependency(edges: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const waits = new Map([...edges].map(([key, on]) => [key, on.filter((each) => edges.has(each)).length]));
  const dependents = new Map<string, string[]>();
  for (const [key, on] of edges) {
    for (const each of on) {
      const known = dependents.get(each);
      if (known === undefined) dependents.set(each, [key]);
      else known.push(key);
    }
  }
  const sorted = [...waits].filter(([, count]) => count === 0).map(([key]) => key);
  for (let next = 0; next < sorted.length; next += 1) {
    for (const dependent of dependents.get(sorted[next] ?? '') ?? []) {
      const left = (waits.get(dependent) ?? 0) - 1;
      waits.set(dependent, left);
      if (left === 0) sorted.push(dependent);
    }
  }
  return sorted;
}

function cycleFailure(id: ObjectId, cycle: readonly Node[]): Failure {
  const names = cycle.slice(0, NAMED).map((node) => describeObject(node.id));
  const rest = cycle.length > NAMED ? ` and ${cycle.length - NAMED} more` : '';
  return failure(id, 'DependencyCycle', `it depends on itself by way of ${names.join(', ')}${rest}. Take one ${DEPENDS_ON} out.`);
}

function failure(id: ObjectId, reason: string, what: string): Failure {
  return { reason, message: `${describeObject(id)}: ${what}` };
}
