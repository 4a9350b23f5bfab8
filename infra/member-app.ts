// npx cdk deploy --app 'node infra/member-app.ts' -c cluster=NAME -c eksName=NAME -c mode=observe -c reconcileRoleArn=ARN -c externalId=ID
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readMemberContext } from './context.ts';
import { MemberStack } from './member-stack.ts';

const app = new App();
const context = readMemberContext(app.node);
new MemberStack(app, `${context.deployment}-member-${context.cluster}`, { context });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
