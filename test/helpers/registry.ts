import { randomBytes } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateRepositoryCommand, ECRClient, GetAuthorizationTokenCommand, type ImageTagMutability } from '@aws-sdk/client-ecr';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { PushTarget } from '../../lib/local/registry.ts';
import { testEnvironment } from './environment.ts';

/** The host name of the environment's ECR registry, as image references have it. */
export function testRegistry(): string {
  const { accountId, region } = testEnvironment();
  return `${accountId}.dkr.ecr.${region}.amazonaws.com`;
}

function settings() {
  const { region, aws } = testEnvironment();
  const { AWS_ENDPOINT_URL: endpoint = '', AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = aws;
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}

/** A client of the environment's ECR, or of one at another endpoint or region. */
export function ecrClient(endpoint?: string, region = settings().region): ECRClient {
  return new ECRClient({ ...settings(), region, ...(endpoint === undefined ? {} : { endpoint, maxAttempts: 1 }) });
}

/** Creates a repository of a random name, and gets the token to push to it. */
export async function freshRepository(imageTagMutability: ImageTagMutability): Promise<PushTarget> {
  const repository = `team/${randomName()}`;
  const ecr = ecrClient();
  await ecr.send(new CreateRepositoryCommand({ repositoryName: repository, imageTagMutability }));
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}));
  const authorizationToken = authorizationData?.[0]?.authorizationToken ?? '';
  return { endpointUrl: settings().endpoint, registry: testRegistry(), repository, authorizationToken };
}

/** Creates an empty table with the keys of the `state` table. */
export async function freshStateTable(): Promise<{ readonly client: DynamoDBDocumentClient; readonly table: string }> {
  const dynamodb = new DynamoDBClient(settings());
  const table = randomName();
  const keys = ['pk', 'sk'] as const;
  await dynamodb.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keys.map((AttributeName) => ({ AttributeName, KeyType: AttributeName === 'pk' ? 'HASH' : 'RANGE' })),
    }),
  );
  return { client: DynamoDBDocumentClient.from(dynamodb), table };
}

function randomName(): string {
  return `t${randomBytes(6).toString('hex')}`;
}
