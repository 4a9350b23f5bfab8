import type { ASTNode } from '@marcbachmann/cel-js';

/** How large a value can get: what an expression may have to go through. */
export interface Extent {
  /** Items of the longest list or map anywhere in it. */
  readonly length: number;
  /** All its values, texts by their length. */
  readonly weight: number;
}

interface Bound extends Extent {
  readonly cost: number;
}

const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

/** Functions whose cost and outcome grow no faster than their arguments. Not `matches`: JavaScript's patterns can take for ever. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['bool', 'contains', 'double', 'duration', 'dyn', 'endsWith', 'has', 'hasValue', 'int', 'lowerAscii', 'optMap', 'or', 'orValue'],
  ...['size', 'startsWith', 'string', 'timestamp', 'trim', 'type', 'uint', 'upperAscii', 'value'],
]);

const SCALAR: Extent = { length: 1, weight: 1 };

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

/** An upper bound of the steps that evaluating takes on an object of that extent; nothing is evaluated. */
export function costOf(node: ASTNode, object: Extent): number {
  return boundOf(node, object, new Map()).cost;
}

function boundOf(node: ASTNode, object: Extent, variables: ReadonlyMap<string, Extent>): Bound {
  if (node.op === 'value') return { cost: 1, length: 1, weight: typeof node.args === 'string' ? node.args.length + 1 : 1 };
  if (node.op === 'id') return { cost: 1, ...(variables.get(node.args) ?? object) };
  if (node.op === 'rcall' && MACROS.has(node.args[0])) return comprehensionBound(node.args, object, variables);
  const parts = childrenOf(node).map((child) => boundOf(child, object, variables));
  const whole = {
    cost: sum(parts, 'cost') + 1,
    length: Math.max(1, parts.length, ...parts.map(({ length }) => length)),
    weight: sum(parts, 'weight') + 1,
  };
  switch (node.op) {
    case '==':
    case '!=':
      return { ...SCALAR, cost: whole.cost + Math.min(...parts.map(({ weight }) => weight)) };
    case '+':
      return { cost: whole.cost + whole.weight, length: sum(parts, 'length'), weight: whole.weight };
    case 'in':
      return { ...SCALAR, cost: whole.cost + whole.weight };
    case 'call':
    case 'rcall':
      return { ...whole, cost: whole.cost + whole.weight };
    default:
      return whole;
  }
}

/** `receiver.macro(variable, …)`: what is inside is evaluated once for each item. */
function comprehensionBound(
  [name, receiver, [variable, ...inside]]: readonly [string, ASTNode, readonly ASTNode[]],
  object: Extent,
  variables: ReadonlyMap<string, Extent>,
): Bound {
  const items = boundOf(receiver, object, variables);
  const bound = variable?.op === 'id' ? new Map(variables).set(variable.args, items) : variables;
  const body = inside.map((child) => boundOf(child, object, bound));
  const cost = items.cost + items.length * (sum(body, 'cost') + 1);
  if (name === 'filter') return { ...items, cost };
  if (name !== 'map') return { ...SCALAR, cost };
  return { cost, length: Math.max(items.length, ...body.map(({ length }) => length)), weight: items.length * sum(body, 'weight') };
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

function sum(bounds: readonly Bound[], field: keyof Bound): number {
  return bounds.reduce((total, bound) => total + bound[field], 0);
}
