import { type EnvironmentDescription, invokeAudit } from '../lib/local/index.ts';

/**
 * Hands the deployed audit what EventBridge hands it when an image was pushed, and waits for its end: the emulator's ECR sends no events,
 * and nobody else may send any in its name. Tries twice, as the rule does.
 */
export async function announcePush(
  environment: EnvironmentDescription,
  repository: string,
  tag: string,
  signal: AbortSignal,
): Promise<void> {
  const { accountId: account, region } = environment;
  const event = {
    version: '0',
    source: 'aws.ecr',
    'detail-type': 'ECR Image Action',
    account,
    region,
    detail: { result: 'SUCCESS', 'repository-name': repository, 'action-type': 'PUSH', 'image-tag': tag },
  };
  const failure = (await invokeAudit(environment, event, signal)) && (await invokeAudit(environment, event, signal));
  if (failure !== undefined) throw new Error(`plumbline-audit: the event of ${repository}:${tag} ended with ${failure}`);
}
