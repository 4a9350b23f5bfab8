import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { synthesise } from './synthesise.ts';

const { data } = synthesise();
const HOLDS_DATA = ['AWS::DynamoDB::GlobalTable', 'AWS::S3::Bucket', 'AWS::KMS::Key'];

describe('the data stack', () => {
  it('leaves everything that holds data behind when it is removed', () => {
    const policies = HOLDS_DATA.flatMap((type) => Object.values(data.findResources(type))).map((resource) => [
      resource.DeletionPolicy,
      resource.UpdateReplacePolicy,
    ]);
    expect(policies).toEqual(Array(6).fill(['Retain', 'Retain']));
  });

  it('leaves nothing behind in the local environment', () => {
    const local = synthesise({ local: true }).data;
    const policies = HOLDS_DATA.flatMap((type) => Object.values(local.findResources(type))).map((resource) => resource.DeletionPolicy);
    expect(policies).toEqual(Array(6).fill('Delete'));
    local.allResourcesProperties('AWS::DynamoDB::GlobalTable', { Replicas: [Match.objectLike({ DeletionProtectionEnabled: false })] });
  });

  it('encrypts every table, protects it from deletion and can bring it back to any second', () => {
    data.resourceCountIs('AWS::DynamoDB::GlobalTable', 3);
    data.allResourcesProperties('AWS::DynamoDB::GlobalTable', {
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      Replicas: [
        Match.objectLike({ DeletionProtectionEnabled: true, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }),
      ],
    });
  });

  const hash = (name: string) => ({ AttributeName: name, KeyType: 'HASH' });
  const range = (name: string) => ({ AttributeName: name, KeyType: 'RANGE' });
  it.each([
    ['clusters', [hash('cluster')], Match.absent()],
    ['state', [hash('pk'), range('sk')], { AttributeName: 'expiresAt', Enabled: true }],
    ['records', [hash('cluster'), range('id')], { AttributeName: 'expiresAt', Enabled: true }],
  ])('keys the table %s', (name, KeySchema, TimeToLiveSpecification) => {
    data.hasResourceProperties('AWS::DynamoDB::GlobalTable', { TableName: `plumbline-${name}`, KeySchema, TimeToLiveSpecification });
  });

  it('finds records by status and by object', () => {
    data.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      TableName: 'plumbline-records',
      GlobalSecondaryIndexes: [
        { IndexName: 'byStatus', KeySchema: [hash('status'), range('id')], Projection: { ProjectionType: 'ALL' } },
        { IndexName: 'byObject', KeySchema: [hash('objectKey'), range('id')], Projection: { ProjectionType: 'ALL' } },
      ],
    });
  });

  it('keeps artifacts private, versioned and encrypted', () => {
    data.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
    });
    data.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('never expires the current version of an artifact, which a revert deploys', () => {
    const [bucket] = Object.values(data.findResources('AWS::S3::Bucket'));
    expect(bucket?.Properties.LifecycleConfiguration.Rules).toEqual([
      {
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        NoncurrentVersionExpiration: { NoncurrentDays: 90 },
        Status: 'Enabled',
      },
    ]);
  });

  it('rotates the key of Secrets, and keys digests with another that can do nothing else', () => {
    data.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true, KeySpec: Match.absent() });
    data.hasResourceProperties('AWS::KMS::Key', { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
  });

  it('exports the names under which others find it', () => {
    const names = Object.values(data.findOutputs('*')).map((output) => output.Export?.Name);
    expect(names).toEqual(
      expect.arrayContaining(
        ['ClustersTable', 'StateTable', 'RecordsTable', 'ArtifactBucket', 'ArtifactKeyArn', 'DigestKeyArn'].map(
          (name) => `plumbline-${name}`,
        ),
      ),
    );
  });
});
