import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type Dispatcher, errors, Pool } from 'undici';
import { type JsonValue, parseJson } from '../manifests/json.ts';
import { answerError, type RequestSubject } from './answer-error.ts';
import { ApiError } from './api-error.ts';
import type { Authentication } from './authentication.ts';
import { connectionError, type FailedPhase, failedBeforeSending } from './connection-error.ts';
import type { Endpoint } from './endpoint.ts';
import { type Repeatable, retryDelaySeconds } from './retry.ts';

export interface ApiRequest extends RequestSubject {
  readonly method: 'GET' | 'PATCH' | 'POST' | 'DELETE';
  /** Path and query below the endpoint, already encoded. */
  readonly path: string;
  readonly accept?: string;
  readonly body?: { readonly contentType: string; readonly text: string };
  readonly repeatable: Repeatable;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: JsonValue;
  /** Texts of the Warning headers. */
  readonly warnings: readonly string[];
}

/** Bounds of one attempt. */
export interface TransportLimits {
  /** Until TCP and TLS stand. */
  readonly connectTimeoutMilliseconds: number;
  /** Until the answer begins; above the 30 s that the slowest webhook may take. */
  readonly headersTimeoutMilliseconds: number;
  /** Between two pieces of an answer. */
  readonly bodyTimeoutMilliseconds: number;
  /** The whole attempt, so that an answer that drips does not go on for ever. */
  readonly attemptTimeoutMilliseconds: number;
  /** On the wire, and again when unpacked. */
  readonly maximumResponseBytes: number;
  readonly connections: number;
}

export const DEFAULT_LIMITS: TransportLimits = {
  connectTimeoutMilliseconds: 10_000,
  headersTimeoutMilliseconds: 35_000,
  bodyTimeoutMilliseconds: 20_000,
  attemptTimeoutMilliseconds: 60_000,
  maximumResponseBytes: 32 * 1024 * 1024,
  connections: 16,
};

export interface Transport {
  /** Attempts sent so far. */
  readonly requests: number;
  /** Resolves to a 2xx with parsed JSON, after as many attempts as are safe. Throws `ApiError`, or the signal's reason. */
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer>;
  /** Ends all connections; requests under way fail. */
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly endpoint: Endpoint;
  readonly authentication: Authentication;
  /** In [0, 1), for the jitter of retries. */
  readonly random: () => number;
  readonly limits: TransportLimits;
  /** The server could not be reached or did not prove its identity: what is remembered of its address may be out of date. */
  readonly onConnectionFailure: () => void;
}

const unzip = promisify(gunzip);

const NO_CONNECTION: ReadonlySet<string> = new Set(['Unreachable', 'ConnectionLost', 'TlsVerification']);

/** A failed attempt and how far it had come; `phase` is undefined when there was a whole answer. */
class FailedAttempt extends Error {
  readonly failure: ApiError;
  readonly phase: FailedPhase | undefined;

  constructor(failure: ApiError, phase: FailedPhase | undefined) {
    super(failure.message);
    this.failure = failure;
    this.phase = phase;
  }
}

/**
 * Raw JSON over a pool of kept connections to one API server, opened as they are needed.
 *
 * HTTP/1.1: on loopback one HTTP/2 connection was no faster, and a pool spreads over the several API servers of a cluster.
 */
export function createTransport(options: TransportOptions): Transport {
  const { endpoint, authentication, limits } = options;
  const pool = new Pool(endpoint.origin, {
    connections: limits.connections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: limits.headersTimeoutMilliseconds,
    bodyTimeout: limits.bodyTimeoutMilliseconds,
    maxResponseSize: limits.maximumResponseBytes,
    keepAliveTimeout: 30_000,
    connect: {
      ca: [...endpoint.authorities],
      // Said outright, since NODE_TLS_REJECT_UNAUTHORIZED changes the default.
      rejectUnauthorized: true,
      timeout: limits.connectTimeoutMilliseconds,
      ...(authentication.type === 'client-certificate' ? { cert: authentication.certificate, key: authentication.key } : {}),
    },
  });
  let requests = 0;

  async function attempt(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
    const headers = await requestHeaders(request, authentication);
    const deadline = new AbortController();
    const abort = (): void => deadline.abort(signal.reason);
    const timer = setTimeout(() => deadline.abort(new errors.HeadersTimeoutError()), limits.attemptTimeoutMilliseconds);
    signal.addEventListener('abort', abort, { once: true });
    let phase: FailedPhase = 'waiting';
    requests += 1;
    try {
      signal.throwIfAborted();
      const response = await pool.request({
        method: request.method,
        path: endpoint.basePath + request.path,
        headers,
        body: request.body?.text ?? null,
        signal: deadline.signal,
      });
      phase = 'reading';
      const wire = Buffer.from(await response.body.arrayBuffer());
      const text = await decode(wire, response.headers['content-encoding'], request.subject, limits.maximumResponseBytes);
      return readAnswer(response, text, request);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FailedAttempt) throw error;
      if (failedBeforeSending(error)) phase = 'connecting';
      throw new FailedAttempt(connectionError(error, request.subject, endpoint.origin, phase), phase);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  return {
    get requests() {
      return requests;
    },
    async send(request, signal) {
      for (let number = 1; ; number += 1) {
        try {
          return await attempt(request, signal);
        } catch (error) {
          if (!(error instanceof FailedAttempt)) throw error;
          const { failure, phase } = error;
          const seconds = retryDelaySeconds({ number, error: failure, phase, repeatable: request.repeatable }, options.random());
          if (seconds === undefined) {
            if (NO_CONNECTION.has(failure.reason)) options.onConnectionFailure();
            throw failure;
          }
          await pause(seconds, signal);
        }
      }
    },
    close: () => pool.destroy(),
  };
}

/** Waits, and throws the signal's own reason when it aborts. */
async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(seconds * 1000, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

async function requestHeaders(request: ApiRequest, authentication: Authentication): Promise<Record<string, string>> {
  return {
    accept: request.accept ?? 'application/json',
    'accept-encoding': 'gzip',
    'user-agent': 'plumbline',
    ...(request.body === undefined ? {} : { 'content-type': request.body.contentType }),
    ...(authentication.type === 'token' ? { authorization: `Bearer ${await authentication.token()}` } : {}),
  };
}

async function decode(wire: Buffer, encoding: string | string[] | undefined, subject: string, maximumBytes: number): Promise<string> {
  if (encoding === undefined || encoding === 'identity') return wire.toString('utf8');
  const bad = (reason: 'BadResponse' | 'ResponseTooLarge', problem: string): FailedAttempt =>
    new FailedAttempt(new ApiError({ status: 0, reason, message: `${subject}: the answer ${problem}.` }), 'reading');
  if (encoding !== 'gzip') throw bad('BadResponse', 'is packed in a way that was not asked for (only gzip is)');
  try {
    return (await unzip(wire, { maxOutputLength: maximumBytes })).toString('utf8');
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    throw tooLarge
      ? bad('ResponseTooLarge', `unpacks to more than ${maximumBytes} bytes`)
      : bad('BadResponse', 'is cut off or damaged (gzip)');
  }
}

function readAnswer(response: Dispatcher.ResponseData, text: string, request: ApiRequest): ApiAnswer {
  const status = response.statusCode;
  const body = tryParse(text);
  if (status < 200 || status > 299) {
    const header = response.headers['retry-after'];
    const retryAfter = typeof header === 'string' ? header : undefined;
    throw new FailedAttempt(answerError({ status, body, text, retryAfter }, request), undefined);
  }
  if (body === undefined) {
    // Neither the text nor the parser's message is shown: both may hold what a Secret holds.
    const message = `${request.subject}: the answer (${status}, ${text.length} characters) is not JSON. It is tried again on the next run; look for a proxy in between.`;
    throw new FailedAttempt(new ApiError({ status, reason: 'BadResponse', message }), 'reading');
  }
  return { status, body, warnings: request.quotesSecrets ? [] : readWarnings(response.headers.warning) };
}

function tryParse(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

const MAXIMUM_WARNINGS = 20;

/** `299 - "text"`, one header each or several in one. */
function readWarnings(header: string | string[] | undefined): readonly string[] {
  if (header === undefined) return [];
  const joined = (typeof header === 'string' ? header : header.join(', ')).slice(0, 16_384);
  const found = joined.matchAll(/\b\d{3} \S+ "((?:[^"\\]|\\.)*)"/g);
  return [...found].slice(0, MAXIMUM_WARNINGS).map((match) => (match[1] ?? '').replace(/\\(.)/g, '$1').slice(0, 500));
}
