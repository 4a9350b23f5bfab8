import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { settingName } from '../../lib/cli/settings-of-stack.ts';
import { loadSettings } from '../../lib/config.ts';
import { synthesise, textOf } from './synthesise.ts';

const { control } = synthesise();
const FUNCTIONS = ['schedule', 'source', 'reconcile', 'audit'] as const;
type Name = (typeof FUNCTIONS)[number];

const oneOrMany = z.union([z.array(z.unknown()), z.unknown().transform((one) => [one])]).transform((all) => all.map(textOf));
const Policy = z.object({
  Properties: z.object({
    PolicyDocument: z.object({ Statement: z.array(z.object({ Effect: z.literal('Allow'), Action: oneOrMany, Resource: oneOrMany })) }),
    Roles: z.array(z.object({ Ref: z.string() })),
  }),
});
const LambdaFunction = z.object({
  Properties: z.object({
    Role: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
    Timeout: z.number(),
    Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
  }),
});
const Queue = z.object({
  Properties: z.object({
    QueueName: z.string(),
    MessageRetentionPeriod: z.number(),
    VisibilityTimeout: z.number().optional(),
    RedrivePolicy: z.object({ maxReceiveCount: z.number(), deadLetterTargetArn: z.unknown().transform(textOf) }).optional(),
  }),
});

const policies = Object.values(control.findResources('AWS::IAM::Policy')).map((policy) => Policy.parse(policy).Properties);

function functionNamed(name: Name) {
  const found = Object.entries(control.findResources('AWS::Lambda::Function', { Properties: { FunctionName: `plumbline-${name}` } }));
  const [id = '', resource] = found[0] ?? [];
  return { id, ...LambdaFunction.parse(resource).Properties };
}

/** `ACTION RESOURCE` for all that a function may do. */
function allowed(name: Name): readonly string[] {
  const [role] = functionNamed(name).Role['Fn::GetAtt'];
  return policies
    .filter((policy) => policy.Roles.some(({ Ref }) => Ref === role))
    .flatMap((policy) => policy.PolicyDocument.Statement)
    .flatMap((statement) => statement.Action.flatMap((action) => statement.Resource.map((resource) => `${action} ${resource}`)));
}

function queueNamed(name: string) {
  const [entry] = Object.entries(control.findResources('AWS::SQS::Queue', { Properties: { QueueName: `plumbline-${name}` } }));
  const [id = '', resource] = entry ?? [];
  return { id, ...Queue.parse(resource).Properties };
}

describe('roles', () => {
  it('each function has one of its own', () => {
    const roles = FUNCTIONS.map((name) => functionNamed(name).Role['Fn::GetAtt'][0]);
    expect(new Set(roles).size).toBe(FUNCTIONS.length);
  });

  it('none has a managed policy', () => {
    control.allResourcesProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  });

  it('none may do everything to something, or something to everything', () => {
    const statements = policies.flatMap((policy) => policy.PolicyDocument.Statement);
    expect(statements.flatMap(({ Action }) => Action).filter((action) => action.includes('*'))).toEqual([]);
    // Each of these has its reason where it is granted.
    const wildcards = new Set(statements.flatMap(({ Resource }) => Resource).filter((resource) => resource.includes('*')));
    expect([...wildcards].sort()).toEqual([
      '*',
      '<plumbline-ArtifactBucketArn>/*',
      'arn:<AWS::Partition>:ecr:*:*:repository/*',
      'arn:<AWS::Partition>:eks:*:<AWS::AccountId>:cluster/*',
      'arn:<AWS::Partition>:iam::*:role/plumbline-*',
      'arn:<AWS::Partition>:iam::*:role/plumbline-*-audit',
      'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:plumbline/*',
    ]);
    // These know no narrower resource.
    const ofEverything = statements.filter(({ Resource }) => [Resource].flat().includes('*')).flatMap(({ Action }) => Action);
    const rules = ['ecr:DescribePullThroughCacheRules', 'ecr:DescribeRegistry', 'ecr:DescribeRepositoryCreationTemplates'];
    expect([...new Set(ofEverything)].sort()).toEqual(rules);
    // What blocks at render asks for them, and what it may not ask for would block everything.
    const allowedTo = (name: Name) => allowed(name).map((permission) => permission.split(' ')[0] ?? '');
    for (const name of ['source', 'audit'] as const) expect(allowedTo(name)).toEqual(expect.arrayContaining(rules));
  });

  it.each<[Name, RegExp]>([
    ['schedule', /^(s3|kms|ecr|sts|eks|secretsmanager):|^dynamodb:(Put|Delete)Item (?!.*Records)|^dynamodb:DeleteItem|sqs:Receive/],
    ['source', /^(sts|eks):|^dynamodb:(?!PutItem ).*Records/],
    ['reconcile', /^ecr:|^sqs:Receive.*Sources/],
    ['audit', /^sqs:|^s3:PutObject/],
  ])("%s may not do what is another function's work", (name, others) => {
    expect(allowed(name).filter((permission) => others.test(permission))).toEqual([]);
  });

  it('asks for work where it must, and takes it from one queue each', () => {
    const asks = (queue: RegExp) =>
      FUNCTIONS.filter((name) => allowed(name).some((each) => /^sqs:SendMessage /.test(each) && queue.test(each)));
    const takes = (queue: RegExp) =>
      FUNCTIONS.filter((name) => allowed(name).some((each) => each.startsWith('sqs:ReceiveMessage') && queue.test(each)));
    expect({ sources: asks(/Sources/), clusters: asks(/Clusters/) }).toEqual({
      sources: ['schedule', 'reconcile'],
      clusters: ['schedule', 'source', 'reconcile'],
    });
    expect({ sources: takes(/Sources/), clusters: takes(/Clusters/) }).toEqual({ sources: ['source'], clusters: ['reconcile'] });
  });

  it('only writes to the tables that it must', () => {
    const writers = (table: RegExp) =>
      FUNCTIONS.filter((name) => allowed(name).some((permission) => permission.startsWith('dynamodb:PutItem') && table.test(permission)));
    expect(writers(/Clusters/)).toEqual([]);
    expect(writers(/Records/)).toEqual(['schedule', 'source', 'reconcile', 'audit']);
    expect(writers(/State/)).toEqual(['source', 'reconcile', 'audit']);
  });

  it('assumes only the roles that are named, where they are', () => {
    const named = synthesise({ memberRoleArns: 'arn:aws:iam::111122223333:role/gitops' }).control;
    named.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: 'arn:aws:iam::111122223333:role/gitops' }]),
      },
    });
  });
});

describe('functions', () => {
  it.each(FUNCTIONS)('%s gets every setting that it parses at its start', (name) => {
    const variables = Object.entries(functionNamed(name).Environment.Variables).map(([key, value]): [string, string] => [
      key,
      typeof value === 'string' ? value : key.endsWith('_URL') ? 'https://sqs.example.com/queue' : textOf(value),
    ]);
    const settings = loadSettings(Object.fromEntries(variables));
    expect(settings).toMatchObject({ DEPLOYMENT: 'plumbline', TOOLS_DIRECTORY: '/opt', ALLOW_INSECURE_REPOSITORIES: false });
    expect(settings.CLUSTER_TIMEOUT_SECONDS).toBeLessThan(functionNamed('reconcile').Timeout);
  });

  it('the outputs hold the settings that the command needs', () => {
    const outputs = Object.entries(control.findOutputs('*')).map(([key, output]): [string, string] => [
      settingName(key),
      key.endsWith('Url') ? 'https://sqs.example.com/queue' : textOf(output.Value),
    ]);
    expect(loadSettings(Object.fromEntries(outputs))).toMatchObject({ DEPLOYMENT: 'plumbline', RECORDS_TABLE: expect.any(String) });
  });

  it.each(FUNCTIONS)('%s writes to a log that does not grow for ever', (name) => {
    control.hasResourceProperties('AWS::Logs::LogGroup', { LogGroupName: `/aws/lambda/plumbline-${name}`, RetentionInDays: 90 });
  });

  it.each<Name>(['schedule', 'audit'])('%s is invoked each minute', (name) => {
    control.hasResourceProperties('AWS::Scheduler::Schedule', {
      Name: `plumbline-${name}`,
      ScheduleExpression: 'rate(1 minute)',
      Target: Match.objectLike({ Arn: { 'Fn::GetAtt': [functionNamed(name).id, 'Arn'] } }),
    });
  });

  it.each<[Name, number]>([
    ['schedule', 256],
    ['source', 1536],
    ['reconcile', 512],
    ['audit', 512],
  ])('%s has %i MB, which its largest work takes and the cost in the README counts on', (name, MemorySize) => {
    control.hasResourceProperties('AWS::Lambda::Function', { FunctionName: `plumbline-${name}`, MemorySize });
  });

  it('source is an image by default, for the processor that its tools are built for', () => {
    control.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'plumbline-source',
      PackageType: 'Image',
      Architectures: ['x86_64'],
    });
  });

  it('source takes an image that was built elsewhere', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const { control: prebuilt } = synthesise({ sourceImage: `111122223333.dkr.ecr.eu-west-1.amazonaws.com/tools/source@${digest}` });
    const [source] = Object.values(prebuilt.findResources('AWS::Lambda::Function', { Properties: { FunctionName: 'plumbline-source' } }));
    expect(textOf(source?.Properties.Code.ImageUri)).toBe(`111122223333.dkr.ecr.eu-west-1.<AWS::URLSuffix>/tools/source@${digest}`);
  });

  it('source as a zip has git, kubectl and Helm in layers', () => {
    const gitLayerArn = 'arn:aws:lambda:eu-west-1:111122223333:layer:git:7';
    const { control: zipped } = synthesise({ sourcePackaging: 'zip', gitLayerArn });
    zipped.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'plumbline-source',
      Runtime: 'nodejs24.x',
      Layers: [gitLayerArn, { Ref: Match.stringLikeRegexp('^ToolsLayer') }],
    });
  });

  it('what reads images is no pull to ECR, which knows that only outside of the local environment', () => {
    const principals = Object.values(control.findResources('AWS::ECR::PullTimeUpdateExclusion')).map(({ Properties }) =>
      textOf(Properties.PrincipalArn),
    );
    const roles = (['source', 'audit'] as const).map((name) => `<${functionNamed(name).Role['Fn::GetAtt'].join('.')}>`);
    expect(principals.sort()).toEqual(roles.sort());
    synthesise({ local: 'true', sourcePackaging: 'zip' }).control.resourceCountIs('AWS::ECR::PullTimeUpdateExclusion', 0);
  });

  it('source finds its tools on the host in the local environment', () => {
    const { control: local } = synthesise({ local: 'true', sourcePackaging: 'zip', toolsDirectory: '/cache/tools' });
    local.resourceCountIs('AWS::Lambda::LayerVersion', 0);
    local.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'plumbline-source',
      Environment: { Variables: Match.objectLike({ TOOLS_DIRECTORY: '/cache/tools', ALLOW_INSECURE_REPOSITORIES: 'true' }) },
    });
  });
});

describe('queues', () => {
  it.each<[string, Name]>([
    ['sources', 'source'],
    ['clusters', 'reconcile'],
  ])('%s hands one message at a time to %s, and only what failed comes back', (queue, name) => {
    control.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [queueNamed(queue).id, 'Arn'] },
      FunctionName: { Ref: functionNamed(name).id },
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    expect(queueNamed(queue).VisibilityTimeout).toBeGreaterThanOrEqual(functionNamed(name).Timeout);
  });

  it.each(['sources', 'clusters'])('a message of %s that fails each time is a dead letter before it expires', (name) => {
    const { MessageRetentionPeriod, VisibilityTimeout = 0, RedrivePolicy } = queueNamed(name);
    const deadLetters = queueNamed(`${name}-dead-letters`);
    expect(RedrivePolicy?.deadLetterTargetArn).toBe(`<${deadLetters.id}.Arn>`);
    expect(MessageRetentionPeriod).toBeGreaterThan(VisibilityTimeout * (RedrivePolicy?.maxReceiveCount ?? Number.POSITIVE_INFINITY));
    expect(deadLetters.MessageRetentionPeriod).toBe(14 * 24 * 3600);
  });

  it('reconciles as many clusters at once as the context says', () => {
    synthesise({ reconcileConcurrency: '25' }).control.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      ScalingConfig: { MaximumConcurrency: 25 },
    });
  });
});
