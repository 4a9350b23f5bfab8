import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, QueryCommand, type QueryCommandInput, ScanCommand } from '@aws-sdk/lib-dynamodb';

/** An item as the table holds it, before it is parsed. */
export type Item = Readonly<Record<string, unknown>>;

/** Leaves out what is undefined, since a `readonly` value often carries absent fields. */
export function createDocumentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

/** What `send` takes beside the command. */
export function sendOptions(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** The items of a query, page after page, for as long as the caller asks for more. */
export async function* queryItems(
  client: DynamoDBDocumentClient,
  input: QueryCommandInput,
  signal?: AbortSignal,
): AsyncGenerator<Item, void, undefined> {
  let start: Record<string, unknown> | undefined;
  do {
    const page = await client.send(new QueryCommand({ ...input, ExclusiveStartKey: start }), sendOptions(signal));
    yield* page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}

/** Every item of a table. */
export async function* scanItems(
  client: DynamoDBDocumentClient,
  table: string,
  signal?: AbortSignal,
): AsyncGenerator<Item, void, undefined> {
  let start: Record<string, unknown> | undefined;
  do {
    const page = await client.send(new ScanCommand({ TableName: table, ExclusiveStartKey: start }), sendOptions(signal));
    yield* page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}
