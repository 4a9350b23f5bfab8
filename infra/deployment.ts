import { type App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readContext } from './context.ts';
import { ControlStack } from './control-stack.ts';
import { DataStack } from './data-stack.ts';
import { ObserveStack } from './observe-stack.ts';

/**
 * Adds the three stacks of a deployment, named by the app's context, and the checks that every synth must pass. What holds data stands apart
 * from what computes, so that the latter can be removed and deployed again without touching the former.
 */
export function addDeployment(app: App): { readonly data: DataStack; readonly control: ControlStack; readonly observe: ObserveStack } {
  const context = readContext(app.node);
  const data = new DataStack(app, `${context.deployment}-data`, { context });
  const control = new ControlStack(app, `${context.deployment}-control`, { context, data });
  const observe = new ObserveStack(app, `${context.deployment}-observe`, { context, control });
  Tags.of(app).add('plumbline:deployment', context.deployment);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { data, control, observe };
}
