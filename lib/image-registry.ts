import { ECRClient } from '@aws-sdk/client-ecr';
import { nameFaults, OUTERMOST, PATIENCE } from './aws-client.ts';
import type { Clock } from './clock.ts';
import {
  createEcrRegistry,
  createOciClient,
  createOciRegistry,
  createRegistries,
  createRegistryAccess,
  createRegistryHttp,
  type EcrClients,
  type ImageContents,
  type ImageRegistry,
} from './images/index.ts';
import type { SecretReader } from './secrets.ts';

export interface ImageRegistrySettings {
  readonly deployment: string;
  readonly readSecret: SecretReader;
}

/** One client for each region, with our own credentials. */
export function createEcrClients(): EcrClients {
  const clients = new Map<string, ECRClient>();
  return ({ region }) => {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const client = new ECRClient({ ...PATIENCE, region });
    client.middlewareStack.add(nameFaults, OUTERMOST);
    clients.set(region, client);
    return client;
  };
}

/**
 * ECR registries of any account and region, asked with our own credentials, and every other registry with those of its secret. Settings,
 * tokens and manifests are kept from one call to the next.
 */
export function createImageRegistry({ deployment, readSecret }: ImageRegistrySettings, clock: Clock): ImageRegistry & ImageContents {
  const http = createRegistryHttp();
  const ecr = createEcrRegistry({
    clientFor: createEcrClients(),
    settingsCache: new Map(),
    http,
    clock,
  });
  const accessTo = createRegistryAccess(deployment, readSecret, clock);
  return createRegistries({ ecr, oci: createOciRegistry(createOciClient({ http, accessTo, clock })) });
}
