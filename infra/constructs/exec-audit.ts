import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, LogGroup, SubscriptionFilter } from 'aws-cdk-lib/aws-logs';
import { LambdaDestination } from 'aws-cdk-lib/aws-logs-destinations';
import { Construct } from 'constructs';

export interface ExecAuditProps {
  readonly name: string;
  /** EKS clusters of this account and region whose audit log goes to CloudWatch. */
  readonly eksNames: readonly string[];
  readonly target: IFunction;
}

/** The only events of an audit log that leave its log group: somebody reaches into a container, through the API server or the kubelet. */
const PATTERN =
  '{ ($.objectRef.resource = "pods" && ($.objectRef.subresource = "exec" || $.objectRef.subresource = "attach" || ' +
  '$.objectRef.subresource = "ephemeralcontainers")) || ($.objectRef.resource = "nodes" && $.objectRef.subresource = "proxy") }';

/** Sends a function what the audit logs of clusters say of people in containers. */
export class ExecAudit extends Construct {
  constructor(scope: Construct, id: string, { name, eksNames, target }: ExecAuditProps) {
    super(scope, id);
    for (const eksName of eksNames) {
      new SubscriptionFilter(this, eksName, {
        filterName: name,
        logGroup: LogGroup.fromLogGroupName(this, `${eksName}-log`, `/aws/eks/${eksName}/cluster`),
        filterPattern: FilterPattern.literal(PATTERN),
        // It may invoke the function for this log group alone.
        destination: new LambdaDestination(target),
      });
    }
  }
}
