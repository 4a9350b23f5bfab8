import type { EcrHost } from '../ecr/host.ts';

/** The role by which the registry of another account is read: the one of that account; undefined where our own credentials do. */
export function registryRoleOf({ account }: Pick<EcrHost, 'account'>, roleArns: readonly string[]): string | undefined {
  return roleArns.find((arn) => arn.split(':')[4] === account);
}
