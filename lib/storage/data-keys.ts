import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import {
  DecryptCommand,
  GenerateDataKeyCommand,
  GenerateMacCommand,
  type KMSClient,
  KMSInvalidMacException,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import { sendOptions } from './document-client.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAC_ALGORITHM = 'HMAC_SHA_256';

export interface KeyNames {
  readonly artifactKey: string;
  readonly digestKey: string;
  readonly deployment: string;
}

/** A data key in the clear, and the form of it that may be stored. */
export interface DataKey {
  readonly key: Uint8Array;
  readonly encryptedKey: string;
}

/** The calls to KMS that artifacts need. */
export interface DataKeys {
  generate(): Promise<DataKey>;
  /** The data key in the clear; only this deployment's context opens it. */
  open(encryptedKey: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** A keyed digest, 64 hexadecimal digits: what it was made of cannot be guessed from it, not even a Secret with few possible values. */
  digest(text: string): Promise<string>;
  /** Whether that text has that digest. */
  verify(text: string, digest: string, signal?: AbortSignal): Promise<boolean>;
}

export function createDataKeys(client: KMSClient, names: KeyNames): DataKeys {
  const context = { EncryptionContext: { deployment: names.deployment } };
  // KMS takes 4 KiB at most, so it is given the text's hash.
  const mac = (text: string) =>
    ({
      KeyId: names.digestKey,
      MacAlgorithm: MAC_ALGORITHM,
      Message: createHash('sha256').update(text).digest(),
    }) as const;
  return {
    async generate() {
      const answer = await client.send(new GenerateDataKeyCommand({ KeyId: names.artifactKey, KeySpec: 'AES_256', ...context }));
      return { key: present(answer.Plaintext), encryptedKey: Buffer.from(present(answer.CiphertextBlob)).toString('base64') };
    },

    async open(encryptedKey, signal) {
      const command = new DecryptCommand({ KeyId: names.artifactKey, CiphertextBlob: Buffer.from(encryptedKey, 'base64'), ...context });
      return present((await client.send(command, sendOptions(signal))).Plaintext);
    },

    async digest(text) {
      const answer = await client.send(new GenerateMacCommand(mac(text)));
      return Buffer.from(present(answer.Mac)).toString('hex');
    },

    async verify(text, digest, signal) {
      try {
        const command = new VerifyMacCommand({ ...mac(text), Mac: Buffer.from(digest, 'hex') });
        return (await client.send(command, sendOptions(signal))).MacValid === true;
      } catch (error) {
        if (error instanceof KMSInvalidMacException) return false;
        throw error;
      }
    },
  };
}

/** AES-256-GCM: base64 of nonce, tag and ciphertext. */
export function encryptText(key: Uint8Array, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64');
}

/** Throws when the ciphertext was altered. */
export function decryptText(key: Uint8Array, encrypted: string): string {
  const bytes = Buffer.from(encrypted, 'base64');
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
}

function present(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw new Error('KMS: an answer without its bytes.');
  return bytes;
}
