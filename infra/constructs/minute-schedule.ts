import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';

export interface MinuteScheduleProps {
  readonly name: string;
  readonly target: IFunction;
}

/** Invokes a function each minute, under a role that can do nothing else. */
export class MinuteSchedule extends Construct {
  constructor(scope: Construct, id: string, { name, target }: MinuteScheduleProps) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      description: `Invokes ${name} each minute`,
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', { conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } } }),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] }));
    const schedule = new CfnSchedule(this, 'Schedule', {
      name,
      scheduleExpression: 'rate(1 minute)',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: target.functionArn,
        roleArn: role.roleArn,
        // A late tick is worth nothing: the next one is due.
        retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 1 },
      },
    });
    // The policy must be there before the first tick.
    schedule.node.addDependency(role);
  }
}
