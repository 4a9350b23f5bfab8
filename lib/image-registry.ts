import { setTimeout as sleep } from 'node:timers/promises';
import { ECRClient } from '@aws-sdk/client-ecr';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { nameFaults, OUTERMOST, PATIENCE } from './aws-client.ts';
import type { Clock } from './clock.ts';
import {
  createDetails,
  createEcrDetails,
  createEcrRegistry,
  createOciClient,
  createOciDetails,
  createOciRegistry,
  createPace,
  createRegistries,
  createRegistryAccess,
  createRegistryHttp,
  type DetailReader,
  type EcrClients,
  forgetSettings,
  type ImageContents,
  type ImageLookup,
  type ImageRegistry,
  type Pace,
  registryRoleOf,
  type SettingsCache,
} from './images/index.ts';
import type { SecretReader } from './secrets.ts';

export interface ImageRegistrySettings {
  readonly deployment: string;
  readonly readSecret: SecretReader;
  /** Roles in other accounts by which their registries are read; without one of its account, a registry is asked with our own credentials. */
  readonly roles?: RegistryRoles;
}

export interface RegistryRoles {
  readonly roleArns: readonly string[];
  readonly externalId?: string | undefined;
}

/** The quota of ECR's calls is shared with the nodes that pull images. */
const CALLS = { perSecond: 20, burst: 20 };

/** One client for each account and region: under the account's role where there is one, and at most so many calls a second. */
export function createEcrClients(
  deployment: string,
  clock: Clock,
  roles: RegistryRoles = { roleArns: [] },
  wait: (milliseconds: number) => Promise<unknown> = sleep,
): EcrClients {
  const clients = new Map<string, ECRClient>();
  return (host) => {
    const key = `${host.account}/${host.region}`;
    const known = clients.get(key);
    if (known !== undefined) return known;
    const roleArn = registryRoleOf(host, roles.roleArns);
    const client = new ECRClient({ ...PATIENCE, region: host.region, ...credentialsOf(roleArn, roles.externalId, deployment) });
    client.middlewareStack.add(nameFaults, OUTERMOST);
    const pace = createPace(CALLS, clock, wait);
    // Inside the retries: each attempt counts.
    client.middlewareStack.add((next) => paced(next, pace), { step: 'finalizeRequest', priority: 'low', name: 'pace' });
    clients.set(key, client);
    return client;
  };
}

function paced<Args, Result>(next: (args: Args) => Promise<Result>, pace: Pace): (args: Args) => Promise<Result> {
  return async (args) => {
    await pace();
    return await next(args);
  };
}

function credentialsOf(roleArn: string | undefined, externalId: string | undefined, deployment: string) {
  if (roleArn === undefined) return {};
  const params = {
    RoleArn: roleArn,
    RoleSessionName: `${deployment}-images`,
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
  };
  return { credentials: fromTemporaryCredentials({ params, clientConfig: PATIENCE }) };
}

/**
 * ECR registries of any account and region, and every other registry with the credentials of its secret. Settings, tokens, manifests and details
 * are kept from one call to the next.
 */
export function createImageRegistry(
  { deployment, readSecret, roles }: ImageRegistrySettings,
  clock: Clock,
): ImageRegistry & ImageContents & ImageLookup & { readonly details: DetailReader } {
  const http = createRegistryHttp();
  const clientFor = createEcrClients(deployment, clock, roles);
  const settingsCache: SettingsCache = new Map();
  const ecr = createEcrRegistry({ clientFor, settingsCache, http, clock });
  const accessTo = createRegistryAccess(deployment, readSecret, clock);
  const oci = createOciClient({ http, accessTo, clock });
  const details = createDetails({ ecr: createEcrDetails({ clientFor, contents: ecr, clock }), oci: createOciDetails(oci, clock) });
  const forget: DetailReader['forget'] = (isChanged) => {
    details.forget(isChanged);
    forgetSettings(settingsCache, isChanged);
  };
  return { ...createRegistries({ ecr, oci: createOciRegistry(oci) }), details: { ...details, forget } };
}
