/**
 * The base of every error that Plumbline raises on purpose.
 *
 * `message` begins with the subject, then says the value, what is accepted and the remedy; it never holds a secret.
 * `reason` is a stable CamelCase word for programs, stored in records and printed by `--json`.
 */
export class PlumblineError extends Error {
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.reason = reason;
  }
}

/** What a record, a status row or a JSON line says of a failure. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
}

/** Turns anything that was thrown into the two fields that are stored: unexpected errors keep their own name as the reason. */
export function failureOf(error: unknown): Failure {
  if (error instanceof PlumblineError) return { reason: error.reason, message: error.message };
  if (error instanceof Error) return { reason: error.name === 'Error' ? 'Unexpected' : error.name, message: error.message };
  return { reason: 'Unexpected', message: String(error) };
}
