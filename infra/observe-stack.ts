import { Stack, type StackProps } from 'aws-cdk-lib';
import { CfnQueryDefinition } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { Alarms } from './constructs/alarms.ts';
import { FleetDashboard } from './constructs/fleet-dashboard.ts';
import { SAVED_QUERIES } from './constructs/saved-queries.ts';
import type { DeploymentContext } from './context.ts';
import type { ControlStack } from './control-stack.ts';

export interface ObserveStackProps extends StackProps {
  readonly context: DeploymentContext;
  readonly control: ControlStack;
}

/** Where people look: the dashboard, the alarms and the saved queries. */
export class ObserveStack extends Stack {
  constructor(scope: Construct, id: string, { context, control, ...props }: ObserveStackProps) {
    super(scope, id, { description: 'Plumbline: dashboard, alarms and saved queries', ...props });
    const { deployment, alarmTopicArn } = context;
    const { alarms } = new Alarms(this, 'Alarms', {
      deployment,
      control,
      ...(alarmTopicArn === undefined ? {} : { topicArn: alarmTopicArn }),
    });
    new FleetDashboard(this, 'Fleet', { deployment, control, alarms });
    // The emulator does not know this type of resource, and refuses the whole stack.
    if (context.local) return;
    for (const [key, query] of Object.entries(SAVED_QUERIES)) {
      new CfnQueryDefinition(this, `${key[0]?.toUpperCase()}${key.slice(1)}Query`, {
        // Queries of one deployment share a folder in the console.
        name: `${deployment}/${query.title}`,
        logGroupNames: query.functions.map((name) => control[name].logGroup.logGroupName),
        queryString: query.commands.join('\n| '),
      });
    }
  }
}
