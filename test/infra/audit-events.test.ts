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
