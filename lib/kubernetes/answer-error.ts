import { ApiError, type ApiErrorReason, type StatusCause } from './api-error.ts';

/** An answer that is not 2xx, as far as it is needed to say what went wrong. */
export interface RefusedAnswer {
  readonly status: number;
  /** Parsed JSON, or undefined when the body was none. */
  readonly body: unknown;
  /** The body as text, for answers that are not a Status: proxies and load balancers write what they like. */
  readonly text: string;
  readonly retryAfter: string | undefined;
}

/** What a request is about, for the message: the subject in words, and whether the server's words may quote Secret values. */
export interface RequestSubject {
  readonly subject: string;
  readonly quotesSecrets: boolean;
}

const MAXIMUM_MESSAGE_LENGTH = 1_000;
const MAXIMUM_CAUSES = 20;

const REASON_OF_STATUS: Readonly<Record<number, ApiErrorReason>> = {
  400: 'Invalid',
  401: 'Unauthorized',
  403: 'Forbidden',
  406: 'NotAcceptable',
  408: 'Timeout',
  409: 'Conflict',
  410: 'Expired',
  413: 'TooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'ServiceUnavailable',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const REMEDY: Readonly<Partial<Record<string, string>>> = {
  Unauthorized: 'Check the access entry (EKS) or the token or client certificate in the cluster’s secret: it may have expired.',
  Forbidden: 'Grant it in the ClusterRole that this identity is bound to, or look for the admission plugin that the message names.',
  KindNotFound: 'Install the CustomResourceDefinition, or correct apiVersion and kind.',
  NamespaceNotFound: 'Add the Namespace to Git, or create it.',
  NamespaceTerminating: 'Wait until the namespace is gone; it is created again on a later run.',
  Conflict: 'The object changed meanwhile: it is observed again on the next run.',
  Invalid: 'Correct the object in Git.',
  DryRunUnsupported:
    'Objects that this webhook sees cannot be compared: set its sideEffects to None or NoneOnDryRun, or leave them out by its selectors.',
  TooLarge: 'Split it, or keep large data outside of Kubernetes.',
  InternalError: 'It is tried again on the next run; if it stays, look at the webhook that the message names, or at the API server’s log.',
  TooManyRequests: 'It is tried again on the next run; if it stays, look at the API server’s priority and fairness settings.',
  ServiceUnavailable: 'It is tried again on the next run; if it stays, look at the API service or webhook that the message names.',
  Timeout: 'It is tried again on the next run; if it stays, look at the API server’s load and its webhooks.',
};

/** Classifies an answer that is not 2xx. Of a Secret nothing is quoted that the object could have put there. */
export function answerError(answer: RefusedAnswer, request: RequestSubject): ApiError {
  const status = readStatus(answer.body);
  const causes = readCauses(status);
  const denier = denierOf(status);
  const reason = denier === undefined ? reasonOf(answer.status, status, causes) : 'Denied';
  const said = request.quotesSecrets ? redactedMessage(status, causes) : (text(status.message) ?? text(answer.text) ?? 'no message');
  const retryAfterSeconds = parseRetryAfter(answer.retryAfter);
  const remedy = denier === undefined ? REMEDY[reason] : `Make the object in Git one that ${denier} allows, or change what that asks for.`;
  return new ApiError({
    status: answer.status,
    reason,
    message: `${request.subject}: the API server answered ${answer.status} ${reason}: ${bounded(said)}.${remedy === undefined ? '' : ` ${remedy}`}`,
    causes: request.quotesSecrets ? causes.map(withoutMessage) : causes,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

/** As the API server words it; whoever denies chooses the status, a 401 or a 409 too. */
const DENIALS: readonly (readonly [RegExp, string])[] = [
  [/^admission webhook "([^"]{1,260})" denied the request/, 'admission webhook'],
  [
    /^\S{1,260} "[^"]{0,260}" is forbidden: ValidatingAdmissionPolicy '([^']{1,260})' with binding '[^']{1,260}' denied request/,
    'ValidatingAdmissionPolicy',
  ],
];

/** The admission webhook or policy that refused the object, by name. */
function denierOf({ message }: Fields): string | undefined {
  if (typeof message !== 'string') return undefined;
  for (const [sentence, kind] of DENIALS) {
    const name = sentence.exec(message)?.[1];
    if (name !== undefined) return `${kind} ${bounded(name)}`;
  }
  return undefined;
}

/** Server-side apply answers 500 for objects that do not fit their schema (as of 1.36). */
const DOES_NOT_FIT = /^failed to (create typed patch object|convert new object) /;

/** The API server says so with 400, or 500 where the webhook's kind of side effects is unknown. */
const NO_DRY_RUN = /does not support dry run/;
/** What the server takes and etcd does not is a 500. */
const TOO_LARGE = /etcdserver: request is too large|^Request entity too large|rpc error: code = ResourceExhausted/;

function reasonOf(httpStatus: number, status: Fields, causes: readonly StatusCause[]): string {
  if (causes.some((cause) => cause.reason === 'NamespaceTerminating')) return 'NamespaceTerminating';
  if (httpStatus === 404) return notFoundReason(fields(status.details));
  const message = typeof status.message === 'string' ? status.message : '';
  if (httpStatus === 500 && DOES_NOT_FIT.test(message)) return 'Invalid';
  if (httpStatus >= 400 && NO_DRY_RUN.test(message)) return 'DryRunUnsupported';
  if (httpStatus >= 500 && TOO_LARGE.test(message)) return 'TooLarge';
  // A precondition on the uid alone: the object was deleted and created again.
  if (httpStatus === 422 && causes.some((cause) => cause.field === 'metadata.uid')) return 'Conflict';
  const known = REASON_OF_STATUS[httpStatus];
  if (httpStatus === 409 && status.reason === 'AlreadyExists') return 'AlreadyExists';
  if (known !== undefined) return known;
  if (typeof status.reason === 'string' && /^[A-Za-z]{1,60}$/.test(status.reason)) return status.reason;
  return httpStatus >= 500 ? 'InternalError' : 'BadResponse';
}

/** Of an object that is absent the server names it; of a kind that it does not serve it says nothing. */
function notFoundReason(details: Fields): ApiErrorReason {
  if (typeof details.name !== 'string' || details.name === '') return 'KindNotFound';
  return details.kind === 'namespaces' ? 'NamespaceNotFound' : 'NotFound';
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};
}

function readStatus(body: unknown): Fields {
  const status = fields(body);
  return status.kind === 'Status' ? status : {};
}

/**
 * How the API server says that a field cannot be changed; rules of a CustomResourceDefinition end like the first, mostly. A quoted value never
 * comes last.
 */
const IMMUTABLE: readonly RegExp[] = [
  /\bis immutable\.?$/i,
  /: may not change once set$/,
  /: cannot change roleRef$/,
  /^Forbidden: field is immutable when `immutable` is set$/,
  /^Forbidden: updates to statefulset spec for fields other than /,
  /^Forbidden: spec is immutable after creation/,
  /^Forbidden: pod updates may not change fields other than /,
];

function readCauses(status: Fields): readonly StatusCause[] {
  const causes = fields(status.details).causes;
  if (!Array.isArray(causes)) return [];
  return causes.slice(0, MAXIMUM_CAUSES).map((entry) => {
    const cause = fields(entry);
    return {
      ...(typeof cause.reason === 'string' ? { reason: bounded(cause.reason) } : {}),
      ...(typeof cause.message === 'string' ? { message: bounded(cause.message) } : {}),
      ...(typeof cause.field === 'string' ? { field: bounded(cause.field) } : {}),
      ...(typeof cause.message === 'string' && IMMUTABLE.some((said) => said.test(String(cause.message))) ? { immutable: true } : {}),
    };
  });
}

function withoutMessage(cause: StatusCause): StatusCause {
  const { message: _quoted, ...rest } = cause;
  return rest;
}

/** Sentences of the API server that hold only names: anything else about a Secret may quote what is in it. */
const SAFE_SENTENCES: readonly RegExp[] = [
  /^secrets "[^"]{0,260}" is forbidden: User "[^"]{0,300}" cannot [a-z]+ resource "secrets" in API group "" (in the namespace "[^"]{0,63}"|at the cluster scope)/,
  /^secrets is forbidden: User "[^"]{0,300}" cannot [a-z]+ resource "secrets" in API group "" (in the namespace "[^"]{0,63}"|at the cluster scope)/,
  /^(secrets|namespaces) "[^"]{0,260}" not found/,
  /^Operation cannot be fulfilled on secrets "[^"]{0,260}": [a-z ,]+/i,
  /^failed to create typed patch object \([^()]{0,400}\): \.[\w./-]{1,300}: field not declared in schema(?=$)/,
  /illegal base64 data at input byte \d+$/,
  /^Unauthorized$/,
];

function redactedMessage(status: Fields, causes: readonly StatusCause[]): string {
  const message = typeof status.message === 'string' ? status.message : '';
  for (const sentence of SAFE_SENTENCES) {
    const found = sentence.exec(message);
    if (found !== null) return found[0];
  }
  const where = causes
    .map((cause) => [cause.reason, cause.field].filter((part) => part !== undefined).join(' at '))
    .filter((part) => part !== '');
  return `the message is withheld since it may quote the Secret${where.length === 0 ? '' : ` (${where.join('; ')})`}`;
}

function text(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const trimmed = value.trim().replace(/\s+/g, ' ').replace(/\.$/, '');
  return trimmed === '' ? undefined : trimmed;
}

/** Cuts what the server says to a length that fits into a record, and takes control characters out. */
export function bounded(value: string): string {
  // A terminal would obey them.
  const clean = value.replace(/\p{Cc}+/gu, ' ');
  return clean.length <= MAXIMUM_MESSAGE_LENGTH ? clean : `${clean.slice(0, MAXIMUM_MESSAGE_LENGTH)}…`;
}

/** Kubernetes sends seconds; a date is not understood and counts as absent. */
function parseRetryAfter(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}
