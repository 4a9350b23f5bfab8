import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Failure } from '../../errors.ts';
import type { Platform } from '../types.ts';
import { parseJson } from './json-text.ts';

export const MAX_CONFIG_BYTES = 1024 * 1024;
const REVISION_LABEL = 'org.opencontainers.image.revision';
const MAX_SHOWN = 200;
const MAX_STEPS = 5;

const Config = z.object({
  os: z.string().default(''),
  architecture: z.string().default(''),
  variant: z.string().optional(),
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
  history: z
    .array(z.object({ created_by: z.string().optional() }))
    .max(1000)
    .nullish(),
});

/** What an image's config says of how it was built. */
export interface ImageConfig {
  readonly platform: Platform;
  /** The label `org.opencontainers.image.revision`. */
  readonly revision?: string;
  /** Steps that install whatever is newest on the day of the build, so that the same source gives other bytes. */
  readonly mutableSteps: readonly string[];
}

/** Upgrades of everything; installing named packages is ordinary. */
const MUTABLE_STEP =
  /\b(?:apt-get|apt|aptitude)\s+(?:-\S+\s+)*(?:dist-upgrade|full-upgrade|upgrade)\b|\b(?:yum|dnf|microdnf|tdnf)\s+(?:-\S+\s+)*(?:update|upgrade)\b|\bapk\s+(?:-\S+\s+)*upgrade\b|\bzypper\s+(?:-\S+\s+)*(?:update|up|dup)\b/;

/** Checks and reads a config. Bytes that are not the digest's, and forms that are no config, are a failure. */
export function readImageConfig(bytes: Buffer, digest: string): ImageConfig | { readonly failure: Failure } {
  const actual = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (actual !== digest) return failed('DigestMismatch', `the config ${digest} that the registry sent is ${actual}`);
  const parsed = Config.safeParse(parseJson(bytes.toString()));
  if (!parsed.success) return failed('MalformedConfig', 'the config is not JSON of an image config');
  const { os, architecture, variant, config, history } = parsed.data;
  const revision = config?.Labels?.[REVISION_LABEL]?.slice(0, MAX_SHOWN);
  const steps = (history ?? []).flatMap(({ created_by: step }) => (step !== undefined && MUTABLE_STEP.test(step) ? [step] : []));
  return {
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    ...(revision === undefined || revision === '' ? {} : { revision }),
    mutableSteps: steps.slice(0, MAX_STEPS).map((step) => step.slice(0, MAX_SHOWN)),
  };
}

function failed(reason: string, message: string): { readonly failure: Failure } {
  return { failure: { reason, message } };
}
