import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { Clock } from '../../../lib/clock.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import { type MemoryStores, memoryStores } from '../../helpers/memory-stores.ts';

/** One call that changed something: store, method, arguments. */
type Call = readonly [store: 'state' | 'artifacts' | 'records', method: string, args: readonly unknown[]];

const READ = /^(get|list|query)/;

/** The stores in memory, and a way to have them again in the next process. */
export interface KeptStores {
  readonly stores: MemoryStores;
  /** Writes down what they hold. */
  keep(): void;
}

/**
 * Stores in memory, as the last process on this file left them: the calls that changed something are made again. Records that are closed
 * are forgotten, as no run asks for them; leases ended with their process.
 */
export async function openKeptStores(file: string, clock: Clock): Promise<KeptStores> {
  const memory = memoryStores(clock);
  const calls: Call[] = [];
  const stores: MemoryStores = {
    leases: memory.leases,
    state: written('state', memory.state, calls),
    artifacts: written('artifacts', memory.artifacts, calls),
    records: written('records', memory.records, calls),
  };
  const before: readonly Call[] = existsSync(file) ? deserialize(readFileSync(file)) : [];
  for (const [store, method, args] of before) await Reflect.get(stores[store], method)(...args);
  return { stores, keep: () => writeFileSync(file, serialize(withoutClosed(calls)), { mode: 0o600 }) };
}

function written<T extends object>(name: Call[0], store: T, calls: Call[]): T {
  return new Proxy(store, {
    get(target, method) {
      const value: unknown = Reflect.get(target, method);
      if (typeof value !== 'function' || typeof method !== 'string') return value;
      return (...args: readonly unknown[]) => {
        // A signal cannot be written down, and ended with its run.
        if (!READ.test(method)) calls.push([name, method, args.filter((argument) => !(argument instanceof AbortSignal))]);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

function withoutClosed(calls: readonly Call[]): readonly Call[] {
  const recordOf = ([store, method, [record]]: Call): ObjectRecord | undefined =>
    store === 'records' && method === 'transition' ? (record as ObjectRecord) : undefined;
  const closed = new Set(calls.flatMap((call) => (recordOf(call)?.resolvedAt === undefined ? [] : (recordOf(call)?.id ?? []))));
  return calls.filter((call) => {
    const record = recordOf(call);
    return record === undefined ? call[0] !== 'records' : !closed.has(record.id);
  });
}
