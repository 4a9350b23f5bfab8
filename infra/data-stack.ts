import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, type TablePropsV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { DeploymentContext } from './context.ts';

export interface DataStackProps extends StackProps {
  readonly context: DeploymentContext;
}

const SUPERSEDED_ARTIFACT_DAYS = 90;

/** Everything that must outlive a deployment: removing the stack leaves it all behind, except in the local environment. */
export class DataStack extends Stack {
  /** What people ask for: a row a cluster. */
  readonly clusters: TableV2;
  /** What is known of clusters: leases, locks, open records, next attempts. */
  readonly state: TableV2;
  readonly records: TableV2;
  readonly artifacts: Bucket;
  /** As other stacks import it. */
  readonly artifactBucketArn: string;
  /** Encrypts the data keys of Secrets in artifacts. */
  readonly artifactKey: Key;
  /** Keys the digests of artifacts: without it, a digest would let one guess a Secret. */
  readonly digestKey: Key;
  readonly #context: DeploymentContext;

  constructor(scope: Construct, id: string, { context, ...props }: DataStackProps) {
    super(scope, id, { description: 'Plumbline: tables, artifacts and keys', ...props });
    this.#context = context;

    this.clusters = this.#table('clusters', { partitionKey: { name: 'cluster', type: AttributeType.STRING } });
    this.state = this.#table('state', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
    });
    const recordId = { name: 'id', type: AttributeType.STRING };
    this.records = this.#table('records', {
      partitionKey: { name: 'cluster', type: AttributeType.STRING },
      sortKey: recordId,
      timeToLiveAttribute: 'expiresAt',
      globalSecondaryIndexes: [
        { indexName: 'byStatus', partitionKey: { name: 'status', type: AttributeType.STRING }, sortKey: recordId },
        { indexName: 'byObject', partitionKey: { name: 'objectKey', type: AttributeType.STRING }, sortKey: recordId },
      ],
    });

    const removalPolicy = this.#removalPolicy;
    this.artifacts = new Bucket(this, 'Artifacts', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      removalPolicy,
      lifecycleRules: [
        // Current versions stay: a revert deploys the artifact of the commit that it goes back to.
        { noncurrentVersionExpiration: Duration.days(SUPERSEDED_ARTIFACT_DAYS), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    Validations.of(this.artifacts).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Only the functions of this deployment read the bucket. CloudTrail data events log that with the principal, which access logs do not.',
    });

    this.artifactKey = new Key(this, 'ArtifactKey', {
      description: `Plumbline ${context.deployment}: data keys of Secrets in artifacts`,
      enableKeyRotation: true,
      removalPolicy,
    });
    this.digestKey = new Key(this, 'DigestKey', {
      description: `Plumbline ${context.deployment}: keyed digests of artifacts`,
      keySpec: KeySpec.HMAC_256,
      keyUsage: KeyUsage.GENERATE_VERIFY_MAC,
      removalPolicy,
    });

    const exports = {
      ClustersTable: this.clusters.tableName,
      StateTable: this.state.tableName,
      RecordsTable: this.records.tableName,
      ArtifactBucket: this.artifacts.bucketName,
      ArtifactKeyArn: this.artifactKey.keyArn,
      DigestKeyArn: this.digestKey.keyArn,
    };
    for (const [name, value] of Object.entries(exports)) {
      new CfnOutput(this, `${name}Output`, { value, exportName: `${context.deployment}-${name}` }).overrideLogicalId(name);
    }
    this.artifactBucketArn = this.exportValue(this.artifacts.bucketArn, { name: `${context.deployment}-ArtifactBucketArn` });
  }

  get #removalPolicy(): RemovalPolicy {
    return this.#context.local ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
  }

  #table(name: 'clusters' | 'state' | 'records', keys: TablePropsV2): TableV2 {
    return new TableV2(this, `${name[0]?.toUpperCase()}${name.slice(1)}`, {
      ...keys,
      tableName: `${this.#context.deployment}-${name}`,
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: !this.#context.local,
      removalPolicy: this.#removalPolicy,
    });
  }
}
