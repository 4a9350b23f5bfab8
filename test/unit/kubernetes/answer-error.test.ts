import { describe, expect, it } from 'vitest';
import { answerError } from '../../../lib/kubernetes/answer-error.ts';

const POLICY = "ValidatingAdmissionPolicy 'replicas.example.com' with binding 'all'";
const configMap = { subject: 'ConfigMap shop/web', quotesSecrets: false };
const secret = { subject: 'Secret shop/web', quotesSecrets: true };
const refused = (status: number, fields: object) => ({
  status,
  body: { kind: 'Status', apiVersion: 'v1', ...fields },
  text: '',
  retryAfter: undefined,
});

describe('answerError', () => {
  // Bodies as kube-apiserver 1.36.3 sent them.
  it.each([
    ['Unauthorized', 401, { message: 'Unauthorized', reason: 'Unauthorized' }],
    [
      'Forbidden',
      403,
      {
        message: 'configmaps "web" is forbidden: User "x" cannot get …',
        reason: 'Forbidden',
        details: { name: 'web', kind: 'configmaps' },
      },
    ],
    [
      'NamespaceTerminating',
      403,
      { message: 'forbidden', reason: 'Forbidden', details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] } },
    ],
    ['NotFound', 404, { message: 'configmaps "web" not found', reason: 'NotFound', details: { name: 'web', kind: 'configmaps' } }],
    [
      'NamespaceNotFound',
      404,
      { message: 'namespaces "shop" not found', reason: 'NotFound', details: { name: 'shop', kind: 'namespaces' } },
    ],
    ['KindNotFound', 404, { message: 'the server could not find the requested resource', reason: 'NotFound', details: {} }],
    ['Conflict', 409, { message: 'Operation cannot be fulfilled on configmaps "web": …', reason: 'Conflict' }],
    [
      'Conflict',
      422,
      {
        reason: 'Invalid',
        details: { causes: [{ reason: 'FieldValueInvalid', message: 'Invalid value: "x": field is immutable', field: 'metadata.uid' }] },
      },
    ],
    ['AlreadyExists', 409, { reason: 'AlreadyExists' }],
    ['Expired', 410, { reason: 'Expired' }],
    ['Invalid', 422, { reason: 'Invalid' }],
    ['Invalid', 400, { message: 'metadata.managedFields must be nil', reason: 'BadRequest' }],
    [
      'Invalid',
      500,
      { message: 'failed to create typed patch object (shop/web; /v1, Kind=ConfigMap): .foo: field not declared in schema' },
    ],
    ['InternalError', 500, { message: 'failed calling webhook "w.example.com"', reason: 'InternalError' }],
    ['DryRunUnsupported', 400, { message: 'admission webhook "w.example.com" does not support dry run', reason: 'BadRequest' }],
    ['TooLarge', 413, { message: 'Request entity too large: limit is 3145728', reason: 'RequestEntityTooLarge' }],
    ['TooLarge', 500, { message: 'etcdserver: request is too large' }],
    ['Denied', 400, { message: 'admission webhook "w.example.com" denied the request without explanation' }],
    ['Denied', 401, { message: 'admission webhook "w.example.com" denied the request: sign in', reason: 'Unauthorized' }],
    ['Denied', 409, { message: 'admission webhook "w.example.com" denied the request: in use', reason: 'Conflict' }],
    ['Denied', 422, { message: `deployments.apps "web" is forbidden: ${POLICY} denied request: 3 replicas at least`, reason: 'Invalid' }],
    ['Invalid', 422, { message: 'data: Invalid value: "admission webhook \\"w\\" denied the request"', reason: 'Invalid' }],
    ['ServiceUnavailable', 503, {}],
    ['Timeout', 504, { reason: 'Timeout' }],
    ['ImATeapot', 418, { reason: 'ImATeapot' }],
    ['BadResponse', 302, {}],
  ])('calls it %s (%i)', (reason, status, fields) => {
    expect(answerError(refused(status, fields), configMap)).toMatchObject({ reason, status });
  });

  it('begins with the subject and keeps what the server says', () => {
    const { message } = answerError(refused(422, { message: 'spec.replicas: must be positive' }), configMap);
    expect(message).toBe(
      'ConfigMap shop/web: the API server answered 422 Invalid: spec.replicas: must be positive. Correct the object in Git.',
    );
  });

  it.each([
    ['admission webhook "w.example.com" denied the request: no', 'admission webhook w.example.com'],
    [`secrets "web" is forbidden: ${POLICY} denied request: no`, 'ValidatingAdmissionPolicy replicas.example.com'],
  ])('names who denied it in the remedy, of a Secret too: %s', (message, denier) => {
    for (const subject of [configMap, secret]) {
      expect(answerError(refused(403, { message }), subject).message).toMatch(
        new RegExp(`Make the object in Git one that ${denier} allows, or change what that asks for\\.$`),
      );
    }
  });

  it('shows an answer that is no Status, bounded and without control characters', () => {
    const text = `\u001b[31mbad gateway ${'x'.repeat(100_000)}`;
    const { message, reason } = answerError({ status: 502, body: undefined, text, retryAfter: undefined }, configMap);
    expect(reason).toBe('ServiceUnavailable');
    expect(message).toContain('bad gateway');
    expect(message).not.toContain('\u001b');
    expect(message.length).toBeLessThan(1_500);
  });

  it('reads Retry-After', () => {
    expect(answerError({ ...refused(429, {}), retryAfter: '7' }, configMap).retryAfterSeconds).toBe(7);
    expect(answerError({ ...refused(429, {}), retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT' }, configMap).retryAfterSeconds).toBeUndefined();
  });

  it.each([
    ['an invalid value', 422, 'Secret "web" is invalid: data[key]: Invalid value: "hunter2"'],
    [
      'a value of another type',
      500,
      'failed to create typed patch object (shop/web; /v1, Kind=Secret): .data.a: expected string, got &value.valueUnstructured{Value:hunter2}',
    ],
    ['an admission webhook', 403, 'admission webhook "w" denied the request: secrets "web" is forbidden: hunter2'],
    [
      'a value after a safe beginning',
      403,
      'secrets "web" is forbidden: User "x" cannot patch resource "secrets" in API group "" in the namespace "shop": hunter2',
    ],
    ['a decoding error', 400, 'Secret in version "v1" cannot be handled: json: …, error found in #10 byte of ...|hunter2|...'],
  ])('keeps a Secret’s value out when the server quotes it in %s', (_name, status, message) => {
    const causes = [{ reason: 'FieldValueInvalid', message: 'Invalid value: "hunter2"', field: 'data[key]' }];
    const error = answerError({ ...refused(status, { message, details: { causes } }), text: JSON.stringify({ message }) }, secret);
    expect(JSON.stringify([error.message, error.causes, error.stack])).not.toContain('hunter2');
    expect(error.causes).toEqual([{ reason: 'FieldValueInvalid', field: 'data[key]' }]);
  });

  it.each([
    [404, 'secrets "web" not found'],
    [403, 'secrets "web" is forbidden: User "x" cannot patch resource "secrets" in API group "" in the namespace "shop"'],
    [500, 'failed to create typed patch object (shop/web; /v1, Kind=Secret): .foo: field not declared in schema'],
  ])('still says of a Secret what holds names only (%i)', (status, message) => {
    expect(answerError(refused(status, { message, details: { name: 'web' } }), secret).message).toContain(message);
  });
});

describe('a cause', () => {
  const causeOf = (message: string, quotesSecrets = false) => {
    const body = { kind: 'Status', details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'spec' }] } };
    return answerError({ status: 422, body, text: '', retryAfter: undefined }, { subject: 'x', quotesSecrets }).causes[0];
  };
  it.each([
    'Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
    `Invalid value: "${'x'.repeat(5_000)}": field is immutable`,
    'Invalid value: ["None"]: may not change once set',
    'Invalid value: {"Name":"b"}: cannot change roleRef',
    'Forbidden: field is immutable when `immutable` is set',
    "Forbidden: updates to statefulset spec for fields other than 'replicas' and 'minReadySeconds' are forbidden",
    'Forbidden: spec is immutable after creation except resources.requests for bound claims\n@@ -1,6 +1,6 @@',
    'Invalid value: "string": Value is immutable',
  ])('is of a field that cannot be changed: %.60s', (message) => expect(causeOf(message)).toMatchObject({ immutable: true }));

  it.each(['Invalid value: "field is immutable": must be lower case', 'Required value', 'Invalid value: ": may not change once set": no'])(
    'is not of a field that cannot be changed: %s',
    (message) => expect(causeOf(message)).not.toHaveProperty('immutable'),
  );

  it('of a Secret still says so, without its words', () => {
    expect(causeOf('Invalid value: "hunter2": field is immutable', true)).toEqual({
      reason: 'FieldValueInvalid',
      field: 'spec',
      immutable: true,
    });
  });
});
