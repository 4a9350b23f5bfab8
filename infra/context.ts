import type { Node } from 'constructs';
import { z } from 'zod';

// `cdk -c key=value` gives strings, cdk.json may give booleans.
const flag = z.union([z.boolean(), z.stringbool()]);

const arnList = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
  .pipe(
    z.array(z.string().regex(/^arn:[^:]+:iam::[^:]+:role\/.+$/, 'role ARNs, separated by commas; * stands for any account or name')).min(1),
  );

/** What may be said with `cdk -c key=value`, or under `context` in cdk.json. */
const DeploymentContext = z
  .object({
    /** Names the deployment: the stacks, tables and functions begin with it. */
    deployment: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,29}$/, 'lower-case letters, digits and hyphens, at most 30, beginning with a letter')
      .default('plumbline'),
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
    if (context.toolsDirectory !== '/opt' && !context.local) {
      addIssue({ code: 'custom', path: ['toolsDirectory'], message: 'only the local environment has its tools elsewhere; leave it out' });
    }
  });
export type DeploymentContext = Readonly<z.infer<typeof DeploymentContext>>;

/** Parses the context of the app. Throws an error that names every value that is wrong, and what is accepted. */
export function readContext(node: Node): DeploymentContext {
  const given = Object.keys(DeploymentContext.shape).map((key): [string, unknown] => [key, node.tryGetContext(key)]);
  const parsed = DeploymentContext.safeParse(Object.fromEntries(given.filter(([, value]) => value !== undefined)));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const key = String(issue.path[0]);
    const value: unknown = node.tryGetContext(key);
    return `${key}${value === undefined ? '' : ` ${JSON.stringify(value)}`}: ${issue.message}`;
  });
  throw new Error(`CDK context: ${problems.join('; ')}. Set it with \`cdk -c KEY=VALUE\` or under "context" in cdk.json.`);
}
