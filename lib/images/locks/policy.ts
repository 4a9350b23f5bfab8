import type { Failure } from '../../errors.ts';
import type { ImageUse } from '../image-uses.ts';
import { ImageReferenceError } from '../reference.ts';

/** What a row asks of images: `report` deploys what Git wrote, `lock` what its tags named first, `require-digest` only what Git pins. */
export type ImagePolicy = 'report' | 'lock' | 'require-digest';

/** From `plumbline.yaml`: references to which the row's policy does not apply until a day, and why. */
export interface ImageException {
  /** A reference as manifests have it; one `*` at the end stands for any rest. */
  readonly image: string;
  readonly reason: string;
  /** The last day on which it holds: `2026-12-31`, UTC. */
  readonly until: string;
  /** The policy that holds for it instead, where the row's asks for more; `lock` when absent. */
  readonly policy?: Exclude<ImagePolicy, 'require-digest'>;
}

/** `exception` is the one that it rests on, `ended` the last one that would have made it something else. */
export type ImageTreatment = { readonly exception?: ImageException; readonly ended?: ImageException } & (
  | { readonly action: 'as-written' }
  | { readonly action: 'lock' }
  | { readonly action: 'block'; readonly failure: Failure }
);

/** What each asks for, in rising order. */
const ASKS: Readonly<Record<ImagePolicy, number>> = { report: 0, lock: 1, 'require-digest': 2 };

/** What is done with an image reference that has no digest in Git. */
export function treatImage(use: ImageUse, policy: ImagePolicy, exceptions: readonly ImageException[], now: Date): ImageTreatment {
  if (use.parsed instanceof ImageReferenceError || use.parsed.digest !== undefined) return { action: 'as-written' };
  const those = exceptions.filter((one) => matches(one.image, use.text) && ASKS[policyOf(one)] < ASKS[policy]);
  const exception = those.find((one) => now < endOf(one));
  if (exception !== undefined) return { action: policyOf(exception) === 'report' ? 'as-written' : 'lock', exception };
  const last = those.reduce<ImageException | undefined>((a, b) => (a === undefined || a.until < b.until ? b : a), undefined);
  const ended = last === undefined ? {} : { ended: last };
  if (policy === 'report') return { action: 'as-written' };
  if (policy === 'lock') return { action: 'lock', ...ended };
  const message = `image ${use.shown} has no digest in Git, which this cluster requires.${endedNote(last)} Write ${use.shown}@sha256:…, or an exception in plumbline.yaml.`;
  return { action: 'block', failure: { reason: 'DigestRequired', message }, ...ended };
}

/** The moment from which it does not hold any more. */
export function endOf({ until }: ImageException): Date {
  return new Date(Date.parse(`${until}T00:00:00Z`) + DAY_MS);
}

/** What to add to what is said of a reference whose exception is over. */
export function endedNote(ended: ImageException | undefined): string {
  return ended === undefined ? '' : ` Its exception in plumbline.yaml (${ended.reason}) ended with ${ended.until}.`;
}

const DAY_MS = 86_400_000;

function policyOf({ policy = 'lock' }: ImageException): ImagePolicy {
  return policy;
}

/** Whether a pattern of `plumbline.yaml` names a reference: one `*` at its end stands for any rest. */
export function matches(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
