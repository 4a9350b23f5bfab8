import { PlumblineError } from '../errors.ts';

export type SourceReason =
  | 'InvalidRepository'
  | 'RepositoryUnreachable'
  | 'AuthenticationRefused'
  | 'ReferenceNotFound'
  | 'PathNotFound'
  | 'PathEmpty'
  | 'PathOutsideRepository'
  | 'SourceTooLarge'
  | 'InvalidCredentials'
  | 'GitMissing'
  | 'NotKept';

/**
 * Git could not be followed. Those that are `lasting` come again at the same commit however often it is tried: trying waits for the next
 * commit, or for somebody to edit the row.
 */
export class SourceError extends PlumblineError {
  readonly lasting: boolean;

  constructor(reason: SourceReason, message: string, options: ErrorOptions & { readonly lasting?: boolean } = {}) {
    super(reason, message, options);
    this.lasting = options.lasting ?? false;
  }
}
