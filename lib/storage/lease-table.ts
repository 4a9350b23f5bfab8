import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { LeaseStore } from './stores.ts';

/**
 * Leases in the `state` table: PK `lease#UID`, SK `lease`. The item outlives the lease, so that the fence never starts again from the
 * beginning.
 */
export function createLeaseStore(client: DynamoDBDocumentClient, table: string, clock: Clock): LeaseStore {
  const key = (clusterUid: string) => ({ pk: `lease#${clusterUid}`, sk: 'lease' });
  return {
    async acquire(clusterUid, owner, seconds) {
      const now = clock.now();
      const expiresAt = new Date(now.getTime() + seconds * 1000).toISOString();
      try {
        const { Attributes } = await client.send(
          new UpdateCommand({
            TableName: table,
            Key: key(clusterUid),
            UpdateExpression: 'SET #owner = :owner, leaseExpiresAt = :expiresAt ADD fence :one',
            // Ours already: it was given in an attempt whose answer got lost.
            ConditionExpression: 'attribute_not_exists(#owner) OR #owner = :owner OR leaseExpiresAt <= :now',
            ExpressionAttributeNames: { '#owner': 'owner' },
            ExpressionAttributeValues: { ':owner': owner, ':expiresAt': expiresAt, ':now': now.toISOString(), ':one': 1 },
            ReturnValues: 'ALL_NEW',
          }),
        );
        return { clusterUid, owner, fence: z.number().parse(Attributes?.fence), expiresAt };
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return undefined;
        throw error;
      }
    },

    async release(lease) {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: key(lease.clusterUid),
            UpdateExpression: 'REMOVE #owner, leaseExpiresAt',
            ConditionExpression: '#owner = :owner AND fence = :fence',
            ExpressionAttributeNames: { '#owner': 'owner' },
            ExpressionAttributeValues: { ':owner': lease.owner, ':fence': lease.fence },
          }),
        );
      } catch (error) {
        // It expired and somebody else took it: then it is theirs.
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },
  };
}
