import type { ASTNode } from '@marcbachmann/cel-js';
import { either, listOf, type Shape, scalar } from './value-shape.ts';

interface Bound {
  readonly cost: number;
  readonly shape: Shape;
}

type Variables = (name: string) => Shape;

const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

/** Functions whose cost grows no faster than their arguments. Not `matches`: JavaScript's patterns can take for ever. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['bool', 'contains', 'double', 'duration', 'dyn', 'endsWith', 'has', 'hasValue', 'int', 'lowerAscii', 'or', 'orValue', 'size'],
  ...['startsWith', 'string', 'timestamp', 'trim', 'type', 'uint', 'upperAscii', 'value'],
]);

/** Those that give back what they are given. */
const PASSING: ReadonlySet<string> = new Set(['dyn', 'or', 'orValue', 'value']);

/** The first function of an expression whose cost has no bound, and where it is called. */
export function unboundedCall(node: ASTNode): { readonly name: string; readonly position: number } | undefined {
  const name = node.op === 'call' || node.op === 'rcall' ? node.args[0] : undefined;
  if (name !== undefined && !MACROS.has(name) && !FUNCTIONS.has(name)) return { name, position: node.start };
  for (const child of childrenOf(node)) {
    const found = unboundedCall(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An upper bound of the steps that evaluating takes with those variables; nothing is evaluated. */
export function costOf(node: ASTNode, variables: Variables): number {
  return boundOf(node, variables).cost;
}

function boundOf(node: ASTNode, variables: Variables): Bound {
  if (node.op === 'value') return { cost: 1, shape: scalar(typeof node.args === 'string' ? node.args.length + 1 : 1) };
  if (node.op === 'id') return { cost: 1, shape: variables(node.args) };
  if (node.op === 'rcall' && MACROS.has(node.args[0])) return comprehensionBound(node.args, variables);
  const parts = childrenOf(node).map((child) => boundOf(child, variables));
  const cost = 1 + parts.reduce((sum, part) => sum + part.cost, 0);
  const shapes = parts.map(({ shape }) => shape);
  const weight = shapes.reduce((sum, shape) => sum + shape.weight, 0);
  const first = shapes[0] ?? scalar();
  switch (node.op) {
    case '.':
    case '.?':
      return { cost, shape: first.field(node.args[1]) };
    case '[]':
    case '[?]': {
      const [, key] = node.args;
      return { cost, shape: key.op === 'value' && typeof key.args === 'string' ? first.field(key.args) : first.items() };
    }
    case '?:':
      return { cost, shape: shapes.slice(1).reduce(either) };
    case 'list':
    case 'map':
      return { cost: cost + weight, shape: listOf(shapes.length, shapes.reduce(either, scalar())) };
    case '==':
    case '!=':
      return { cost: cost + shapes.reduce((least, shape) => Math.min(least, shape.weight), weight), shape: scalar() };
    case '+': {
      const length = shapes.reduce((sum, shape) => sum + shape.length, 0);
      const all = shapes.reduce(either);
      return { cost: cost + weight, shape: { ...all, length, weight } };
    }
    case 'in':
      return { cost: cost + weight, shape: scalar() };
    case 'call':
    case 'rcall':
      if (PASSING.has(node.args[0])) return { cost, shape: shapes.reduce(either, scalar()) };
      return { cost: cost + (node.args[0] === 'has' ? 0 : weight), shape: scalar(weight) };
    default:
      return { cost, shape: scalar(weight) };
  }
}

/** `receiver.macro(variable, …)`: what is inside is evaluated once for each item. */
function comprehensionBound(
  [name, receiver, [variable, ...inside]]: readonly [string, ASTNode, readonly ASTNode[]],
  variables: Variables,
): Bound {
  const { cost, shape } = boundOf(receiver, variables);
  const item = shape.items();
  const bound: Variables = (asked) => (variable?.op === 'id' && variable.args === asked ? item : variables(asked));
  const body = inside.map((child) => boundOf(child, bound));
  const total = cost + shape.length * (1 + body.reduce((sum, part) => sum + part.cost, 0));
  if (name === 'filter') return { cost: total, shape };
  const last = body.at(-1)?.shape ?? scalar();
  return { cost: total, shape: name === 'map' ? listOf(shape.length, last) : scalar() };
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case '!_':
    case '-_':
      return [node.args];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    default:
      return node.args;
  }
}
