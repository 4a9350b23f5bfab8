import { z } from 'zod';
import type { ClusterConnection, ClusterEntry, ClusterRow } from './cluster.ts';
import { parseDuration } from './duration.ts';
import { parseLabels, parsePath, parseRepository } from './row-fields.ts';

const SHOWN = 80;
const MINUTE_SECONDS = 60;
const DAY_SECONDS = 86_400;

/** A transform that turns the parser's undefined into an error of that attribute. */
function parsedBy<T>(parse: (text: string) => T | undefined) {
  return (text: string, context: z.RefinementCtx): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom' });
    return z.NEVER;
  };
}

const secretName = z.string().regex(/^[\w/+=.@-]{1,512}$/);
const duration = z.string().transform(parsedBy(parseDuration));

/** Each attribute with what is accepted of it, in words: an error shows them instead of the schema's own. */
const ATTRIBUTES = {
  cluster: {
    schema: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
    accepted: 'lower-case letters, digits and hyphens, at most 63, beginning and ending with a letter or digit',
  },
  eksName: { schema: z.string().regex(/^[0-9A-Za-z][\w-]{0,99}$/), accepted: 'the name of an EKS cluster' },
  region: { schema: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/), accepted: 'an AWS region such as eu-west-1' },
  roleArn: {
    schema: z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/),
    accepted: 'the ARN of an IAM role such as arn:aws:iam::123456789012:role/plumbline',
  },
  externalId: { schema: z.string().regex(/^[\w+=,.@:/-]{2,1224}$/), accepted: '2 to 1224 letters, digits and any of +=,.@:/-' },
  endpoint: {
    schema: z.url({ protocol: /^https$/ }).refine(hasNoUser),
    accepted: 'an https:// URL of an API server, without a user in it',
  },
  certificateAuthority: {
    schema: z
      .base64()
      .max(65_536)
      .refine((text) => Buffer.from(text, 'base64').includes('-----BEGIN CERTIFICATE-----')),
    accepted: 'the base64 of a PEM certificate, as a kubeconfig has it in certificate-authority-data',
  },
  clusterSecret: { schema: secretName, accepted: 'the name of a secret in Secrets Manager' },
  repository: {
    schema: z.string().transform(parsedBy(parseRepository)),
    accepted:
      'an https:// URL without user, password, query or fragment (SSH and CodeCommit: use the HTTPS URL of the repository, and put a token into the secret that credentialsSecret names)',
  },
  branch: {
    schema: z.string().regex(/^(?![-/.])(?!.*(\.\.|\/\/|@\{|\/\.|\.lock(\/|$)))[^\p{Cc}\s~^:?*[\\]{1,250}(?<![/.])$/u),
    accepted: 'a branch, a tag or a full commit id',
  },
  path: {
    schema: z.string().max(1024).transform(parsedBy(parsePath)),
    accepted: 'a folder inside the repository such as apps/web, or . for its root; no .. in it',
  },
  credentialsSecret: { schema: secretName, accepted: 'the name of a secret in Secrets Manager' },
  remoteBases: { schema: z.enum(['allow', 'refuse']), accepted: 'allow or refuse' },
  mode: { schema: z.enum(['observe', 'enforce', 'off']), accepted: 'observe, enforce or off' },
  interval: {
    schema: duration.refine((seconds) => seconds >= MINUTE_SECONDS),
    accepted: 'a duration of at least a minute such as 90s, 5m or 2h',
  },
  grace: { schema: duration, accepted: 'a duration such as 0s, 90s, 5m or 2h' },
  holdLimit: { schema: duration, accepted: 'a duration such as 0s, 12h or 7d' },
  wave: { schema: z.coerce.number().int().min(0).max(1000), accepted: 'a whole number from 0 to 1000' },
  imagePolicy: { schema: z.enum(['report', 'lock', 'require-digest']), accepted: 'report, lock or require-digest' },
  suspendedUntil: { schema: z.iso.datetime({ offset: true }), accepted: 'a moment with its time zone such as 2027-01-31T18:00:00Z' },
  suspendedReason: { schema: z.string().trim().min(1).max(500), accepted: 'a sentence of at most 500 characters' },
  labels: {
    schema: z.string().max(4096).transform(parsedBy(parseLabels)),
    accepted: 'key=value pairs separated by commas such as team=shop,tier=1',
  },
} as const;

type Attribute = keyof typeof ATTRIBUTES;

/** Their values are never shown: people paste the secret itself where its name belongs, and a user into a URL. */
const NOT_SHOWN: ReadonlySet<string> = new Set<Attribute>([
  'clusterSecret',
  'credentialsSecret',
  'repository',
  'certificateAuthority',
  'endpoint',
  'externalId',
]);

const Row = z
  .strictObject({
    cluster: ATTRIBUTES.cluster.schema,
    eksName: ATTRIBUTES.eksName.schema.exactOptional(),
    region: ATTRIBUTES.region.schema.exactOptional(),
    roleArn: ATTRIBUTES.roleArn.schema.exactOptional(),
    externalId: ATTRIBUTES.externalId.schema.exactOptional(),
    endpoint: ATTRIBUTES.endpoint.schema.exactOptional(),
    certificateAuthority: ATTRIBUTES.certificateAuthority.schema.exactOptional(),
    clusterSecret: ATTRIBUTES.clusterSecret.schema.exactOptional(),
    repository: ATTRIBUTES.repository.schema,
    branch: ATTRIBUTES.branch.schema.default('main'),
    path: ATTRIBUTES.path.schema.default('.'),
    credentialsSecret: ATTRIBUTES.credentialsSecret.schema.exactOptional(),
    remoteBases: ATTRIBUTES.remoteBases.schema.exactOptional(),
    mode: ATTRIBUTES.mode.schema.default('observe'),
    interval: ATTRIBUTES.interval.schema.default(MINUTE_SECONDS),
    grace: ATTRIBUTES.grace.schema.default(0),
    holdLimit: ATTRIBUTES.holdLimit.schema.default(DAY_SECONDS),
    wave: ATTRIBUTES.wave.schema.default(0),
    imagePolicy: ATTRIBUTES.imagePolicy.schema.default('lock'),
    suspendedUntil: ATTRIBUTES.suspendedUntil.schema.exactOptional(),
    suspendedReason: ATTRIBUTES.suspendedReason.schema.exactOptional(),
    labels: ATTRIBUTES.labels.schema.default({}),
  } satisfies Record<Attribute, z.ZodType>)
  .transform(
    (
      { interval, grace, holdLimit, eksName, region, roleArn, externalId, endpoint, certificateAuthority, clusterSecret, ...rest },
      context,
    ): ClusterRow => {
      const problem = (attribute: Attribute, message: string) => {
        context.addIssue({ code: 'custom', path: [attribute], message });
        return z.NEVER;
      };
      if (rest.suspendedUntil !== undefined && rest.suspendedReason === undefined) {
        return problem('suspendedReason', 'is not set; a suspension says why, in a sentence');
      }
      if (rest.suspendedReason !== undefined && rest.suspendedUntil === undefined) {
        return problem('suspendedUntil', `is not set; a suspension has an end: ${ATTRIBUTES.suspendedUntil.accepted}`);
      }
      const connection = connectionOf({ eksName, region, roleArn, externalId, endpoint, certificateAuthority, clusterSecret });
      if ('message' in connection) return problem(connection.attribute, connection.message);
      return { ...rest, connection, intervalSeconds: interval, graceSeconds: grace, holdLimitSeconds: holdLimit };
    },
  );

type ConnectionAttributes = Record<
  'eksName' | 'region' | 'roleArn' | 'externalId' | 'endpoint' | 'certificateAuthority' | 'clusterSecret',
  string | undefined
>;

function connectionOf(row: ConnectionAttributes): ClusterConnection | { readonly attribute: Attribute; readonly message: string } {
  const { eksName, region, roleArn, externalId, endpoint, certificateAuthority, clusterSecret } = row;
  if (eksName !== undefined) {
    if (endpoint !== undefined)
      return { attribute: 'endpoint', message: 'is set beside eksName; keep the one by which the cluster is reached' };
    if (region === undefined) return { attribute: 'region', message: `is not set; a row with eksName needs ${ATTRIBUTES.region.accepted}` };
    if (externalId !== undefined && roleArn === undefined) {
      return { attribute: 'roleArn', message: `is not set; an externalId needs ${ATTRIBUTES.roleArn.accepted}` };
    }
    return {
      type: 'eks',
      eksName,
      region,
      ...(roleArn === undefined ? {} : { roleArn }),
      ...(externalId === undefined ? {} : { externalId }),
    };
  }
  if (endpoint === undefined) {
    return {
      attribute: 'eksName',
      message: 'is not set; a row needs eksName and region, or endpoint, certificateAuthority and clusterSecret',
    };
  }
  if (certificateAuthority === undefined) {
    return {
      attribute: 'certificateAuthority',
      message: `is not set; a row with endpoint needs ${ATTRIBUTES.certificateAuthority.accepted}`,
    };
  }
  if (clusterSecret === undefined) {
    return { attribute: 'clusterSecret', message: `is not set; a row with endpoint needs ${ATTRIBUTES.clusterSecret.accepted}` };
  }
  return { type: 'endpoint', endpoint, certificateAuthority, clusterSecret };
}

/** Reads an item of the `clusters` table. Never throws: what is wrong with it becomes the entry's `invalid`, in words. */
export function parseRow(item: Readonly<Record<string, unknown>>): ClusterEntry {
  const parsed = Row.safeParse(Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined)));
  const name = String(item.cluster);
  if (parsed.success) return { cluster: parsed.data.cluster, row: parsed.data };
  const problems = [...new Set(parsed.error.issues.flatMap((issue) => describeIssue(issue, item)))];
  return {
    cluster: name,
    invalid: {
      reason: 'InvalidRow',
      message: `cluster ${name.slice(0, SHOWN)}: ${problems.join('; ')}. Correct the row with \`plumbline cluster set\`, or in the clusters table.`,
    },
  };
}

function describeIssue(issue: z.core.$ZodIssue, item: Readonly<Record<string, unknown>>): readonly string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `attribute ${key.slice(0, SHOWN)} is not known; accepted: ${Object.keys(ATTRIBUTES).join(', ')}`);
  }
  const attribute = String(issue.path[0]);
  if (!isAttribute(attribute)) return [issue.message];
  const value = item[attribute];
  // Only the checks across attributes have words of their own.
  if (issue.code === 'custom' && issue.message !== '' && issue.message !== 'Invalid input')
    return [`attribute ${attribute} ${issue.message}`];
  const shown =
    value === undefined ? 'is not set' : NOT_SHOWN.has(attribute) ? 'is not valid (its value is not shown)' : `is ${describeValue(value)}`;
  return [`attribute ${attribute} ${shown}; accepted: ${ATTRIBUTES[attribute].accepted}`];
}

function isAttribute(name: string): name is Attribute {
  return Object.hasOwn(ATTRIBUTES, name);
}

function describeValue(value: unknown): string {
  const text = typeof value === 'bigint' ? value.toString() : (JSON.stringify(value) ?? 'not text');
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

function hasNoUser(text: string): boolean {
  const url = new URL(text);
  return url.username === '' && url.password === '';
}
