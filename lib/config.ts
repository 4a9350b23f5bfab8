import { z } from 'zod';
import { PlumblineError } from './errors.ts';

const seconds = z.coerce.number().int().positive();

/**
 * The settings of every function, set by the control stack and read once at start-up. The command builds the same value from the outputs of
 * the deployed stacks.
 */
const Settings = z.object({
  /** Names the deployment: stacks, field manager and owner label derive from it. */
  DEPLOYMENT: z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, 'lower-case letters, digits and hyphens, at most 30'),
  CLUSTERS_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  RECORDS_TABLE: z.string().min(1),
  ARTIFACT_BUCKET: z.string().min(1),
  /** KMS key (id, ARN or alias) that encrypts the data keys of Secrets in artifacts. */
  ARTIFACT_KEY: z.string().min(1),
  /** KMS HMAC key with which digests of artifacts are keyed. */
  DIGEST_KEY: z.string().min(1),
  SOURCE_QUEUE_URL: z.url(),
  CLUSTER_QUEUE_URL: z.url(),
  /** Roles in other accounts by which their ECR registries are read, separated by commas. */
  REGISTRY_ROLES: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((arn) => arn !== '')),
  /** Of the audit: what the names of the roles end with through which it reads clusters, after those of the rows. */
  AUDIT_ROLE_SUFFIX: z.string().default(''),
  REGISTRY_EXTERNAL_ID: z.string().min(2).optional(),
  /** Holds kubectl/kubectl and helm/helm. */
  TOOLS_DIRECTORY: z.string().min(1).default('/opt'),
  /** Plain HTTP and file:// repositories: only the local environment sets it. */
  ALLOW_INSECURE_REPOSITORIES: z.stringbool().default(false),
  /** One cluster's share of a run; the function's time-out is longer, so that there is time to record. */
  CLUSTER_TIMEOUT_SECONDS: seconds.default(240),
  /** Records are kept this long after they were resolved. */
  RECORD_RETENTION_DAYS: z.coerce.number().int().positive().default(400),
});
export type Settings = Readonly<z.infer<typeof Settings>>;

/** Parses the environment of a function. Throws `SettingsError` that names each variable that is missing or wrong. */
export function loadSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = Settings.safeParse(environment);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new SettingsError(
    `settings: ${problems.join('; ')}. They are set by the control stack; deploy it again, or set them in the environment.`,
  );
}

export class SettingsError extends PlumblineError {
  constructor(message: string) {
    super('InvalidSettings', message);
  }
}
