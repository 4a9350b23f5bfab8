import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import { ArnPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { AUDIT_ROLE_SUFFIX, type MemberContext } from './context.ts';

export interface MemberStackProps extends StackProps {
  readonly context: MemberContext;
}

/**
 * For the account of an EKS cluster that is not the deployment's: the role that `reconcile` assumes, and the one that `audit` does, which only
 * reads, each with its access entry. The ClusterRoles of their groups are in `infra/access/`, applied by an administrator of the cluster.
 */
export class MemberStack extends Stack {
  readonly #context: MemberContext;

  constructor(scope: Construct, id: string, { context, ...props }: MemberStackProps) {
    super(scope, id, { description: `Plumbline: access to the cluster ${context.cluster}`, ...props });
    this.#context = context;
    const role = this.#role('', '', context.reconcileRoleArn, [`plumbline:${context.mode}`]);
    // The row's `roleArn`.
    new CfnOutput(this, 'RoleArn', { value: role.roleArn });
    const { auditRoleArn } = context;
    if (auditRoleArn === undefined) return;
    const groups = ['plumbline:audit', ...(context.auditReroll ? ['plumbline:audit-reroll'] : [])];
    this.#role('Audit', AUDIT_ROLE_SUFFIX, auditRoleArn, groups);
  }

  #role(prefix: string, suffix: string, caller: string, kubernetesGroups: string[]): Role {
    const { deployment, cluster, eksName, externalId } = this.#context;
    const role = new Role(this, `${prefix}Role`, {
      // By this name the function may assume it.
      roleName: `${deployment}-${cluster}${suffix}`,
      description: `Plumbline ${deployment}: access to the cluster ${cluster}`,
      assumedBy: new ArnPrincipal(caller),
      externalIds: [externalId],
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['eks:DescribeCluster'],
        resources: [this.formatArn({ service: 'eks', resource: 'cluster', resourceName: eksName })],
      }),
    );
    new CfnAccessEntry(this, `${prefix}AccessEntry`, {
      clusterName: eksName,
      principalArn: role.roleArn,
      type: 'STANDARD',
      kubernetesGroups,
    });
    return role;
  }
}
