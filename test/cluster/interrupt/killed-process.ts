/**
 * One run of `reconcileCluster`, as a process that its parent kills. The stores are the parent's, so that they outlive it. Before and after
 * each of their calls, and before, during and after each write to the API server, the process says where it is, and goes on when it is told.
 */
import { bearerToken, createKubernetesClient, type KubernetesClient } from '../../../lib/kubernetes/index.ts';
import { reconcileCluster } from '../../../lib/reconcile/index.ts';
import { createRecorder, createRecordIds } from '../../../lib/records/index.ts';
import type { MemoryStores } from '../../helpers/memory-stores.ts';
import type { Answer, KilledInput, Question, StoreName } from './killed-messages.ts';

const waiting = new Map<number, (answer: Answer) => void>();
process.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer));

type Unasked<T> = T extends unknown ? Omit<T, 'id'> : never;
let asked = 0;

function ask(question: Unasked<Question>): Promise<unknown> {
  asked += 1;
  const id = asked;
  return new Promise((resolve, reject) => {
    waiting.set(id, ({ value, error }) => (error === undefined ? resolve(value) : reject(new Error(error))));
    process.send?.({ ...question, id });
  });
}

const point = (where: string) => ask({ type: 'point', where });

/** What is no plain value, a signal, stays here. */
function isPlain(value: unknown): boolean {
  return !(value instanceof AbortSignal);
}

function remote<Name extends StoreName>(store: Name): MemoryStores[Name] {
  const call =
    (method: string) =>
    async (...args: readonly unknown[]) => {
      await point(`before ${store}.${method}`);
      const value = await ask({ type: 'call', store, method, args: args.filter(isPlain) });
      await point(`after ${store}.${method}`);
      return value;
    };
  return new Proxy({} as MemoryStores[Name], { get: (_target, method) => call(String(method)) });
}

async function connect({ row: { connection }, token }: KilledInput): Promise<KubernetesClient> {
  if (connection.type !== 'endpoint') throw new Error('the test has clusters with an endpoint');
  const { endpoint, certificateAuthority } = connection;
  const client = createKubernetesClient({ endpoint, certificateAuthority, authentication: bearerToken(token, 'test') });
  async function around<T>(what: string, write: () => Promise<T>): Promise<T> {
    await point(`before ${what}`);
    const written = write();
    written.catch(() => undefined);
    await point(`during ${what}`);
    const answer = await written;
    await point(`after ${what}`);
    return answer;
  }
  const writing: Pick<KubernetesClient, 'apply' | 'patch' | 'delete'> = {
    apply: (resource, object, options, signal) => {
      const apply = () => client.apply(resource, object, options, signal);
      return options.dryRun ? apply() : around(`apply of ${object.metadata.name}`, apply);
    },
    patch: (resource, id, operations, options, signal) => {
      const patch = () => client.patch(resource, id, operations, options, signal);
      return options.dryRun ? patch() : around(`patch of ${id.name}`, patch);
    },
    delete: (resource, id, options, signal) => around(`deletion of ${id.name}`, () => client.delete(resource, id, options, signal)),
  };
  return new Proxy(client, { get: (target, name) => Reflect.get(Object.hasOwn(writing, name) ? writing : target, name) });
}

const input: KilledInput = JSON.parse(process.env.KILLED_INPUT ?? '');
const clock = { now: () => new Date(Date.now() + input.aheadMilliseconds) };
const records = remote('records');
await reconcileCluster(
  input.row,
  {
    connect: () => connect(input),
    state: remote('state'),
    leases: remote('leases'),
    artifacts: remote('artifacts'),
    records,
    recorder: createRecorder({ records, log: () => undefined, count: () => undefined, clock, createIds: createRecordIds }),
    clock,
    random: Math.random,
    deployment: 'test',
  },
  { runId: input.runId, signal: AbortSignal.timeout(50_000) },
);
process.disconnect();
