import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { ClusterSecret } from '../kubernetes/index.ts';

/** Secrets in which clusters' credentials are kept; a value is written and never read back here. */
export interface CredentialsStore {
  /** Creates the secret, or gives it this value. */
  store(secretName: string, credentials: ClusterSecret): Promise<void>;
  /** At once, so that a cluster can be added under the same name again; does nothing when there is none. */
  delete(secretName: string): Promise<void>;
}

export function createCredentialsStore(client: Pick<SecretsManagerClient, 'send'>): CredentialsStore {
  return {
    async store(secretName, credentials) {
      const value = { SecretString: JSON.stringify(credentials) };
      try {
        await client.send(new CreateSecretCommand({ Name: secretName, Description: 'Plumbline: credentials of a cluster', ...value }));
      } catch (error) {
        if (!(error instanceof ResourceExistsException)) throw error;
        await client.send(new PutSecretValueCommand({ SecretId: secretName, ...value }));
      }
    },
    async delete(secretName) {
      try {
        await client.send(new DeleteSecretCommand({ SecretId: secretName, ForceDeleteWithoutRecovery: true }));
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }
    },
  };
}
