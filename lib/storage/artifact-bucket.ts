import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { AwsFaultError, awsFaultOf } from '../aws-fault.ts';
import { type JsonValue, parseJson, stringifyJson } from '../manifests/json.ts';
import { isSecret } from '../manifests/secrets.ts';
import { HEALTH_STATUSES, RECORD_KINDS } from '../records/record.ts';
import type { Artifact } from '../source/artifact.ts';
import { digestOfApiVersions } from './api-versions.ts';
import { ArtifactError, inventoryMoved } from './artifact-error.ts';
import { canonicalise } from './canonical-json.ts';
import { type DataKeys, decryptText, encryptText } from './data-keys.ts';
import { sendOptions } from './document-client.ts';
import type { ArtifactStore, Intent } from './stores.ts';

const DIGEST = /^[0-9a-f]{64}$/;

/** More than the largest artifact that fits a function; a bigger one is not ours. */
const MAX_BYTES = 256 * 1024 * 1024;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** What stands in for a Secret: enough to read a listing by, and the whole object, encrypted. */
const EncryptedObject = z.object({ apiVersion: z.literal('v1'), kind: z.literal('Secret'), encrypted: z.string() });

const StoredArtifact = z.object({
  encryptedKey: z.string().exactOptional(),
  artifact: z.looseObject({ objects: z.array(z.custom<JsonValue>()) }),
});

/** What is checked of an artifact once its digest vouched that it is what `put` was given. */
const VerifiedArtifact = z.custom<Artifact>((value) => z.looseObject({ schemaVersion: z.literal(1) }).safeParse(value).success);

/** What a run of this very code wrote; its values are any JSON. */
const StoredIntent = z.custom<Intent>(
  (value) =>
    z
      .looseObject({
        runId: z.string(),
        at: z.string(),
        id: z.string(),
        revision: z.string(),
        fact: z.looseObject({ kind: z.enum(RECORD_KINDS), class: z.string(), changes: z.array(z.unknown()) }),
      })
      .safeParse(value).success,
);

const StoredFollowed = z.object({
  status: z.enum(HEALTH_STATUSES),
  reason: z.string(),
  message: z.string(),
  at: z.string(),
  since: z.string(),
  deadlineAt: z.string(),
  resourceVersion: z.string().exactOptional(),
});

const StoredInventory = z.object({
  clusterUid: z.string(),
  objects: z.array(
    z.object({
      group: z.string(),
      kind: z.string(),
      namespace: z.string(),
      name: z.string(),
      apiVersion: z.string(),
      uid: z.string().exactOptional(),
      artifact: z.string().exactOptional(),
      adopted: z.literal(true).exactOptional(),
      prune: z.enum(['confirmed', 'enabled', 'disabled']).exactOptional(),
      recreating: z.literal(true).exactOptional(),
      absent: z
        .object({ since: z.string(), moved: z.literal(true).exactOptional(), orphaned: z.literal(true).exactOptional() })
        .exactOptional(),
      job: z.object({ hash: z.string(), finished: z.literal(true).exactOptional() }).exactOptional(),
      followed: StoredFollowed.exactOptional(),
    }),
  ),
  source: z.string().exactOptional(),
  allowance: z.object({ expect: z.number(), left: z.number() }).exactOptional(),
  intents: z.array(StoredIntent).exactOptional(),
  runs: z.array(z.object({ runId: z.string(), at: z.string(), id: z.string(), revision: z.string() })).exactOptional(),
});

/**
 * Artifacts and what is known of clusters in S3, gzipped: `artifacts/DIGEST`, `inventories/CLUSTER`, `checkpoints/CLUSTER` and
 * `api-versions/DIGEST`. The digest covers the artifact in the clear, so that the same content has the same digest whatever key it is
 * encrypted under; when it was rendered is not content.
 */
export function createArtifactStore(client: S3Client, bucket: string, keys: DataKeys): ArtifactStore {
  /** Undefined when there is none; throws `AwsFaultError` when it was not read to its end. */
  async function readStored(key: string, signal?: AbortSignal): Promise<{ readonly bytes: Uint8Array; readonly etag: string } | undefined> {
    try {
      const { Body, ETag: etag = '' } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), sendOptions(signal));
      return Body === undefined ? undefined : { bytes: await Body.transformToByteArray(), etag };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      // The client's own middleware is over once the body begins.
      throw awsFaultOf(error, { service: 'S3', operation: 'GetObject', subject: `object ${key}` }) ?? error;
    }
  }

  async function readBytes(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return (await readStored(key, signal))?.bytes;
  }

  async function readText(key: string, signal?: AbortSignal): Promise<string | undefined> {
    const bytes = await readBytes(key, signal);
    return bytes === undefined ? undefined : await textOf(bytes);
  }

  async function exists(key: string): Promise<boolean> {
    try {
      await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return true;
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return false;
      throw error;
    }
  }

  /** Resolves to the ETag that it has then. */
  async function writeObject(
    key: string,
    text: string,
    condition: Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'> = {},
  ): Promise<string | undefined> {
    const stored = { Body: await compress(text), ContentType: 'application/json', ContentEncoding: 'gzip' };
    const { ETag: etag } = await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, ...stored, ...condition }));
    return etag;
  }

  return {
    async put(artifact) {
      const digest = await keys.digest(contentOf(artifact));
      const key = `artifacts/${digest}`;
      if (!(await exists(key))) await writeObject(key, await encryptArtifact(artifact, keys));
      return digest;
    },

    async get(digest, signal) {
      if (!DIGEST.test(digest))
        throw new ArtifactError('InvalidDigest', `artifact ${digest.slice(0, 80)}: a digest is 64 hexadecimal digits.`);
      // What was not read to its end says nothing of what the bucket holds.
      const bytes = await readBytes(`artifacts/${digest}`, signal);
      if (bytes === undefined) {
        throw new ArtifactError(
          'ArtifactMissing',
          `artifact ${digest}: it is not in the bucket. The next poll of its repository publishes it again.`,
        );
      }
      let artifact: Artifact;
      try {
        artifact = await decryptArtifact(await textOf(bytes), keys, signal);
      } catch (error) {
        if (isServiceFault(error)) throw error;
        throw altered(digest, { cause: error });
      }
      if (!(await keys.verify(contentOf(artifact), digest, signal))) throw altered(digest);
      return artifact;
    },

    async getInventory(cluster, signal) {
      const stored = await readStored(`inventories/${cluster}`, signal);
      if (stored === undefined) return undefined;
      return { ...StoredInventory.parse(parseJson(await textOf(stored.bytes))), version: stored.etag };
    },

    async putInventory(cluster, { version, ...inventory }) {
      const condition = version === undefined ? { IfNoneMatch: '*' } : { IfMatch: version };
      try {
        const etag = await writeObject(`inventories/${cluster}`, stringifyJson(inventory), condition);
        return { ...inventory, ...(etag === undefined ? {} : { version: etag }) };
      } catch (error) {
        throw isConditionFailed(error) ? inventoryMoved(cluster, error) : error;
      }
    },

    async getCheckpoint(cluster, signal) {
      const bytes = await readBytes(`checkpoints/${cluster}`, signal);
      // It is a cache: what cannot be unpacked is made anew.
      return bytes === undefined ? undefined : await textOf(bytes).catch(() => undefined);
    },

    async putCheckpoint(cluster, text) {
      await writeObject(`checkpoints/${cluster}`, text);
    },

    async putApiVersions(apiVersions) {
      const digest = digestOfApiVersions(apiVersions);
      const key = `api-versions/${digest}`;
      if (!(await exists(key))) await writeObject(key, stringifyJson(apiVersions.toSorted()));
      return digest;
    },

    async getApiVersions(digest, signal) {
      const text = await readText(`api-versions/${digest}`, signal);
      if (text !== undefined) return z.array(z.string()).parse(parseJson(text));
      throw new ArtifactError(
        'ArtifactMissing',
        `API list ${digest}: it is not in the bucket. Remove the cluster and add it again, so that it is asked for anew.`,
      );
    },
  };
}

/** Something else is stored (412), was stored at the same moment (409), or what was to be replaced is gone (404). */
function isConditionFailed(error: unknown): boolean {
  if (error instanceof NoSuchKey) return true;
  return error instanceof S3ServiceException && (error.$metadata.httpStatusCode === 412 || error.$metadata.httpStatusCode === 409);
}

async function textOf(bytes: Uint8Array): Promise<string> {
  return (await decompress(bytes, { maxOutputLength: MAX_BYTES })).toString('utf8');
}

function contentOf({ renderedAt: _when, ...content }: Artifact): string {
  return stringifyJson(canonicalise(plain(content)));
}

/** An artifact is JSON all through; its types only name the fields. */
function plain(value: object): JsonValue {
  return parseJson(stringifyJson(value));
}

async function encryptArtifact(artifact: Artifact, keys: DataKeys): Promise<string> {
  if (!artifact.objects.some(isSecret)) return stringifyJson({ artifact });
  const { key, encryptedKey } = await keys.generate();
  const objects = artifact.objects.map((object) => {
    if (!isSecret(object)) return object;
    const { apiVersion, kind, metadata } = object;
    const name = metadata.namespace === undefined ? { name: metadata.name } : { name: metadata.name, namespace: metadata.namespace };
    return { apiVersion, kind, metadata: name, encrypted: encryptText(key, stringifyJson(object)) };
  });
  return stringifyJson({ encryptedKey, artifact: { ...artifact, objects } });
}

async function decryptArtifact(text: string, keys: DataKeys, signal?: AbortSignal): Promise<Artifact> {
  const { encryptedKey, artifact } = StoredArtifact.parse(parseJson(text));
  if (encryptedKey === undefined) return VerifiedArtifact.parse(artifact);
  const key = await keys.open(encryptedKey, signal);
  const objects = artifact.objects.map((object) => {
    const sealed = EncryptedObject.safeParse(object);
    return sealed.success ? parseJson(decryptText(key, sealed.data.encrypted)) : object;
  });
  return VerifiedArtifact.parse({ ...artifact, objects });
}

/** An answer of KMS that says nothing of the content: the caller tries again later. */
function isServiceFault(error: unknown): boolean {
  if (error instanceof AwsFaultError) return true;
  if (!(error instanceof Error)) return false;
  return '$metadata' in error && error.name !== 'InvalidCiphertextException';
}

function altered(digest: string, options?: ErrorOptions): ArtifactError {
  return new ArtifactError(
    'ArtifactAltered',
    `artifact ${digest}: what the bucket holds does not have that digest. Delete the object; the next poll of its repository publishes it again.`,
    options,
  );
}
