import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface ImageEventsProps {
  readonly name: string;
  readonly target: IFunction;
}

/** Tells a function of every image that is pushed to, or deleted from, ECR in the deployment's own account and region. */
export class ImageEvents extends Construct {
  constructor(scope: Construct, id: string, { name, target }: ImageEventsProps) {
    super(scope, id);
    new Rule(this, 'Rule', {
      ruleName: name,
      description: 'Images pushed to ECR or deleted from it',
      eventPattern: {
        source: ['aws.ecr'],
        detailType: ['ECR Image Action'],
        detail: { result: ['SUCCESS'], 'action-type': ['PUSH', 'DELETE'] },
      },
      // What is missed is found by the next tick.
      targets: [new LambdaFunction(target, { retryAttempts: 1, maxEventAge: Duration.minutes(5) })],
    });
  }
}
