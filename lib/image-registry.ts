import { ECRClient } from '@aws-sdk/client-ecr';
import type { Clock } from './clock.ts';
import { createEcrRegistry, type ImageRegistry } from './images/index.ts';

/** ECR registries of any account and region, asked with our own credentials; settings are kept from one call to the next. */
export function createImageRegistry(clock: Clock): ImageRegistry {
  const clients = new Map<string, ECRClient>();
  return createEcrRegistry({
    clientFor: ({ region }) => {
      const client = clients.get(region) ?? new ECRClient({ region });
      clients.set(region, client);
      return client;
    },
    settingsCache: new Map(),
    clock,
  });
}
