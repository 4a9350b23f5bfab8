import { gunzipSync, gzipSync } from 'node:zlib';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { createArtifactStore, createDataKeys } from '../../../lib/storage/index.ts';
import { artifact, artifactStoreContract } from '../../contract/artifact-store.ts';
import { createTestTables } from '../../helpers/test-tables.ts';

let tables: Awaited<ReturnType<typeof createTestTables>>;
beforeAll(async () => {
  tables = await createTestTables();
  await tables.s3.send(new PutBucketVersioningCommand({ Bucket: tables.names.bucket, VersioningConfiguration: { Status: 'Enabled' } }));
});

const storeOf = (deployment: string) =>
  createArtifactStore(tables.s3, tables.names.bucket, createDataKeys(tables.kms, { ...tables.keyIds, deployment }));
const store = () => storeOf('plumbline');

async function bytesOf(digest: string): Promise<string> {
  const { Body } = await tables.s3.send(new GetObjectCommand({ Bucket: tables.names.bucket, Key: `artifacts/${digest}` }));
  return gunzipSync((await Body?.transformToByteArray()) ?? new Uint8Array()).toString('utf8');
}

async function overwrite(digest: string, text: string): Promise<void> {
  await tables.s3.send(new PutObjectCommand({ Bucket: tables.names.bucket, Key: `artifacts/${digest}`, Body: gzipSync(text) }));
}

describe('artifacts in S3', () => {
  artifactStoreContract(store);

  it('holds no value of a Secret in the bucket, plain or in base64, and the rest of the artifact in the clear', async () => {
    const text = await bytesOf(await store().put(artifact()));
    expect(text).toContain('ConfigMap');
    for (const secret of ['hunter2-hunter2', 'aHVudGVyMi1odW50ZXIy', Buffer.from('aHVudGVyMi1odW50ZXIy').toString('base64')]) {
      expect(text).not.toContain(secret);
    }
  });

  it('writes nothing when the same content is published again', async () => {
    const content = artifact({ path: 'published-twice' });
    const digest = await store().put(content);
    await store().put(content);
    const { Versions } = await tables.s3.send(
      new ListObjectVersionsCommand({ Bucket: tables.names.bucket, Prefix: `artifacts/${digest}` }),
    );
    expect(Versions).toHaveLength(1);
  });

  it.each([
    ['an object changed', (text: string) => text.replace('"big":"x"', '"big":"y"')],
    [
      'a sealed Secret changed',
      (text: string) => text.replace(/("encrypted":".{40})(.)/, (_all, head, one) => head + (one === 'A' ? 'B' : 'A')),
    ],
    [
      'the data key changed',
      (text: string) => text.replace(/("encryptedKey":".{100})(.)/, (_all, head, one) => head + (one === 'A' ? 'B' : 'A')),
    ],
    ['a Secret that was put in the clear', (text: string) => text.replace(/"encrypted":"[^"]*"/, '"data":{"password":"b3VycyBub3c="}')],
    ['text that is no artifact', () => '[]'],
  ])('refuses an artifact with %s', async (what, alter) => {
    const digest = await store().put(artifact({ path: what }));
    const text = await bytesOf(digest);
    expect(alter(text)).not.toBe(text);
    await overwrite(digest, alter(text));
    await expect(store().get(digest)).rejects.toThrow(expect.objectContaining({ reason: 'ArtifactAltered' }));
  });

  it('refuses one that stands under the digest of another', async () => {
    const digest = await store().put(artifact({ path: 'one' }));
    await overwrite(digest, await bytesOf(await store().put(artifact({ path: 'other' }))));
    await expect(store().get(digest)).rejects.toThrow(expect.objectContaining({ reason: 'ArtifactAltered' }));
  });

  it('opens Secrets for its own deployment only', async () => {
    const digest = await store().put(artifact({ path: 'own' }));
    await expect(storeOf('another').get(digest)).rejects.toThrow(expect.objectContaining({ reason: 'ArtifactAltered' }));
  });

  it('names no object by anything that its content can be guessed from', async () => {
    await store().put(artifact());
    const { Contents = [] } = await tables.s3.send(new ListObjectsV2Command({ Bucket: tables.names.bucket, Prefix: 'artifacts/' }));
    for (const { Key } of Contents) expect(Key).toMatch(/^artifacts\/[0-9a-f]{64}$/);
  });
});
