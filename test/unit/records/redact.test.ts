import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../lib/manifests/json.ts';
import type { Fact, FieldChange } from '../../../lib/records/index.ts';
import { redactText } from '../../../lib/records/index.ts';
import { redactFact } from '../../../lib/records/redact.ts';

const secret = { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'db' };
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'web' };
const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl';

const redact = (object: Fact['object'], change: FieldChange) =>
  redactFact({ kind: 'drift', object, class: 'value', changes: [change], decision: 'observed' }).changes[0];

describe('changes of a Secret', () => {
  it.each(['data.password', 'data', 'stringData.password', '', 'metadata.annotations', 'metadata.annotations[x]', 'metadata.labelsX'])(
    'show neither side of %s',
    (path) => {
      expect(redact(secret, { path, desired: 'aHVudGVyMg==', live: { password: 'aHVudGVyMw==' } })).toEqual({
        path,
        desired: '(redacted)',
        live: '(redacted)',
      });
    },
  );

  it.each(['type', 'immutable', 'metadata.labels.app', 'metadata.labels'])('show %s, which says nothing of its values', (path) => {
    expect(redact(secret, { path, live: 'x' })).toEqual({ path, live: 'x' });
  });

  it('leave an absent side absent', () => {
    expect(redact(secret, { path: 'data.password', live: 'aHVudGVyMg==' })).toEqual({ path: 'data.password', live: '(redacted)' });
  });
});

describe('changes of any object', () => {
  it('never show the last-applied annotation, by path or inside a value', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    expect(redact(configMap, { path: `metadata.annotations["${annotation}"]`, live: '{"data":1}' })?.live).toBe('(redacted)');
    const live: JsonValue = { metadata: { annotations: { [annotation]: '{"data":1}', team: 'shop' } } };
    expect(redact(configMap, { path: '', live })?.live).toEqual({
      metadata: { annotations: { [annotation]: '(redacted)', team: 'shop' } },
    });
  });

  it('keep values, types and long integers as they are', () => {
    const live = [{ name: 'a', value: 9_007_199_254_740_993n, on: true, none: null, ratio: 0.5 }];
    expect(redact(configMap, { path: 'spec', live })?.live).toEqual(live);
  });

  it('hide credentials inside values, however deep', () => {
    const live = { env: [{ name: 'TOKEN', value: jwt }] };
    expect(redact(configMap, { path: 'spec', live })?.live).toEqual({ env: [{ name: 'TOKEN', value: '(redacted)' }] });
  });
});

describe('texts', () => {
  it.each([
    ['an EKS token', `token k8s-aws-v1.${'aHR0cHM6'.repeat(20)} was refused`],
    ['a service account token', `got ${jwt}`],
    ['an authorization header', 'Authorization: Bearer 0123456789abcdef0123'],
    ['a GitHub token', 'ghp_0123456789abcdefghijABCDEFGHIJ012345'],
    ['a GitHub fine-grained token', 'github_pat_0123456789abcdefghijABCDEFGHIJ'],
    ['an access key id', 'AKIAIOSFODNN7EXAMPLE'],
    ['a presigned URL', 'https://sts.eu-west-1.amazonaws.com/?X-Amz-Signature=0123456789abcdef0123&x=1'],
    ['a URL with a password', 'clone https://me:0123456789abcdef@git.example/r failed'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\n0123456789abcdef\n-----END RSA PRIVATE KEY-----'],
    ['half of a private key', '-----BEGIN PRIVATE KEY-----\n0123456789abcdef'],
  ])('lose %s', (_what, text) => {
    const redacted = redactText(text);
    expect(redacted).toContain('(redacted)');
    expect(redacted).not.toMatch(/0123456789abc|aHR0cHM6|c2lnbmF0dXJl|IOSFODNN7/);
  });

  it.each([
    'Deployment shop/web: image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1@sha256:abc',
    'https://git.example/shop.git: branch main not found',
    'basic authentication is not supported',
  ])('that hold none stay: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('are cut to what a log line can carry', () => {
    expect(redactText('x'.repeat(1_000_000)).length).toBeLessThan(5000);
  });
});
