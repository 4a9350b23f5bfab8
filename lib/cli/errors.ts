import { PlumblineError } from '../errors.ts';

/** The command was called in a way it does not understand; the message says what it accepts. */
export class UsageError extends PlumblineError {
  constructor(message: string) {
    super('InvalidUsage', message);
  }
}

/** Something the command needs is not there: a stack, a row, a file. */
export class NotFoundError extends PlumblineError {
  constructor(message: string, options?: ErrorOptions) {
    super('NotFound', message, options);
  }
}

/** Another run holds the cluster's lease. */
export class BusyError extends PlumblineError {
  constructor(cluster: string) {
    super('Busy', `cluster ${cluster}: another run is working on it, and nothing was done here. Wait for it to end, and try again.`);
  }
}
