import { X509Certificate } from 'node:crypto';
import { PlumblineError } from '../errors.ts';

/** An API server's address and the only authorities that are believed about it. */
export interface Endpoint {
  readonly origin: string;
  /** Path before `/api`, without a trailing slash; mostly empty (Rancher serves clusters below one). */
  readonly basePath: string;
  /** PEM, one certificate each. */
  readonly authorities: readonly string[];
}

/** The address or the certificate authority of a cluster cannot be used. */
export class EndpointError extends PlumblineError {}

const MAXIMUM_AUTHORITY_LENGTH = 512 * 1024;

/**
 * Parses an endpoint and its CA (base64 of a PEM bundle, as EKS and kubeconfigs give it). Throws `EndpointError`.
 *
 * A bundle without a certificate is refused here, because TLS would read an empty list as "the system's authorities".
 */
export function parseEndpoint(endpoint: string, certificateAuthority: string): Endpoint {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (
    url === undefined ||
    url.protocol !== 'https:' ||
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    // A URL may hold a password: only its scheme and host are shown.
    const shown = url === undefined ? 'the value is not a URL' : `${url.protocol}//${url.host}`;
    throw new EndpointError(
      'InvalidEndpoint',
      `endpoint: ${shown} cannot be used. Accepted is https://HOST[:PORT][/PATH] without credentials, query or fragment, as \`kubectl cluster-info\` prints it.`,
    );
  }
  return { origin: url.origin, basePath: url.pathname.replace(/\/+$/, ''), authorities: parseAuthorities(certificateAuthority, url.host) };
}

function parseAuthorities(certificateAuthority: string, host: string): readonly string[] {
  const refuse = (problem: string): EndpointError =>
    new EndpointError(
      'InvalidCertificateAuthority',
      `certificateAuthority of ${host}: ${problem}. Accepted is the base64 of a PEM bundle: the value of certificate-authority-data in a kubeconfig.`,
    );
  if (certificateAuthority.length > MAXIMUM_AUTHORITY_LENGTH) throw refuse(`${certificateAuthority.length} characters is too long`);
  const bundle = Buffer.from(certificateAuthority, 'base64').toString('latin1');
  const certificates = bundle.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) throw refuse('it holds no certificate');
  return certificates.map((certificate, index) => {
    try {
      return new X509Certificate(certificate).toString();
    } catch {
      throw refuse(`certificate ${index + 1} of ${certificates.length} cannot be read`);
    }
  });
}
