import type { Failure } from '../errors.ts';
import type { ImageUse } from './image-uses.ts';
import { ImageReferenceError } from './reference.ts';

/** What a row asks of images: `report` deploys what Git wrote, `lock` what its tags named first, `require-digest` only what Git pins. */
export type ImagePolicy = 'report' | 'lock' | 'require-digest';

/** From `plumbline.yaml`: references that need no digest in Git until a day, and why. */
export interface ImageException {
  /** A reference as manifests have it; one `*` at the end stands for any rest. */
  readonly image: string;
  readonly reason: string;
  /** The last day on which it holds: `2026-12-31`, UTC. */
  readonly until: string;
}

export type ImageTreatment =
  | { readonly action: 'as-written' }
  | { readonly action: 'lock' }
  | { readonly action: 'block'; readonly failure: Failure };

/** What is done with an image reference that has no digest in Git. */
export function treatImage(use: ImageUse, policy: ImagePolicy, exceptions: readonly ImageException[], now: Date): ImageTreatment {
  if (use.parsed instanceof ImageReferenceError || use.parsed.digest !== undefined || policy === 'report') return { action: 'as-written' };
  if (policy === 'lock') return { action: 'lock' };
  const exception = exceptions.find(({ image }) => matches(image, use.text));
  if (exception !== undefined && now.toISOString().slice(0, 10) <= exception.until) return { action: 'lock' };
  const ended = exception === undefined ? '' : ` Its exception (${exception.reason}) ended with ${exception.until}.`;
  return {
    action: 'block',
    failure: {
      reason: 'DigestRequired',
      message: `image ${use.shown} has no digest in Git, which this cluster requires.${ended} Write ${use.shown}@sha256:…, or an exception in plumbline.yaml.`,
    },
  };
}

function matches(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
