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

  it('lets the audit role in where it is named, under the same condition', () => {
    const auditRoleArn = 'arn:aws:iam::111122223333:role/plumbline-control-AuditRole';
    const { audited } = templatesOf({ ...context, auditRoleArn }, (app) => ({
      audited: new MemberStack(app, 'audited', { context: readMemberContext(app.node) }),
    }));
    const [role] = Object.values(audited.findResources('AWS::IAM::Role'));
    expect(role?.Properties.AssumeRolePolicyDocument.Statement).toMatchObject([
      { Principal: { AWS: [auditRoleArn, reconcileRoleArn] }, Condition: { StringEquals: { 'sts:ExternalId': 'a1b2-c3d4' } } },
    ]);
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
    expect(() => readMemberContext(nodeWith({ ...context, reconcileRoleArn: 'plumbline' }))).toThrow(
      /ReconcileRoleArn of the control stack/,
    );
  });
});
