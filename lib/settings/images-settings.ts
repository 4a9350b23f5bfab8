import { z } from 'zod';
import { FINDINGS, type FindingId } from '../images/finding-table.ts';
import { IMAGE_PATH } from '../manifests/image-paths.ts';

const IMAGE_EXCEPTION = z.strictObject({
  image: z.string().min(1).max(1024),
  reason: z.string().min(1).max(500),
  until: z.iso.date(),
  policy: z.enum(['lock', 'report']).exactOptional(),
});

const IMAGE_PATH_OF_KIND = z.strictObject({
  group: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    .max(253),
  kind: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9]*$/)
    .max(63),
  path: z.string().max(1024).regex(IMAGE_PATH),
});

const AS_RECORDED = ['ignore', 'report'] as const;
const ANY_ACT = ['ignore', 'report', 'block'] as const;

const ALLOWED_IMAGE = z.strictObject({
  finding: z.enum(['pod.injected', 'pod.debug-copy']),
  image: z.string().min(1).max(1024),
  reason: z.string().min(1).max(500),
});

/** What kept us from knowing has to be said, and what is no reference cannot be deployed. */
const FIXED: ReadonlySet<string> = new Set<FindingId>(['ref.invalid', 'tag.unresolvable']);
const FINDING_POLICY = z.strictObject(
  Object.fromEntries(
    Object.entries(FINDINGS)
      .filter(([id]) => !FIXED.has(id))
      .map(([id, { blockable }]) => [id, z.enum(blockable ? ANY_ACT : AS_RECORDED).exactOptional()]),
  ),
);

/** Each key under `images`, with what it means and what is accepted of it. */
export const IMAGES_KEYS = {
  allowed: {
    schema: z.array(ALLOWED_IMAGE).max(100),
    meaning:
      'Images of containers that no template has, and that are meant to be there, such as the sidecar of a mesh: finding (pod.injected, or pod.debug-copy for pods that nothing controls), image (* at its end stands for any rest) and reason.',
    accepted: 'a list of at most 100 maps with finding (pod.injected or pod.debug-copy), image and reason',
  },
  exceptions: {
    schema: z.array(IMAGE_EXCEPTION).max(200),
    meaning:
      'References to which the imagePolicy of the row does not apply for a time: image (as manifests have it; * at its end stands for any rest), reason, until, the last day on which it holds (UTC), and policy, what holds instead: lock (the default; for require-digest) or report, which deploys it as it is written.',
    accepted:
      'a list of at most 200 maps with image, reason and until, a day such as 2026-12-31; and policy, lock or report, where it is meant',
  },
  paths: {
    schema: z.array(IMAGE_PATH_OF_KIND).max(100),
    meaning:
      'Where custom resources have images: group, kind and path, with dots between fields and [*] for every item of a list (spec.template.spec.containers[*].image). They are locked and audited as those of pods are.',
    accepted: 'a list of at most 100 maps with group, kind and path, such as spec.containers[*].image',
  },
  policy: {
    schema: FINDING_POLICY,
    meaning:
      'What is done about a finding, by its id: ignore, report (a record) or block (a record, and no rollout of the workload; for what is known before anything runs).',
    accepted: 'a map of ids of findings to ignore, report or, for what is known before anything runs, block',
    keys: Object.keys(FINDING_POLICY.shape),
  },
  reroll: {
    schema: z.enum(['never', 'on-mismatch']),
    meaning:
      'Whether the audit restarts, through its template, a workload whose pods run other bytes than Git means: never (the default) or on-mismatch. The annotation plumbline.dev/re-roll of a workload says it for that one.',
    accepted: 'never or on-mismatch',
  },
} as const;

export const ImagesSettings = z
  .strictObject({
    allowed: IMAGES_KEYS.allowed.schema.describe(IMAGES_KEYS.allowed.meaning).exactOptional(),
    exceptions: IMAGES_KEYS.exceptions.schema.describe(IMAGES_KEYS.exceptions.meaning).exactOptional(),
    paths: IMAGES_KEYS.paths.schema.describe(IMAGES_KEYS.paths.meaning).exactOptional(),
    policy: IMAGES_KEYS.policy.schema.describe(IMAGES_KEYS.policy.meaning).exactOptional(),
    reroll: IMAGES_KEYS.reroll.schema.describe(IMAGES_KEYS.reroll.meaning).exactOptional(),
  })
  .describe('What is asked of images at the path.');
