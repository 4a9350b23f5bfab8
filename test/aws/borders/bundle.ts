import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { bundleFunction, type FunctionName } from '../../../infra/constructs/bundle.ts';
import { nodeOptions } from '../../../infra/constructs/function-memory.ts';

const Answer = z.union([z.object({ result: z.unknown() }), z.object({ thrown: z.string() })]);

/** The bundle that is deployed, in a process of its own. */
export interface Bundle extends AsyncDisposable {
  /** What the handler returned or threw. */
  invoke(event: object): Promise<z.infer<typeof Answer>>;
  /** All that it has printed. */
  log(): string;
}

export async function startBundle(name: FunctionName, environment: Readonly<Record<string, string>>): Promise<Bundle> {
  const directory = await mkdtemp(join(tmpdir(), `plumbline-border-${name}-`));
  bundleFunction(name, directory);
  const child = fork(fileURLToPath(new URL('./invoke.mjs', import.meta.url)), [join(directory, 'index.mjs')], {
    env: { ...environment, PATH: process.env.PATH, NODE_OPTIONS: nodeOptions(name) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the bundle of ${name} did not start: ${log}`))),
  ]);
  return {
    async invoke(event) {
      const answered = once(child, 'message');
      child.send(event);
      return Answer.parse((await answered)[0]);
    },
    log: () => log,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.kill()) await once(child, 'exit');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What the event source gives a function for these messages. */
export function sqsEvent(...messages: readonly object[]): object {
  return {
    Records: messages.map((message, index) => ({
      messageId: String(index),
      body: JSON.stringify(message),
      eventSource: 'aws:sqs',
      attributes: { SentTimestamp: String(Date.now()) },
    })),
  };
}

const BatchResult = z.object({ result: z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) }) });

/** Which of the messages come back, by their places. When all of them do, Powertools throws. */
export function retriedOf(answer: z.infer<typeof Answer>): readonly number[] {
  return BatchResult.parse(answer).result.batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier));
}
