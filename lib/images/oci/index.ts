/** Every other registry, through the distribution API: how it is reached, and what is never reached through it. */

export { createRegistryAccess, RegistrySecretError, registrySecretName } from './access.ts';
export { createOciClient, type RegistryAccess } from './client.ts';
export { createOciDetails } from './details.ts';
export { createRegistryHttp, type RegistryHttp } from './http.ts';
export { createOciRegistry } from './oci.ts';
