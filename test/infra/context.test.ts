import { describe, expect, it } from 'vitest';
import { readContext } from '../../infra/context.ts';
import { nodeWith } from './context-node.ts';

const read = (context: Readonly<Record<string, unknown>>) => readContext(nodeWith(context));

describe('the context of the app', () => {
  it('needs nothing', () => {
    expect(read({})).toEqual({ deployment: 'plumbline', sourcePackaging: 'image', toolsDirectory: '/opt', local: false });
  });

  it('takes what the command line gives as text', () => {
    const memberRoleArns = 'arn:aws:iam::111122223333:role/gitops,arn:aws:iam::*:role/fleet-*';
    expect(
      read({ local: 'true', sourcePackaging: 'zip', toolsDirectory: '/cache/tools', reconcileConcurrency: '20', memberRoleArns }),
    ).toEqual({
      deployment: 'plumbline',
      sourcePackaging: 'zip',
      toolsDirectory: '/cache/tools',
      local: true,
      reconcileConcurrency: 20,
      memberRoleArns: ['arn:aws:iam::111122223333:role/gitops', 'arn:aws:iam::*:role/fleet-*'],
    });
  });

  it.each([
    [{ deployment: 'Prod_EU' }, /deployment "Prod_EU": lower-case letters/],
    [{ sourcePackaging: 'tar' }, /sourcePackaging "tar": .*"image"\|"zip"/],
    [{ sourceImage: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/source:latest' }, /sourceImage .*an ECR image by digest/],
    [{ sourcePackaging: 'zip' }, /gitLayerArn: needed with sourcePackaging=zip/],
    [{ toolsDirectory: '/cache/tools' }, /toolsDirectory .*only the local environment/],
    [{ local: 'true', toolsDirectory: 'tools' }, /toolsDirectory "tools": an absolute path/],
    [{ local: 'maybe' }, /local "maybe"/],
    [{ alarmTopicArn: 'ops' }, /alarmTopicArn "ops": the ARN of an SNS topic/],
    [{ reconcileConcurrency: '1' }, /reconcileConcurrency "1": .*>=2/],
    [{ memberRoleArns: 'admin' }, /memberRoleArns "admin": role ARNs/],
  ])('refuses %j', (context, message) => {
    expect(() => read(context)).toThrow(message);
  });

  it('names every value that is wrong at once', () => {
    expect(() => read({ deployment: '', reconcileConcurrency: 'many' })).toThrow(/deployment.*reconcileConcurrency/);
  });
});
