import { ArnFormat, Aws, Stack, Validations } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';

/** What a role may do, no wider than the name of the function below that makes it. */
export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Why no narrower resource can be named. */
  readonly wildcardReason?: string;
}

/**
 * Adds the permissions to the role, and acknowledges their wildcards with the reasons that they give: one without a reason fails the synth.
 * A resource of another stack must come as an import, since the name of a finding is made of it.
 */
export function grant(role: Role, permissions: readonly Permission[]): void {
  for (const { actions, resources, wildcardReason } of permissions) {
    role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
    if (wildcardReason === undefined) continue;
    for (const resource of resources) {
      const finding = flattenCfnReference(Stack.of(role).resolve(resource));
      Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${finding}]`, reason: wildcardReason });
    }
  }
}

export function readTable(table: TableV2, indexes: readonly string[] = []): Permission {
  return {
    actions: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:Scan'],
    resources: [table.tableArn, ...indexes.map((index) => `${table.tableArn}/index/${index}`)],
  };
}

/** Single items, conditionally and in transactions. */
export function writeTable(table: TableV2): Permission {
  return {
    actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
    resources: [table.tableArn],
  };
}

/** Single attributes of items; it can remove none. */
export function updateTable(table: TableV2): Permission {
  return { actions: ['dynamodb:UpdateItem'], resources: [table.tableArn] };
}

/** Whole items. */
export function putIntoTable(table: TableV2): Permission {
  return { actions: ['dynamodb:PutItem'], resources: [table.tableArn] };
}

/** Single messages and batches of them. */
export function sendTo(queues: readonly IQueue[], { local }: { readonly local: boolean }): Permission {
  return {
    // To AWS a batch is the same action; the emulator takes it for another, which AWS does not know.
    actions: local ? ['sqs:SendMessage', 'sqs:SendMessageBatch'] : ['sqs:SendMessage'],
    resources: queues.map((queue) => queue.queueArn),
  };
}

/** What an event source needs of the function's role. */
export function receiveFrom(queue: IQueue): Permission {
  return {
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
    resources: [queue.queueArn],
  };
}

const objectsReason = 'the keys of artifacts are their digests, not known before; the bucket holds nothing else.';

export function readObjects(bucketArn: string): readonly Permission[] {
  return [
    { actions: ['s3:GetObject'], resources: [`${bucketArn}/*`], wildcardReason: objectsReason },
    // Without it S3 answers 403, not 404, for an object that is not there.
    { actions: ['s3:ListBucket'], resources: [bucketArn] },
  ];
}

export function writeObjects(bucketArn: string): Permission {
  return { actions: ['s3:PutObject'], resources: [`${bucketArn}/*`], wildcardReason: objectsReason };
}

/** What publishing an artifact needs of the two keys. */
export function seal(artifactKey: IKey, digestKey: IKey): readonly Permission[] {
  return [
    { actions: ['kms:GenerateDataKey'], resources: [artifactKey.keyArn] },
    { actions: ['kms:GenerateMac'], resources: [digestKey.keyArn] },
  ];
}

/** What reading an artifact needs of them. */
export function unseal(artifactKey: IKey, digestKey: IKey): readonly Permission[] {
  return [
    { actions: ['kms:Decrypt'], resources: [artifactKey.keyArn] },
    { actions: ['kms:VerifyMac'], resources: [digestKey.keyArn] },
  ];
}

/** Credentials of repositories and clusters: the secrets that are named `DEPLOYMENT/…`. */
export function readSecrets(stack: Stack, deployment: string): Permission {
  const secrets = stack.formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${deployment}/*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return {
    actions: ['secretsmanager:GetSecretValue'],
    resources: [secrets],
    wildcardReason:
      "rows of the clusters table name secrets, which are made after the deployment; all of them have the deployment's prefix.",
  };
}

/** What makes repositories of the registry by themselves, and how mutable they are then. */
export function readRegistryRules(): Permission {
  return {
    actions: ['ecr:DescribePullThroughCacheRules', 'ecr:DescribeRepositoryCreationTemplates', 'ecr:DescribeRegistry'],
    resources: ['*'],
    wildcardReason: 'the rules are of the whole registry, and these actions know no narrower resource. They only read.',
  };
}

/** How images were built and for which platform, which is in their configs; ECR gives a config as it gives a layer. */
export function readImageConfigs({ local }: { readonly local: boolean }): Permission {
  return { ...readImages({ local }), actions: ['ecr:GetDownloadUrlForLayer'] };
}

/** What a registry knows of images beside their bytes: status, scans and signatures. */
export function readImageDetails({ local }: { readonly local: boolean }): Permission {
  return {
    ...readImages({ local }),
    actions: ['ecr:DescribeImages', 'ecr:ListImageReferrers', 'ecr:DescribeImageSigningStatus'],
  };
}

/** What lifecycle policies are about to do, by a preview that ECR makes, which changes nothing. */
export function previewLifecycles({ local }: { readonly local: boolean }): Permission {
  return { ...readImages({ local }), actions: ['ecr:StartLifecyclePolicyPreview', 'ecr:GetLifecyclePolicyPreview'] };
}

/** Roles by which registries of other accounts are read: exactly these. */
export function assumeRegistryRoles(roleArns: readonly string[] | undefined): readonly Permission[] {
  return roleArns === undefined ? [] : [{ actions: ['sts:AssumeRole'], resources: roleArns }];
}

/**
 * Manifests and settings of repositories; no layer, so no image can be pulled. The emulator asks for the settings of several repositories
 * on `*`.
 */
export function readImages({ local }: { readonly local: boolean }): Permission {
  return {
    actions: ['ecr:BatchGetImage', 'ecr:DescribeRepositories'],
    resources: local ? ['*'] : [`arn:${Aws.PARTITION}:ecr:*:*:repository/*`],
    wildcardReason:
      'which repositories are in use is said by manifests in Git, and they may be in other accounts, whose own policy decides.',
  };
}

export function describeClusters(stack: Stack): Permission {
  return {
    actions: ['eks:DescribeCluster'],
    resources: [stack.formatArn({ service: 'eks', region: '*', resource: 'cluster', resourceName: '*' })],
    wildcardReason: 'clusters are registered in a table after the deployment, in any region. It reads an endpoint and a certificate.',
  };
}

export function assumeRoles(roleArns: readonly string[]): Permission {
  return {
    actions: ['sts:AssumeRole'],
    resources: roleArns,
    wildcardReason:
      "clusters are registered in a table after the deployment; each role's trust policy asks for this role and an external id.",
  };
}
