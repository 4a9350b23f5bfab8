/** The secret in which `cluster add` keeps the credentials that it read from a kubeconfig. */
export function credentialsSecretName(deployment: string, cluster: string): string {
  return `${deployment}/cluster/${cluster}`;
}
