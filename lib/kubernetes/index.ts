/**
 * Talking to one cluster's API server: where it is, who we are to it, and the few calls that reconciling needs, as raw JSON over a pool of
 * verified connections.
 *
 * `kubeconfig.ts` is not exported here: it loads @kubernetes/client-node, which only the command needs.
 */

export { type AccessCheck, accessInstructions, accessOf, checkAccess } from './access.ts';
export { type ApiClient, type ClientOptions, createKubernetesClient } from './api-client.ts';
export { ApiError, type ApiErrorReason, type StatusCause } from './api-error.ts';
export { type Authentication, bearerToken, CredentialsError } from './authentication.ts';
export type { ApiResource, DeleteOptions, Discovery, KubernetesClient, ListOptions, PatchOperation, ResourceLookup } from './client.ts';
export {
  ClusterSecret,
  type ConnectDependencies,
  type ConnectionCache,
  connectCluster,
  createConnectionCache,
} from './connect.ts';
export { type EksEndpoint, EksError } from './eks.ts';
export { type AwsCredentials, eksToken } from './eks-token.ts';
export { EndpointError } from './endpoint.ts';
