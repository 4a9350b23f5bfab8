import type { Node } from 'constructs';
import { z } from 'zod';

// `cdk -c key=value` gives strings, cdk.json may give booleans.
const flag = z.union([z.boolean(), z.stringbool()]);

const arnList = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
  .pipe(
    z.array(z.string().regex(/^arn:[^:]+:iam::[^:]+:role\/.+$/, 'role ARNs, separated by commas; * stands for any account or name')).min(1),
  );

const nameList = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
  .pipe(z.array(z.string().regex(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, 'names of EKS clusters, separated by commas')).min(1));

/** Names the deployment: the stacks, tables and functions begin with it. */
const deployment = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,29}$/, 'lower-case letters, digits and hyphens, at most 30, beginning with a letter')
  .default('plumbline');

/** What may be said with `cdk -c key=value`, or under `context` in cdk.json. */
const DeploymentContext = z
  .object({
    deployment,
    /** How `source` gets git, kubectl and Helm: in a container image, or from layers beside a zip. */
    sourcePackaging: z.enum(['image', 'zip']).default('image'),
    /** An image of `source` that was built elsewhere, for those who have no Docker where they deploy. */
    sourceImage: z
      .string()
      .regex(
        /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.[a-z.]+\/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$/,
        'an ECR image by digest: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:…',
      )
      .optional(),
    /** With zip: a layer that has git at `/opt/bin/git`. */
    gitLayerArn: z
      .string()
      .regex(
        /^arn:[^:]+:lambda:[^:]+:\d{12}:layer:[^:]+:\d+$/,
        'the ARN of a layer version: arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION',
      )
      .optional(),
    /** Holds kubectl/kubectl and helm/helm, where they do not come from the image or the layer. */
    toolsDirectory: z.string().startsWith('/', 'an absolute path').default('/opt'),
    /** The local environment: nothing is retained, and plain HTTP and file:// repositories are allowed. */
    local: flag.default(false),
    /** Where alarms are sent. */
    alarmTopicArn: z
      .string()
      .regex(/^arn:[^:]+:sns:[^:]+:\d{12}:.+$/, 'the ARN of an SNS topic')
      .optional(),
    /** At most this many clusters are reconciled at once; without it, as many as the account's quota lets. */
    reconcileConcurrency: z.coerce.number().int().min(2).max(1000).optional(),
    /** EKS clusters of this account and region whose audit log says who reached into containers. */
    execAuditClusters: nameList.optional(),
    /** Roles in other accounts by which their ECR registries are read, one an account. */
    registryRoleArns: z
      .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
      .pipe(z.array(z.string().regex(/^arn:[^:*]+:iam::\d{12}:role\/[^*]+$/, 'role ARNs, separated by commas, without *')).min(1))
      .optional(),
    /** What the names of the roles end with through which the audit reads clusters, after those of the rows; empty for the rows' own roles. */
    auditRoleSuffix: z
      .string()
      .regex(/^[\w+=,.@-]{0,32}$/, 'at most 32 letters, digits and + = , . @ -')
      .optional(),
    /** What those roles ask for beside our own. */
    registryExternalId: z
      .string()
      .regex(/^[\w+=,.@:/-]{2,1224}$/, '2 to 1224 letters, digits and + = , . @ : / -')
      .optional(),
    /** Roles in the clusters' accounts that `reconcile` may assume. */
    memberRoleArns: arnList.optional(),
  })
  .superRefine((context, { addIssue }) => {
    const needsGit = context.sourcePackaging === 'zip' && context.gitLayerArn === undefined && !context.local;
    if (needsGit) {
      addIssue({ code: 'custom', path: ['gitLayerArn'], message: 'needed with sourcePackaging=zip: Lambda has no git of its own' });
    }
    if (context.sourcePackaging === 'zip' && context.sourceImage !== undefined) {
      addIssue({ code: 'custom', path: ['sourceImage'], message: 'has no effect with sourcePackaging=zip; leave one of them out' });
    }
    const accounts = (context.registryRoleArns ?? []).map((arn) => arn.split(':')[4]);
    if (new Set(accounts).size < accounts.length) {
      addIssue({ code: 'custom', path: ['registryRoleArns'], message: 'names two roles of one account; a registry is read by one' });
    }
    if ((context.registryRoleArns === undefined) !== (context.registryExternalId === undefined)) {
      addIssue({ code: 'custom', path: ['registryExternalId'], message: 'goes with registryRoleArns: give both, or neither' });
    }
    if (context.toolsDirectory !== '/opt' && !context.local) {
      addIssue({ code: 'custom', path: ['toolsDirectory'], message: 'only the local environment has its tools elsewhere; leave it out' });
    }
  });
export type DeploymentContext = Readonly<z.infer<typeof DeploymentContext>>;

/** What the name of the role that only reads a cluster's pods ends with, after that of the cluster's role. */
export const AUDIT_ROLE_SUFFIX = '-audit';

/** The context of the member stack: what the cluster's account must know of the deployment. */
const MemberContext = z
  .object({
    deployment,
    /** The name of the cluster's row. */
    cluster: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "the name of the cluster's row"),
    eksName: z.string().regex(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, 'the name of an EKS cluster'),
    mode: z.enum(['observe', 'enforce']).default('observe'),
    /** An output of the control stack. */
    reconcileRoleArn: z.string().regex(/^arn:[^:]+:iam::\d{12}:role\/.+$/, 'ReconcileRoleArn of the control stack'),
    /** Another output of it: without it the audit cannot read this cluster's pods. */
    auditRoleArn: z
      .string()
      .regex(/^arn:[^:]+:iam::\d{12}:role\/.+$/, 'AuditRoleArn of the control stack')
      .exactOptional(),
    /** Whether the audit may restart workloads that run other bytes, where Git asks for that. */
    auditReroll: flag.default(false),
    /** The row's `externalId`. */
    externalId: z.string().regex(/^[\w+=,.@:/-]{2,1224}$/, "the row's externalId: 2 to 1224 letters, digits and + = , . @ : / -"),
  })
  .superRefine((context, { addIssue }) => {
    const name = `${context.deployment}-${context.cluster}${context.auditRoleArn === undefined ? '' : AUDIT_ROLE_SUFFIX}`;
    if (name.length > 64) {
      addIssue({ code: 'custom', path: ['cluster'], message: `makes ${name}, which names a role and may have 64 characters` });
    }
    if (context.auditReroll && context.auditRoleArn === undefined) {
      addIssue({ code: 'custom', path: ['auditReroll'], message: 'has no effect without auditRoleArn; give both' });
    }
  });
export type MemberContext = Readonly<z.infer<typeof MemberContext>>;

/** Parses the context of the app. Throws an error that names every value that is wrong, and what is accepted. */
export function readContext(node: Node): DeploymentContext {
  return parse(DeploymentContext, node);
}

/** The same for the app of a member stack. */
export function readMemberContext(node: Node): MemberContext {
  return parse(MemberContext, node);
}

function parse<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>, node: Node): z.infer<z.ZodObject<Shape>> {
  const given = Object.keys(schema.shape).map((key): [string, unknown] => [key, node.tryGetContext(key)]);
  const parsed = schema.safeParse(Object.fromEntries(given.filter(([, value]) => value !== undefined)));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const key = String(issue.path[0]);
    const value: unknown = node.tryGetContext(key);
    return `${key}${value === undefined ? '' : ` ${JSON.stringify(value)}`}: ${issue.message}`;
  });
  throw new Error(`CDK context: ${problems.join('; ')}. Set it with \`cdk -c KEY=VALUE\` or under "context" in cdk.json.`);
}
