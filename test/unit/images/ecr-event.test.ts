import { expect, it } from 'vitest';
import { isInRepository, readImageAction, usesRepository } from '../../../lib/images/ecr/event.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

/** As ECR sends it. */
const event = {
  version: '0',
  id: '13cde686-328b-6117-af20-0e5566167482',
  'detail-type': 'ECR Image Action',
  source: 'aws.ecr',
  account: '123456789012',
  time: '2026-01-01T00:00:00Z',
  region: 'eu-west-1',
  resources: [],
  detail: {
    result: 'SUCCESS',
    'repository-name': 'team/web',
    'image-digest': `sha256:${'a'.repeat(64)}`,
    'action-type': 'PUSH',
    'image-tag': '1.0',
  },
};
const changed = { account: '123456789012', region: 'eu-west-1', name: 'team/web' };

it('reads which repository an event of ECR is about', () => {
  expect(readImageAction(event)).toEqual(changed);
});

it.each([
  ['a tick', {}],
  ['nothing', null],
  ['another event of ECR', { ...event, 'detail-type': 'ECR Image Scan' }],
  ['one that anybody can send', { ...event, source: 'custom.ecr' }],
  ['one without a repository', { ...event, detail: {} }],
])('takes %s for no such event', (_what, other) => {
  expect(readImageAction(other)).toBeUndefined();
});

it.each([
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'team/web', true],
  ['123456789012.dkr-ecr.eu-west-1.on.aws', 'team/web', true],
  ['123456789012.dkr.ecr.us-east-1.amazonaws.com', 'team/web', false],
  ['210987654321.dkr.ecr.eu-west-1.amazonaws.com', 'team/web', false],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'team/api', false],
  ['docker.io', 'team/web', false],
])('%s/%s is in it: %s', (registry, repository, expected) => {
  expect(isInRepository({ registry, repository }, changed)).toBe(expected);
  const artifact = { ...rendered('a1', deployment('web', 'nginx:1', `${registry}/${repository}:1`)), digests: [] };
  expect(usesRepository(artifact, changed)).toBe(expected);
});
