import { PlumblineError } from './errors.ts';

/**
 * AWS did not do what it was asked, for a reason that says nothing of what was asked for: it throttled, failed, refused us or could not be
 * reached. What it was asked for is unknown, which is neither missing nor a pass.
 */
export class AwsFaultError extends PlumblineError {}

/** One call, as people know it: service and operation, and the table, bucket, key or queue that it was about. */
export interface AwsCall {
  readonly service: string;
  readonly operation: string;
  readonly subject: string | undefined;
}

const THROTTLED: ReadonlySet<string> = new Set([
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** Beside what has the status 403. */
const REFUSED = 'AccessDeniedException';
const KEY_NOT_IN_USE: ReadonlySet<string> = new Set(['DisabledException', 'KMSInvalidStateException']);

/** Of the network, and of a client that waited long enough. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'AbortError',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
  'TimeoutError',
]);

/**
 * The fault that an error of an SDK client stands for, with subject and remedy; undefined where it is an answer to what was asked, such as a
 * condition that does not hold. Names only: messages of AWS may hold what was sent.
 */
export function awsFaultOf(error: unknown, call: AwsCall): AwsFaultError | undefined {
  if (!(error instanceof Error) || error instanceof PlumblineError) return undefined;
  const { service, operation, subject } = call;
  const asked = `${service} ${operation}${subject === undefined ? '' : ` of ${subject}`}`;
  const status = httpStatusOf(error);
  const fault = (reason: string, words: string) => new AwsFaultError(reason, `${asked}: ${words}`, { cause: error });
  if (THROTTLED.has(error.name) || status === 429) {
    return fault('AwsThrottled', `it is throttled (${error.name}). The next run asks again; if this repeats, raise that limit.`);
  }
  if (status !== undefined && status >= 500) {
    return fault('AwsFailed', `it answered ${status}. The next run asks again; if it lasts, see the AWS Health Dashboard.`);
  }
  if (status === 403 || error.name === REFUSED) {
    return fault(
      'AwsRefused',
      `we are refused (${error.name}). Deploy the stacks again, which allows it, and look for a policy that denies it.`,
    );
  }
  if (KEY_NOT_IN_USE.has(error.name)) {
    return fault('AwsRefused', `the key is not in use (${error.name}). Enable it again, or cancel its deletion.`);
  }
  const code = codeOf(error);
  if (code !== undefined) {
    return fault(
      'AwsUnreachable',
      `there was no whole answer (${code}). The next run asks again; if it lasts, check that the network leads to the service.`,
    );
  }
  return undefined;
}

function httpStatusOf(error: Error): number | undefined {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null) return undefined;
  const metadata = error.$metadata;
  return 'httpStatusCode' in metadata && typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

function codeOf(error: Error): string | undefined {
  if ('code' in error && typeof error.code === 'string' && UNREACHABLE.has(error.code)) return error.code;
  if (UNREACHABLE.has(error.name)) return error.name;
  return error.message === 'aborted' ? 'ECONNRESET' : undefined;
}
