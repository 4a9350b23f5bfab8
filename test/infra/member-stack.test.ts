import { describe, expect, it } from 'vitest';
import { readMemberContext } from '../../infra/context.ts';
import { MemberStack } from '../../infra/member-stack.ts';
import { nodeWith } from './context-node.ts';
import { templatesOf } from './synthesise.ts';

const reconcileRoleArn = 'arn:aws:iam::111122223333:role/plumbline-control-ReconcileRole';
const context = { cluster: 'prod-eu', eksName: 'prod', mode: 'enforce', reconcileRoleArn, externalId: 'a1b2-c3d4' };

describe('the member stack', () => {
  const { member } = templatesOf(context, (app) => ({ member: new MemberStack(app, 'member', { context: readMemberContext(app.node) }) }));

  it('lets only the reconcile role in, and only with the external id', () => {
    member.hasResourceProperties('AWS::IAM::Role', {
      RoleName: 'plumbline-prod-eu',
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: 'sts:AssumeRole',
            Principal: { AWS: reconcileRoleArn },
            Condition: { StringEquals: { 'sts:ExternalId': 'a1b2-c3d4' } },
          },
        ],
      },
    });
  });

  it.each([
    ['read pods', {}, ['plumbline:audit']],
    ['restart workloads too', { auditReroll: 'true' }, ['plumbline:audit', 'plumbline:audit-reroll']],
  ])('has a role of its own for the audit where that is named, which may %s', (_what, more, groups) => {
    const auditRoleArn = 'arn:aws:iam::111122223333:role/plumbline-control-AuditRole';
    const { audited } = templatesOf({ ...context, auditRoleArn, ...more }, (app) => ({
      audited: new MemberStack(app, 'audited', { context: readMemberContext(app.node) }),
    }));
    const roles = Object.values(audited.findResources('AWS::IAM::Role')).map(({ Properties }) => [
      Properties.RoleName,
      Properties.AssumeRolePolicyDocument.Statement.map(({ Principal, Condition }: Record<string, unknown>) => [Principal, Condition]),
    ]);
    const condition = { StringEquals: { 'sts:ExternalId': 'a1b2-c3d4' } };
    expect(roles).toEqual([
      ['plumbline-prod-eu', [[{ AWS: reconcileRoleArn }, condition]]],
      ['plumbline-prod-eu-audit', [[{ AWS: auditRoleArn }, condition]]],
    ]);
    const entries = Object.values(audited.findResources('AWS::EKS::AccessEntry')).map(({ Properties }) => Properties.KubernetesGroups);
    expect(entries).toEqual([['plumbline:enforce'], groups]);
  });

  it("gives the role the mode's group in the cluster, and no access policy of EKS", () => {
    const entries = Object.values(member.findResources('AWS::EKS::AccessEntry')).map(({ Properties }) => Properties);
    expect(entries).toEqual([
      { ClusterName: 'prod', PrincipalArn: expect.anything(), Type: 'STANDARD', KubernetesGroups: ['plumbline:enforce'] },
    ]);
  });

  it('has a context of its own', () => {
    const { externalId: _, ...incomplete } = context;
    expect(() => readMemberContext(nodeWith(incomplete))).toThrow(/externalId/);
    expect(() => readMemberContext(nodeWith({ ...context, auditReroll: 'true' }))).toThrow(/auditReroll.*without auditRoleArn/);
    expect(() => readMemberContext(nodeWith({ ...context, cluster: 'a'.repeat(60) }))).toThrow(/cluster.*may have 64 characters/);
    expect(() => readMemberContext(nodeWith({ ...context, reconcileRoleArn: 'plumbline' }))).toThrow(
      /ReconcileRoleArn of the control stack/,
    );
  });
});
