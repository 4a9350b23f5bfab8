import { z } from 'zod';
import { type JsonValue, parseJson, stringifyJson } from '../manifests/json.ts';
import { recordObjectKey } from '../records/identity.ts';
import {
  DECISIONS,
  HEALTH_STATUSES,
  type ObjectRecord,
  type PlumblineRecord,
  RECORD_EVENTS,
  RECORD_KINDS,
  RUN_OUTCOMES,
  type RunRecord,
} from '../records/record.ts';
import type { Item } from './document-client.ts';

const DAY_SECONDS = 86_400;

const Failure = z.object({ reason: z.string(), message: z.string() });

const base = {
  cluster: z.string(),
  id: z.string(),
  at: z.string(),
  runId: z.string(),
  revision: z.string(),
  sequence: z.number(),
  event: z.enum(RECORD_EVENTS),
  error: Failure.exactOptional(),
};

const Value = z.custom<JsonValue>((value) => value !== undefined);
const Changes = z.array(z.object({ path: z.string(), desired: Value.exactOptional(), live: Value.exactOptional() }));

const StoredRun = z.object({
  ...base,
  kind: z.literal('run'),
  outcome: z.enum(RUN_OUTCOMES),
  objects: z.number(),
  drifted: z.number(),
  corrected: z.number(),
  created: z.number(),
  failed: z.number(),
  requests: z.number(),
  durationMs: z.number(),
} satisfies Record<keyof RunRecord, z.ZodType>);

const StoredObject = z.object({
  ...base,
  kind: z.enum(RECORD_KINDS).exclude(['run']),
  object: z.object({
    apiVersion: z.string(),
    kind: z.string(),
    namespace: z.string(),
    name: z.string(),
    uid: z.string().exactOptional(),
  }),
  class: z.string(),
  changes: z.string().transform(parseJson).pipe(Changes),
  actor: z
    .object({
      manager: z.string(),
      operation: z.enum(['Apply', 'Update']).exactOptional(),
      at: z.string().exactOptional(),
      user: z.string().exactOptional(),
    })
    .exactOptional(),
  decision: z.enum(DECISIONS),
  heldUntil: z.string().exactOptional(),
  correctedAt: z.string().exactOptional(),
  verifiedAt: z.string().exactOptional(),
  health: z
    .object({
      status: z.enum(HEALTH_STATUSES),
      reason: z.string().exactOptional(),
      message: z.string().exactOptional(),
      at: z.string(),
    })
    .exactOptional(),
  resolvedAt: z.string().exactOptional(),
  durationMs: z.number().exactOptional(),
} satisfies Record<keyof ObjectRecord, z.ZodType>);

const StoredRecord = z.discriminatedUnion('kind', [StoredRun, StoredObject]);

/**
 * The item of a record: its own fields, `status` and `objectKey` for the indexes, `expiresAt` (epoch seconds) once it is closed. `changes` is
 * JSON text, since values of a cluster nest deeper and hold wider numbers than the table's own types.
 */
export function itemOfRecord(record: PlumblineRecord, retentionDays: number): Record<string, unknown> {
  if (record.kind === 'run') {
    return { ...record, status: 'closed', expiresAt: expiry(record.at, retentionDays) };
  }
  const closed =
    record.resolvedAt === undefined ? { status: 'open' } : { status: 'closed', expiresAt: expiry(record.resolvedAt, retentionDays) };
  return { ...record, ...closed, changes: stringifyJson(record.changes), objectKey: recordObjectKey(record) };
}

export function recordOfItem(item: Item): PlumblineRecord {
  return StoredRecord.parse(item);
}

function expiry(from: string, days: number): number {
  return Math.floor(Date.parse(from) / 1000) + days * DAY_SECONDS;
}
