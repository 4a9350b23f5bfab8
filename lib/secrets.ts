import { GetSecretValueCommand, SecretsManagerClient, SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { PATIENCE } from './aws-client.ts';
import { awsFaultOf } from './aws-fault.ts';
import { PlumblineError } from './errors.ts';

export class SecretError extends PlumblineError {}

/** The text of a secret, by name. Throws `SecretError` when it is missing, refused or binary, and `AwsFaultError`. */
export type SecretReader = (name: string, signal: AbortSignal) => Promise<string>;

const REMEDIES: Readonly<Record<string, { readonly reason: string; readonly words: string }>> = {
  ResourceNotFoundException: {
    reason: 'SecretMissing',
    words: 'it is not in Secrets Manager of this account and region. Create it, or correct the name',
  },
  AccessDeniedException: {
    reason: 'SecretRefused',
    words: "this role may not read it. Give the secret a name that begins with the deployment's name and a slash",
  },
  InvalidRequestException: { reason: 'SecretRefused', words: 'it is scheduled for deletion. Restore it, or name another one' },
};

/** Region, endpoint and credentials come from the environment. */
export function createSecretsClient(): SecretsManagerClient {
  return new SecretsManagerClient(PATIENCE);
}

export function createSecretReader(client: SecretsManagerClient): SecretReader {
  return async (name, signal) => {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }), { abortSignal: signal });
      if (SecretString === undefined)
        throw new SecretError('SecretBinary', `secret ${name}: it holds binary data; store JSON text instead.`);
      return SecretString;
    } catch (error) {
      const remedy = error instanceof SecretsManagerServiceException ? REMEDIES[error.name] : undefined;
      if (remedy === undefined) {
        throw awsFaultOf(error, { service: 'Secrets Manager', operation: 'GetSecretValue', subject: `secret ${name}` }) ?? error;
      }
      throw new SecretError(remedy.reason, `secret ${name}: ${remedy.words}.`, { cause: error });
    }
  };
}
