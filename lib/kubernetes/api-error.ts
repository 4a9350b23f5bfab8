import { PlumblineError } from '../errors.ts';

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

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
