import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import { ArnPrincipal, CompositePrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { MemberContext } from './context.ts';

export interface MemberStackProps extends StackProps {
  readonly context: MemberContext;
}

/**
 * For the account of an EKS cluster that is not the deployment's: the role that `reconcile` assumes, and its access entry. The ClusterRole of its
 * group is `infra/access/observe.yaml` or `enforce.yaml`, applied by an administrator of the cluster.
 */
export class MemberStack extends Stack {
  constructor(scope: Construct, id: string, { context, ...props }: MemberStackProps) {
    super(scope, id, { description: `Plumbline: access to the cluster ${context.cluster}`, ...props });
    const callers = [context.reconcileRoleArn, ...(context.auditRoleArn === undefined ? [] : [context.auditRoleArn])];
    const role = new Role(this, 'Role', {
      // By this name `reconcile` and `audit` may assume it.
      roleName: `${context.deployment}-${context.cluster}`,
      description: `Plumbline ${context.deployment}: access to the cluster ${context.cluster}`,
      assumedBy: new CompositePrincipal(...callers.map((arn) => new ArnPrincipal(arn))),
      externalIds: [context.externalId],
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['eks:DescribeCluster'],
        resources: [this.formatArn({ service: 'eks', resource: 'cluster', resourceName: context.eksName })],
      }),
    );
    new CfnAccessEntry(this, 'AccessEntry', {
      clusterName: context.eksName,
      principalArn: role.roleArn,
      type: 'STANDARD',
      kubernetesGroups: [`plumbline:${context.mode}`],
    });
    // The row's `roleArn`.
    new CfnOutput(this, 'RoleArn', { value: role.roleArn });
  }
}
