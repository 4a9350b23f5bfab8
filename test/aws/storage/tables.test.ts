import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/clock.ts';
import {
  createClusterStore,
  createLeaseStore,
  createLockStore,
  createRecordStore,
  createStateStore,
  createTagHistoryStore,
} from '../../../lib/storage/index.ts';
import { leaseStoreContract } from '../../contract/lease-store.ts';
import { lockStoreContract } from '../../contract/lock-store.ts';
import { drift, recordStoreContract } from '../../contract/record-store.ts';
import { stateStoreContract } from '../../contract/state-store.ts';
import { createTestTables } from '../../helpers/test-tables.ts';

let tables: Awaited<ReturnType<typeof createTestTables>>;
beforeAll(async () => {
  tables = await createTestTables();
});

const recordStore = () =>
  createRecordStore(tables.documents, { records: tables.names.records, state: tables.names.state, retentionDays: 400 });

describe('leases in DynamoDB', () => leaseStoreContract((clock) => createLeaseStore(tables.documents, tables.names.state, clock)));
describe('image locks in DynamoDB', () => lockStoreContract(() => createLockStore(tables.documents, tables.names.state)));
describe('states in DynamoDB', () => stateStoreContract(() => createStateStore(tables.documents, tables.names.state)));
describe('records in DynamoDB', () => {
  recordStoreContract(recordStore);

  const itemOf = async (cluster: string, id: string) => {
    const { Item } = await tables.documents.send(new GetCommand({ TableName: tables.names.records, Key: { cluster, id } }));
    return Item;
  };

  it('lets a record expire only from the day on which it was resolved', async () => {
    const opened = drift('expiry');
    await recordStore().transition(opened);
    expect(await itemOf('expiry', opened.id)).toMatchObject({ status: 'open', objectKey: 'apps/Deployment/shop/web' });
    expect(await itemOf('expiry', opened.id)).not.toHaveProperty('expiresAt');
    await recordStore().transition({ ...opened, event: 'resolved', sequence: 2, resolvedAt: '2027-03-01T00:00:00.000Z' });
    const expiresAt = Date.parse('2027-03-01T00:00:00Z') / 1000 + 400 * 86_400;
    expect(await itemOf('expiry', opened.id)).toMatchObject({ status: 'closed', expiresAt });
  });

  it('opens drift again after somebody deleted its open record by hand', async () => {
    const lost = drift('by-hand');
    await recordStore().transition(lost);
    await tables.documents.send(new DeleteCommand({ TableName: tables.names.records, Key: { cluster: 'by-hand', id: lost.id } }));
    expect(await recordStore().listOpen('by-hand')).toEqual([]);
    expect(await recordStore().transition(drift('by-hand'))).toBe(true);
  });
});

describe('clusters in DynamoDB', () => {
  const store = () => createClusterStore(tables.documents, tables.names.clusters);
  const item = { cluster: 'prod-eu', eksName: 'prod', region: 'eu-west-1', repository: 'https://git.example/shop' };

  it('reads a row that was written by put-item alone, beside one that does not parse', async () => {
    const write = (attributes: Record<string, { S: string }>) =>
      tables.documents.send(new PutItemCommand({ TableName: tables.names.clusters, Item: attributes }));
    await write({ cluster: { S: 'by-hand' }, eksName: { S: 'e' }, region: { S: 'eu-west-1' }, repository: { S: 'https://git.example/r' } });
    await write({ cluster: { S: 'broken' }, repository: { S: 'https://git.example/r' }, mode: { S: 'enforced' } });
    const entries = await store().list();
    expect(entries.find(({ cluster }) => cluster === 'by-hand')).toMatchObject({ row: { mode: 'observe', intervalSeconds: 60 } });
    expect(entries.find(({ cluster }) => cluster === 'broken')).toMatchObject({ invalid: { reason: 'InvalidRow' } });
    expect(await store().get('never-seen')).toBeUndefined();
  });

  it('refuses to overwrite a row, and to change one that is not there', async () => {
    await store().put(item, { replace: false });
    await expect(store().put(item, { replace: false })).rejects.toThrow(expect.objectContaining({ reason: 'ClusterExists' }));
    await store().put({ ...item, path: 'apps' }, { replace: true });
    await store().update('prod-eu', { mode: 'enforce', wave: 2 }, ['path']);
    expect(await store().get('prod-eu')).toMatchObject({ row: { mode: 'enforce', wave: 2, path: '.' } });
    await store().delete('prod-eu');
    await expect(store().update('prod-eu', { mode: 'enforce' }, [])).rejects.toThrow(
      expect.objectContaining({ reason: 'ClusterNotFound' }),
    );
  });
});

describe('tag history in DynamoDB', () => {
  it('knows the digest that a tag named last', async () => {
    const history = createTagHistoryStore(tables.documents, tables.names.state);
    const reference = `registry/web:${systemClock.now().getTime()}`;
    await history.append(reference, 'sha256:b', '2027-01-02T00:00:00.000Z');
    await history.append(reference, 'sha256:a', '2027-01-01T00:00:00.000Z');
    const last = await history.last([reference, reference, 'registry/never:1']);
    const previous = { digest: 'sha256:a', seenAt: '2027-01-01T00:00:00.000Z' };
    expect([...last]).toEqual([[reference, { digest: 'sha256:b', seenAt: '2027-01-02T00:00:00.000Z', previous }]]);
    await history.append(reference, 'sha256:b', '2027-01-03T00:00:00.000Z');
    expect((await history.last([reference])).get(reference)?.previous).toEqual(previous);
  });
});
