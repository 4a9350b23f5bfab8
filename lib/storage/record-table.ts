import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  type QueryCommandInput,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { encodeTime } from 'ulidx';
import { z } from 'zod';
import { identityOf } from '../records/identity.ts';
import type { ObjectRecord, PlumblineRecord } from '../records/record.ts';
import { batchGetItems, unprocessedKeys } from './batch-get.ts';
import { queryItems } from './document-client.ts';
import { itemOfRecord, recordOfItem } from './stored-record.ts';
import type { RecordQuery, RecordStore } from './stores.ts';

/** What one query returns when it does not say. */
const DEFAULT_LIMIT = 1000;

/** The time part of a ULID is 10 characters; the rest, in its lowest form, is these. */
const LOWEST_RANDOM = '0'.repeat(16);

const Pointer = z.object({ sk: z.string(), recordId: z.string() });

export interface RecordTables {
  readonly records: string;
  readonly state: string;
  readonly retentionDays: number;
}

/**
 * The `records` table (PK `cluster`, SK `id`; indexes `byStatus` and `byObject`) and, in `state`, one pointer for each open record: PK
 * `cluster#NAME`, SK `open#IDENTITY`. Both move in one transaction, so a record is never open twice.
 */
export function createRecordStore(client: DynamoDBDocumentClient, tables: RecordTables): RecordStore {
  const pointerKey = (record: ObjectRecord) => ({ pk: `cluster#${record.cluster}`, sk: `open#${identityOf(record)}` });

  async function getRecords(cluster: string, ids: readonly string[], signal?: AbortSignal): Promise<PlumblineRecord[]> {
    const keys = ids.map((id) => ({ cluster, id }));
    const { items, unprocessed } = await batchGetItems(client, tables.records, keys, { consistent: true }, signal);
    // A record that was not read is not one that is gone.
    if (unprocessed > 0) throw unprocessedKeys(tables.records, unprocessed);
    return items.map(recordOfItem);
  }

  async function queryNewest(input: QueryCommandInput, query: RecordQuery, signal?: AbortSignal): Promise<PlumblineRecord[]> {
    const filters = [
      ...(query.kind === undefined ? [] : [{ expression: '#kind = :kind', name: ['#kind', 'kind'], value: [':kind', query.kind] }]),
      ...(query.open === undefined || input.IndexName !== undefined
        ? []
        : [{ expression: '#status = :status', name: ['#status', 'status'], value: [':status', query.open ? 'open' : 'closed'] }]),
    ];
    const since = query.since === undefined ? [] : [[':since', encodeTime(Date.parse(query.since), 10) + LOWEST_RANDOM]];
    const names = { ...input.ExpressionAttributeNames, ...Object.fromEntries(filters.map(({ name }) => name)) };
    const full: QueryCommandInput = {
      ...input,
      KeyConditionExpression: `${input.KeyConditionExpression}${since.length > 0 ? ' AND id >= :since' : ''}`,
      ...(filters.length > 0 ? { FilterExpression: filters.map(({ expression }) => expression).join(' AND ') } : {}),
      ...(Object.keys(names).length > 0 ? { ExpressionAttributeNames: names } : {}),
      ExpressionAttributeValues: {
        ...input.ExpressionAttributeValues,
        ...Object.fromEntries(since),
        ...Object.fromEntries(filters.map(({ value }) => value)),
      },
      ScanIndexForward: false,
    };
    const limit = query.limit ?? DEFAULT_LIMIT;
    const records: PlumblineRecord[] = [];
    for await (const item of queryItems(client, full, signal)) {
      records.push(recordOfItem(item));
      if (records.length >= limit) break;
    }
    return records;
  }

  return {
    async put(record) {
      await client.send(new PutCommand({ TableName: tables.records, Item: itemOfRecord(record, tables.retentionDays) }));
    },

    async putIfAbsent(record) {
      const Item = itemOfRecord(record, tables.retentionDays);
      try {
        await client.send(new PutCommand({ TableName: tables.records, Item, ConditionExpression: 'attribute_not_exists(id)' }));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },

    async query(query, signal) {
      if (query.cluster !== undefined) {
        const input = {
          TableName: tables.records,
          KeyConditionExpression: '#cluster = :cluster',
          ExpressionAttributeNames: { '#cluster': 'cluster' },
          ExpressionAttributeValues: { ':cluster': query.cluster },
          ConsistentRead: true,
        };
        return queryNewest(input, query, signal);
      }
      const statuses = query.open === undefined ? ['open', 'closed'] : [query.open ? 'open' : 'closed'];
      const found = await Promise.all(
        statuses.map((status) => {
          const input = {
            TableName: tables.records,
            IndexName: 'byStatus',
            KeyConditionExpression: '#status = :status',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: { ':status': status },
          };
          return queryNewest(input, query, signal);
        }),
      );
      return found
        .flat()
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, query.limit ?? DEFAULT_LIMIT);
    },

    async listOpen(cluster, signal) {
      const query = {
        TableName: tables.state,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': `cluster#${cluster}`, ':prefix': 'open#' },
        ConsistentRead: true,
      };
      const pointers = [];
      for await (const item of queryItems(client, query, signal)) pointers.push(Pointer.parse(item));
      const ids = pointers.map(({ recordId }) => recordId);
      const records = await getRecords(cluster, ids, signal);
      // A record that somebody deleted by hand must not keep its successor from being opened.
      const known = new Set(records.map(({ id }) => id));
      for (const { sk, recordId } of pointers) {
        if (!known.has(recordId)) await client.send(new DeleteCommand({ TableName: tables.state, Key: { pk: `cluster#${cluster}`, sk } }));
      }
      return records.filter((record) => record.kind !== 'run');
    },

    async transition(record) {
      const pointer = {
        TableName: tables.state,
        ConditionExpression: 'attribute_not_exists(pk) OR recordId = :id',
        ExpressionAttributeValues: { ':id': record.id },
      };
      const key = pointerKey(record);
      try {
        await client.send(
          new TransactWriteCommand({
            TransactItems: [
              record.resolvedAt === undefined
                ? { Put: { ...pointer, Item: { ...key, recordId: record.id } } }
                : { Delete: { ...pointer, Key: key } },
              {
                Put: {
                  TableName: tables.records,
                  Item: itemOfRecord(record, tables.retentionDays),
                  ConditionExpression: 'attribute_not_exists(id) OR (#sequence < :sequence AND attribute_not_exists(resolvedAt))',
                  ExpressionAttributeNames: { '#sequence': 'sequence' },
                  ExpressionAttributeValues: { ':sequence': record.sequence },
                },
              },
            ],
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof TransactionCanceledException && lostToAnotherRun(error)) return false;
        throw error;
      }
    },
  };
}

function lostToAnotherRun(error: TransactionCanceledException): boolean {
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code);
  return codes.some((code) => code === 'ConditionalCheckFailed' || code === 'TransactionConflict');
}
