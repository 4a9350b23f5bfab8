import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { readContext } from '../../infra/context.ts';
import { nodeWith } from './context-node.ts';
import { synthesise } from './synthesise.ts';

const audit = { 'Fn::GetAtt': [Match.stringLikeRegexp('^AuditFunction'), 'Arn'] };

it('images that are pushed to ECR or deleted from it are audited at once', () => {
  const { control } = synthesise();
  control.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: {
      source: ['aws.ecr'],
      'detail-type': ['ECR Image Action'],
      detail: { result: ['SUCCESS'], 'action-type': ['PUSH', 'DELETE'] },
    },
    State: 'ENABLED',
    Targets: [Match.objectLike({ Arn: audit })],
  });
  control.hasResourceProperties('AWS::Lambda::Permission', { Principal: 'events.amazonaws.com', FunctionName: audit });
});

describe('audit logs of clusters', () => {
  it('are followed only where they are named', () => {
    synthesise().control.resourceCountIs('AWS::Logs::SubscriptionFilter', 0);
  });

  it('send who reached into containers to the audit, each from its own log group and nothing else', () => {
    const { control } = synthesise({ execAuditClusters: 'prod,staging' });
    control.resourceCountIs('AWS::Logs::SubscriptionFilter', 2);
    for (const eksName of ['prod', 'staging']) {
      control.hasResourceProperties('AWS::Logs::SubscriptionFilter', {
        LogGroupName: `/aws/eks/${eksName}/cluster`,
        FilterPattern: Match.stringLikeRegexp('subresource = "exec".*"attach".*"ephemeralcontainers".*resource = "nodes".*"proxy"'),
        DestinationArn: audit,
      });
    }
    const permissions = Object.values(
      control.findResources('AWS::Lambda::Permission', { Properties: { Principal: 'logs.amazonaws.com' } }),
    ).map(({ Properties }) => JSON.stringify(Properties.SourceArn));
    expect(permissions.filter((source) => source.includes('/aws/eks/prod/cluster'))).toHaveLength(1);
    expect(permissions.filter((source) => source.includes('/aws/eks/staging/cluster'))).toHaveLength(1);
    expect(permissions).toHaveLength(2);
  });

  it('say a thing once, so that what failed is tried again', () => {
    synthesise({ execAuditClusters: 'prod' }).control.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: Match.stringLikeRegexp('^AuditFunction') },
      MaximumRetryAttempts: 2,
    });
  });

  it.each(['', 'prod eu', '/aws/eks/prod/cluster'])('cannot be of %j', (execAuditClusters) => {
    expect(() => readContext(nodeWith({ execAuditClusters }))).toThrow(/execAuditClusters.*names of EKS clusters/);
  });
});

describe('registries of other accounts', () => {
  const roles = 'arn:aws:iam::111122223333:role/images,arn:aws:iam::222233334444:role/images';

  it('are read by exactly the roles that are named, with the external id, by source and audit alone', () => {
    const { control } = synthesise({ registryRoleArns: roles, registryExternalId: 'a1b2' });
    const assuming = Object.entries(control.findResources('AWS::IAM::Policy')).filter(([, policy]) =>
      roles.split(',').every((role) => JSON.stringify(policy).includes(`"${role}"`)),
    );
    expect(assuming.map(([id]) => id.replace(/Role.*$/, ''))).toEqual(['Source', 'Audit']);
    const readers = control.findResources('AWS::Lambda::Function', {
      Properties: { Environment: { Variables: Match.objectLike({ REGISTRY_ROLES: roles, REGISTRY_EXTERNAL_ID: 'a1b2' }) } },
    });
    expect(Object.values(readers).map(({ Properties }) => Properties.FunctionName)).toEqual(['plumbline-source', 'plumbline-audit']);
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ registryRoleArns: 'arn:aws:iam::*:role/images', registryExternalId: 'a1' }, /registryRoleArns.*without \*/],
    [{ registryRoleArns: roles }, /registryExternalId.*goes with registryRoleArns/],
    [{ registryExternalId: 'a1' }, /registryExternalId.*goes with registryRoleArns/],
    [
      { registryRoleArns: `${roles},arn:aws:iam::111122223333:role/other`, registryExternalId: 'a1' },
      /registryRoleArns.*two roles of one account/,
    ],
  ])('cannot be said as %j', (context, problem) => {
    expect(() => readContext(nodeWith(context))).toThrow(problem);
  });
});

it('the audit may look at what a lifecycle policy is about to do, and no function may set one', () => {
  const text = JSON.stringify(synthesise().control.findResources('AWS::IAM::Policy'));
  expect(text).toContain('ecr:StartLifecyclePolicyPreview');
  expect(text).not.toMatch(/ecr:(?:Put|Delete|BatchDelete|Set|Create)/);
});

it.each<[Record<string, string>, string]>([
  [{}, '-audit'],
  [{ auditRoleSuffix: '' }, ''],
  [{ local: 'true', sourcePackaging: 'zip' }, ''],
])('the audit reads clusters through roles of its own, and may assume no other: %j', (context, suffix) => {
  const { control } = synthesise({ ...context, memberRoleArns: 'arn:aws:iam::111122223333:role/gitops' });
  control.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: 'plumbline-audit',
    Environment: { Variables: Match.objectLike({ AUDIT_ROLE_SUFFIX: suffix }) },
  });
  const [audits] = Object.entries(control.findResources('AWS::IAM::Policy')).flatMap(([id, { Properties }]) =>
    id.startsWith('Audit') ? [Properties.PolicyDocument.Statement] : [],
  );
  const assumed = audits.flatMap(({ Action, Resource }: Record<string, unknown>) => (Action === 'sts:AssumeRole' ? [Resource] : []));
  expect(assumed).toEqual([`arn:aws:iam::111122223333:role/gitops${suffix}`]);
});
