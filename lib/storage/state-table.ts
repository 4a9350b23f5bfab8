import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { ClusterState } from '../fleet/cluster.ts';
import { RUN_OUTCOMES } from '../records/record.ts';
import { type Item, queryItems, sendOptions } from './document-client.ts';
import type { StateStore } from './stores.ts';
import { updateExpression } from './update-expression.ts';

/** All of them under one key, so that the schedule lists the fleet with one query that meets nothing else. */
const PARTITION = 'clusters';

const StoredFailure = z.object({ reason: z.string(), message: z.string() });

const StoredContest = z.object({
  key: z.string(),
  path: z.string(),
  rival: z.string(),
  correctedAt: z.array(z.string()),
  retreats: z.number(),
  until: z.string().exactOptional(),
});

const StoredRollouts = z.object({ progressing: z.number(), degraded: z.number(), at: z.string() });

const StoredState = z.object({
  cluster: z.string(),
  clusterUid: z.string().exactOptional(),
  serverVersion: z.string().exactOptional(),
  apiVersions: z.string().exactOptional(),
  revision: z.string().exactOptional(),
  desiredArtifact: z.string().exactOptional(),
  appliedArtifact: z.string().exactOptional(),
  outcome: z.enum(RUN_OUTCOMES).exactOptional(),
  failure: StoredFailure.exactOptional(),
  renderedFrom: z.string().exactOptional(),
  renderKey: z.string().exactOptional(),
  renderedArtifact: z.string().exactOptional(),
  exceptedUntil: z.string().exactOptional(),
  stoppedUntil: z.string().exactOptional(),
  sourceFailure: StoredFailure.exactOptional(),
  lastRunAt: z.string().exactOptional(),
  observedAt: z.string().exactOptional(),
  verifiedAt: z.string().exactOptional(),
  auditedAt: z.string().exactOptional(),
  sweep: z.string().exactOptional(),
  fence: z.number().exactOptional(),
  objects: z.number().exactOptional(),
  open: z.number().exactOptional(),
  held: z.number().exactOptional(),
  backedOff: z.number().exactOptional(),
  rollouts: StoredRollouts.exactOptional(),
  contested: z.array(StoredContest).exactOptional(),
  nextAttemptAt: z.string().exactOptional(),
  consecutiveFailures: z.number().exactOptional(),
  rerolledAt: z.string().exactOptional(),
  nodePlatforms: z.array(z.string()).exactOptional(),
} satisfies Record<keyof ClusterState, z.ZodType>);

function parseState(item: Item): ClusterState {
  return StoredState.parse({ ...item, cluster: item.sk });
}

/** What is known of each cluster, in the `state` table: PK `clusters`, SK the row's name. */
export function createStateStore(client: DynamoDBDocumentClient, table: string): StateStore {
  const key = (cluster: string) => ({ pk: PARTITION, sk: cluster });
  return {
    async list(signal) {
      const query = { TableName: table, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': PARTITION } };
      const states = [];
      for await (const item of queryItems(client, query, signal)) states.push(parseState(item));
      return states;
    },

    async get(cluster, signal) {
      const command = new GetCommand({ TableName: table, Key: key(cluster), ConsistentRead: true });
      const { Item } = await client.send(command, sendOptions(signal));
      return Item === undefined ? undefined : parseState(Item);
    },

    async update(cluster, { cluster: _name, ...patch }) {
      if (Object.values(patch).every((value) => value === undefined)) return;
      await client.send(new UpdateCommand({ TableName: table, Key: key(cluster), ...updateExpression(patch) }));
    },

    async pinClusterUid(cluster, uid) {
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName: table,
          Key: key(cluster),
          UpdateExpression: 'SET clusterUid = if_not_exists(clusterUid, :uid)',
          ExpressionAttributeValues: { ':uid': uid },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return z.string().parse(Attributes?.clusterUid);
    },

    async delete(cluster) {
      await client.send(new DeleteCommand({ TableName: table, Key: key(cluster) }));
    },
  };
}
