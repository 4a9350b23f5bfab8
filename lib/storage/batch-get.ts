import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { AwsFaultError } from '../aws-fault.ts';
import { type Item, sendOptions } from './document-client.ts';

/** The most keys that one BatchGetItem takes. */
const BATCH_SIZE = 100;

/** Together about six seconds of waiting: longer than a partition takes to be split. */
const ATTEMPTS = 8;
const FIRST_PAUSE_MILLISECONDS = 50;

/**
 * The items of these keys that are there, in no order. What a table does not get to is asked for again, after a pause that doubles; what it did
 * not get to in the end either is counted in `unprocessed`, and nothing is known of it.
 */
export async function batchGetItems(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly Readonly<Record<string, unknown>>[],
  options: { readonly consistent: boolean },
  signal?: AbortSignal,
): Promise<{ readonly items: readonly Item[]; readonly unprocessed: number }> {
  const items: Item[] = [];
  let unprocessed = 0;
  for (let start = 0; start < keys.length; start += BATCH_SIZE) {
    let left: Record<string, unknown>[] = [...keys.slice(start, start + BATCH_SIZE)];
    for (let attempt = 0; left.length > 0 && attempt < ATTEMPTS; attempt += 1) {
      if (attempt > 0) await sleep(FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1), undefined, signal === undefined ? {} : { signal });
      const request = { RequestItems: { [table]: { Keys: left, ConsistentRead: options.consistent } } };
      const answer = await client.send(new BatchGetCommand(request), sendOptions(signal));
      items.push(...(answer.Responses?.[table] ?? []));
      left = answer.UnprocessedKeys?.[table]?.Keys ?? [];
    }
    unprocessed += left.length;
  }
  return { items, unprocessed };
}

/** What to throw where each of them counts. */
export function unprocessedKeys(table: string, keys: number): AwsFaultError {
  return new AwsFaultError(
    'AwsThrottled',
    `DynamoDB BatchGetItem of table ${table}: ${keys} keys were left unprocessed ${ATTEMPTS} times. The next run asks again; if this repeats, raise the table's limit.`,
  );
}
