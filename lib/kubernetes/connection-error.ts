import { errors } from 'undici';
import { ApiError } from './api-error.ts';

/** How far a request had come when it failed: what was sent may have been done, what was not sent was not. */
export type FailedPhase = 'connecting' | 'waiting' | 'reading';

const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);
const TLS_CODE =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|CRL_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_)/;

/** Whether a failure came before anything was sent, told by its code. */
export function failedBeforeSending(error: unknown): boolean {
  return NOT_CONNECTED.has(codeOf(error)) || TLS_CODE.test(codeOf(error));
}

/** Classifies a request that got no complete answer. */
export function connectionError(error: unknown, subject: string, origin: string, phase: FailedPhase): ApiError {
  const code = codeOf(error);
  const fail = (reason: string, problem: string, remedy: string): ApiError =>
    new ApiError({ status: 0, reason, message: `${subject}: ${origin} ${problem}. ${remedy}` });
  // Says nothing of what was asked for: whatever it was, it would have been the same.
  const failAll = (reason: string, problem: string, remedy: string): ApiError =>
    new ApiError({ status: 0, reason, message: `API server ${origin}: it ${problem}. ${remedy}` });

  if (TLS_CODE.test(code)) {
    return failAll(
      'TlsVerification',
      `did not prove its identity (${code})`,
      'Its certificate must come from the cluster’s own CA and name this host: update certificateAuthority or endpoint, or look for a proxy in between.',
    );
  }
  if (error instanceof errors.ResponseExceededMaxSizeError) {
    return fail('ResponseTooLarge', 'answered with more than is accepted', 'Look for an object of extraordinary size.');
  }
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return fail(
      'Timeout',
      'accepted the connection but did not answer in time',
      'It is tried again on the next run; look at the API server’s load and its webhooks.',
    );
  }
  if (phase === 'reading') {
    return fail(
      'BadResponse',
      `broke off in the middle of its answer (${code})`,
      'It is tried again on the next run; look for a proxy or a restart.',
    );
  }
  if (phase === 'waiting') {
    return fail(
      'ConnectionLost',
      `closed the connection before it answered (${code})`,
      'It is tried again on the next run; look for a proxy or load balancer in between that refuses this request, or a restart.',
    );
  }
  return failAll(
    'Unreachable',
    code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT'
      ? `could not be reached in time (${code})`
      : `could not be reached (${code})`,
    'Check that the endpoint is right and that this network may reach it: a private endpoint needs the function in its VPC.',
  );
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error.cause instanceof Error ? codeOf(error.cause) : error.name;
}
