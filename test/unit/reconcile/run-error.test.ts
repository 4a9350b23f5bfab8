import { describe, expect, it } from 'vitest';
import { answerError } from '../../../lib/kubernetes/answer-error.ts';
import { ApiError } from '../../../lib/kubernetes/api-error.ts';
import { connectionError } from '../../../lib/kubernetes/connection-error.ts';
import { runFailure } from '../../../lib/reconcile/run-error.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';

const never = new AbortController().signal;
const row = clusterRow('prod-eu', {
  connection: { type: 'endpoint', endpoint: 'https://10.0.0.1:6443', certificateAuthority: '', clusterSecret: 'prod-eu' },
});
const SUBJECT = 'Namespace kube-system';
const withCode = (code: string) => Object.assign(new Error(code), { code });
const answered = (status: number) =>
  answerError({ status, body: undefined, text: '', retryAfter: undefined }, { subject: SUBJECT, quotesSecrets: false });

describe('what ends a run at its API server', () => {
  it.each<[string, ApiError, RegExp]>([
    [
      'that nothing listens',
      connectionError(withCode('ECONNREFUSED'), SUBJECT, 'https://10.0.0.1:6443', 'connecting'),
      /^cluster prod-eu: API server https:\/\/10\.0\.0\.1:6443: it could not be reached \(ECONNREFUSED\)\. Check that the endpoint is right/,
    ],
    [
      'another certificate',
      connectionError(withCode('DEPTH_ZERO_SELF_SIGNED_CERT'), SUBJECT, 'https://10.0.0.1:6443', 'connecting'),
      /^cluster prod-eu: API server https:\/\/10\.0\.0\.1:6443: it did not prove its identity \(DEPTH_ZERO_SELF_SIGNED_CERT\)\. Its certificate/,
    ],
    ['credentials that are refused', answered(401), /^cluster prod-eu: its API server refuses the credentials in secret prod-eu /],
    ['an answer that it could not go on with', answered(503), /^cluster prod-eu: Namespace kube-system: the API server answered 503 /],
  ])('names the row first: %s', (_what, error, words) => {
    expect(error).toBeInstanceOf(ApiError);
    expect(runFailure(row, error, never)).toMatchObject({ reason: error.reason, message: expect.stringMatching(words) });
  });
});
