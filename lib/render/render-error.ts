import { PlumblineError } from '../errors.ts';

export type RenderReason =
  | 'PathNotFound'
  | 'PathEmpty'
  | 'PathOutsideRepository'
  | 'KustomizeFailed'
  | 'RemoteBase'
  | 'RenderTooLarge'
  | 'RenderTimeout';

/** A path could not be rendered. It comes again at the same commit, unless it is a time-out. */
export class RenderError extends PlumblineError {
  readonly lasting: boolean;

  constructor(reason: RenderReason, message: string, options?: ErrorOptions) {
    super(reason, message, options);
    this.lasting = reason !== 'RenderTimeout';
  }
}
