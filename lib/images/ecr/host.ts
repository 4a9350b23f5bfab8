/** A private ECR registry, as its host name names it. */
export interface EcrHost {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
}

/** All partitions; `dkr-ecr` is the dual-stack form, `-fips` the FIPS one. */
const ECR_HOST =
  /^(\d{12})\.(?:dkr\.ecr(?:-fips)?\.([a-z0-9][a-z0-9-]*)\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)|dkr-ecr(?:-fips)?\.([a-z0-9][a-z0-9-]*)\.on\.(?:aws|amazonwebservices\.com\.cn|amazonwebservices\.eu))$/;

/** Account and region of a private ECR registry; undefined for every other host, `public.ecr.aws` too. */
export function ecrHostOf(registry: string): EcrHost | undefined {
  const match = ECR_HOST.exec(registry.toLowerCase());
  const account = match?.[1];
  const region = match?.[2] ?? match?.[3];
  return account === undefined || region === undefined ? undefined : { account, region };
}
