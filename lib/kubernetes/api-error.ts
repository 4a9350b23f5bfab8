import { PlumblineError } from '../errors.ts';

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
  /** The field cannot be changed in place. */
  readonly immutable?: true;
}

/**
 * Why a request failed. Reasons of the server that are not named here stay as the server spells them.
 *
 * - `NotFound`: the object is not there; `KindNotFound`: the server does not serve the kind.
 * - `NamespaceNotFound`, `NamespaceTerminating`: neither RBAC nor a missing kind; the namespace has to come first.
 * - `Invalid`: the server refuses the object (400, 422, or 500 where it does not fit its schema), unknown fields included.
 * - `Denied`: an admission webhook or a ValidatingAdmissionPolicy refuses the object; it is named, and the status is its own choice.
 * - `DryRunUnsupported`: an admission webhook has side effects, so that nothing that it sees can be tried; `TooLarge`: more than the
 *   server or its storage takes.
 * - `Unreachable` (nothing listens, name unknown), `ConnectionLost` (closed before an answer), `TlsVerification`, `Timeout` (no complete
 *   answer in time): `status` is 0.
 * - `BadResponse`: an answer that is cut off, is not JSON, or is not what was asked for; `ResponseTooLarge`: over the bound.
 */
export type ApiErrorReason =
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'KindNotFound'
  | 'NamespaceNotFound'
  | 'NamespaceTerminating'
  | 'Conflict'
  | 'AlreadyExists'
  | 'Expired'
  | 'Invalid'
  | 'NotAcceptable'
  | 'TooManyRequests'
  | 'ServiceUnavailable'
  | 'InternalError'
  | 'Timeout'
  | 'Unreachable'
  | 'ConnectionLost'
  | 'Denied'
  | 'DryRunUnsupported'
  | 'TooLarge'
  | 'TlsVerification'
  | 'BadResponse'
  | 'ResponseTooLarge';

/** An answer of the API server that is not 2xx, or no answer at all (`status` 0). The message is the server's, redacted and bounded. */
export class ApiError extends PlumblineError {
  readonly status: number;
  readonly causes: readonly StatusCause[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    details: {
      readonly status: number;
      readonly reason: string;
      readonly message: string;
      readonly causes?: readonly StatusCause[];
      readonly retryAfterSeconds?: number;
    },
    options?: ErrorOptions,
  ) {
    super(details.reason, details.message, options);
    this.status = details.status;
    this.causes = details.causes ?? [];
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}
