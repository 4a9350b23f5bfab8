import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../manifests/json.ts';
import { FIELD_LISTS, ManagersSettings } from './field-settings.ts';
import { HealthSettings } from './health-settings.ts';
import { ImagesSettings } from './images-settings.ts';
import { POLICY_KEYS } from './policy-settings.ts';
import { PruneSettings } from './prune-settings.ts';

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Each key with what it means and what is accepted of it, in words: the errors and the JSON Schema say the same. */
export const HELM_KEYS = {
  releaseName: {
    schema: z.string().regex(NAME).max(53),
    meaning: 'Name of the release, which templates see as .Release.Name. Default: the last part of the path.',
    accepted: 'lower-case letters, digits and hyphens, at most 53',
  },
  namespace: {
    schema: z.string().regex(NAME).max(63),
    meaning: 'Namespace of the release: .Release.Namespace, and that of objects whose template names none. Default: default.',
    accepted: 'the name of a namespace: lower-case letters, digits and hyphens, at most 63',
  },
  valuesFiles: {
    schema: z.array(z.string().min(1).max(1024)).max(50),
    meaning:
      'Values files of the repository, relative to the path; a later one overrides an earlier one, all override the values.yaml of the chart.',
    accepted: 'a list of at most 50 files of the repository, relative to the path',
  },
  values: {
    // Left as it is: a whole number beyond 2^53 is a bigint, which no schema of JSON knows.
    schema: z.custom<JsonObject>(isJsonObject),
    meaning: 'Values, which override those of all files.',
    accepted: 'a map',
  },
  hooks: {
    schema: z.enum(['refuse', 'apply', 'skip']),
    meaning:
      'What becomes of install and upgrade hooks: refused by name (the default), applied as the ordinary objects that they are, or left out. Test, delete and rollback hooks are always left out.',
    accepted: 'refuse, apply or skip',
  },
} as const;

const HelmSettings = z
  .strictObject({
    releaseName: HELM_KEYS.releaseName.schema.describe(HELM_KEYS.releaseName.meaning).exactOptional(),
    namespace: HELM_KEYS.namespace.schema.describe(HELM_KEYS.namespace.meaning).exactOptional(),
    valuesFiles: HELM_KEYS.valuesFiles.schema.describe(HELM_KEYS.valuesFiles.meaning).exactOptional(),
    values: HELM_KEYS.values.schema.describe(HELM_KEYS.values.meaning).exactOptional(),
    hooks: HELM_KEYS.hooks.schema.describe(HELM_KEYS.hooks.meaning).exactOptional(),
  })
  .describe('How the Helm chart at the path is rendered.');

/** Everything that `plumbline.yaml` may say. */
export const PathSettings = z.strictObject({
  helm: HelmSettings.exactOptional(),
  images: ImagesSettings.exactOptional(),
  health: HealthSettings.exactOptional(),
  policy: POLICY_KEYS.policy.schema.describe(POLICY_KEYS.policy.meaning).exactOptional(),
  windows: POLICY_KEYS.windows.schema.describe(POLICY_KEYS.windows.meaning).exactOptional(),
  prune: PruneSettings.exactOptional(),
  managers: ManagersSettings.exactOptional(),
  ignore: FIELD_LISTS.ignore.schema.describe(FIELD_LISTS.ignore.meaning).exactOptional(),
  adopt: FIELD_LISTS.adopt.schema.describe(FIELD_LISTS.adopt.meaning).exactOptional(),
});

export type HelmSettings = Readonly<z.infer<typeof HelmSettings>>;
export type PathSettings = Readonly<z.infer<typeof PathSettings>>;

/** What is asked of the cluster rather than of rendering: it goes with the artifact to where the cluster is reconciled. */
export type DesiredSettings = Omit<PathSettings, 'helm'>;
