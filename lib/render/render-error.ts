import { PlumblineError } from '../errors.ts';

export type RenderReason =
  | 'PathNotFound'
  | 'PathEmpty'
  | 'PathOutsideRepository'
  | 'InvalidSettings'
  | 'KustomizeFailed'
  | 'HelmFailed'
  | 'NotRepeatable'
  | 'RemoteBase'
  | 'Submodule'
  | 'LfsPointer'
  | 'NotUtf8'
  | 'SymlinkLoop'
  | 'RenderTooLarge'
  | 'RenderTimeout';

/** A path could not be rendered. It comes again at the same commit, unless it is a time-out or another server that did not answer. */
export class RenderError extends PlumblineError {
  readonly lasting: boolean;

  constructor(reason: RenderReason, message: string, { lasting, ...options }: ErrorOptions & { readonly lasting?: boolean } = {}) {
    super(reason, message, options);
    this.lasting = lasting ?? reason !== 'RenderTimeout';
  }
}
