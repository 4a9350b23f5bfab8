import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { PlumblineError } from '../../errors.ts';
import { SecretError, type SecretReader } from '../../secrets.ts';
import { parseJson } from '../registry/json-text.ts';
import type { RegistryAccess } from './client.ts';

const KEPT_MS = 600_000;

const AccessSecret = z
  .strictObject({
    username: z.string().min(1).exactOptional(),
    password: z.string().min(1).exactOptional(),
    plainHttp: z.boolean().exactOptional(),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined));

/** A secret `DEPLOYMENT/registry/HOST` that does not say how a registry is reached. */
export class RegistrySecretError extends PlumblineError {}

/**
 * What the secret `DEPLOYMENT/registry/HOST` says of a registry; undefined when there is none, which is a public registry. Kept for ten
 * minutes. Throws when it cannot be read or is not understood, and quotes nothing of it.
 */
export function createRegistryAccess(
  deployment: string,
  readSecret: SecretReader,
  clock: Clock,
): (host: string, signal: AbortSignal) => Promise<RegistryAccess | undefined> {
  const kept = new Map<string, { readonly access: RegistryAccess | undefined; readonly until: number }>();
  return async (host, signal) => {
    const now = clock.now().getTime();
    const known = kept.get(host);
    if (known !== undefined && known.until > now) return known.access;
    const access = await readAccess(registrySecretName(deployment, host), readSecret, signal);
    kept.set(host, { access, until: now + KEPT_MS });
    return access;
  };
}

/** Names of secrets have no colon: `plumbline/registry/harbor.example_5000`. */
export function registrySecretName(deployment: string, host: string): string {
  return `${deployment}/registry/${host.replace(/[^A-Za-z0-9+=.@-]/g, '_')}`;
}

async function readAccess(name: string, readSecret: SecretReader, signal: AbortSignal): Promise<RegistryAccess | undefined> {
  let text: string;
  try {
    text = await readSecret(name, signal);
  } catch (error) {
    if (error instanceof SecretError && error.reason === 'SecretMissing') return undefined;
    throw error;
  }
  const parsed = AccessSecret.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new RegistrySecretError(
    'InvalidRegistrySecret',
    `secret ${name}: not the access to a registry. Accepted is {"username": …, "password": …}, with "plainHttp": true for one without TLS, or {} for one of yours that asks for nothing.`,
  );
}
