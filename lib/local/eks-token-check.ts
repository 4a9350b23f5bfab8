import { PlumblineError } from '../errors.ts';

/** A token that the local clusters refuse, as EKS would. The message says why; it never holds the token. */
export class TokenRefusedError extends PlumblineError {
  constructor(reason: string, message: string) {
    super(reason, message);
  }
}

/** A presigned request that may be sent to STS to learn whose it is. */
export interface PresignedIdentity {
  /** `/?Action=GetCallerIdentity&…`, exactly as it was signed. */
  readonly pathAndQuery: string;
  /** The headers that were signed. */
  readonly headers: { readonly host: string; readonly 'x-k8s-aws-id': string };
}

const PREFIX = 'k8s-aws-v1.';
const LARGEST_TOKEN = 12 * 1024;
const LIFETIME_SECONDS = 15 * 60;
const CLOCK_SKEW_SECONDS = 60;
/** aws-iam-authenticator's list: anything else could make the request mean something else. */
const PARAMETERS = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);

/**
 * Checks everything about a token that can be checked without the signer's secret, as aws-iam-authenticator does. The signature is
 * then checked by sending the request to STS with the headers returned here.
 *
 * Throws `TokenRefusedError`.
 */
export function checkEksToken(
  token: string,
  expected: { readonly cluster: string; readonly region: string; readonly now: Date },
): PresignedIdentity {
  const url = decode(token);
  const host = `sts.${expected.region}.amazonaws.com`;
  if (url.protocol !== 'https:' || url.pathname !== '/' || url.username !== '' || url.port !== '' || url.hash !== '')
    throw new TokenRefusedError('InvalidToken', `token: its URL is not https://${host}/`);
  if (url.host !== host)
    throw new TokenRefusedError('WrongRegion', `token: it is signed for ${url.host}, and this cluster accepts ${host}`);

  const parameters = readParameters(url);
  if (parameters.get('action') !== 'GetCallerIdentity')
    throw new TokenRefusedError('InvalidToken', `token: its action is ${parameters.get('action')}, and only GetCallerIdentity is accepted`);
  const signedHeaders = (parameters.get('x-amz-signedheaders') ?? '').toLowerCase().split(';');
  for (const header of ['host', 'x-k8s-aws-id'])
    if (!signedHeaders.includes(header)) throw new TokenRefusedError('InvalidToken', `token: the header ${header} is not signed`);
  checkTime(parameters.get('x-amz-date') ?? '', parameters.get('x-amz-expires') ?? '', expected.now);
  const scope = (parameters.get('x-amz-credential') ?? '').split('/');
  if (scope[2] !== expected.region)
    throw new TokenRefusedError(
      'WrongRegion',
      `token: its credential scope is ${scope[2] ?? 'missing'}, and this cluster accepts ${expected.region}`,
    );

  // Sent with this cluster's own name: a token that was signed for another cluster fails its signature.
  return { pathAndQuery: `${url.pathname}${url.search}`, headers: { host, 'x-k8s-aws-id': expected.cluster } };
}

function decode(token: string): URL {
  if (!token.startsWith(PREFIX)) throw new TokenRefusedError('InvalidToken', `token: it does not begin with ${PREFIX}`);
  if (token.length > LARGEST_TOKEN) throw new TokenRefusedError('InvalidToken', `token: it is longer than ${LARGEST_TOKEN} characters`);
  const encoded = token.slice(PREFIX.length);
  if (!/^[A-Za-z0-9_-]+$/.test(encoded)) throw new TokenRefusedError('InvalidToken', 'token: it is not unpadded base64url');
  const url = URL.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
  if (url === null) throw new TokenRefusedError('InvalidToken', 'token: it does not hold a URL');
  return url;
}

function readParameters(url: URL): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const key = name.toLowerCase();
    if (!PARAMETERS.has(key))
      throw new TokenRefusedError('InvalidToken', `token: the query parameter ${JSON.stringify(name.slice(0, 60))} is not accepted`);
    if (parameters.has(key)) throw new TokenRefusedError('InvalidToken', `token: the query parameter ${name} is given twice`);
    parameters.set(key, value);
  }
  return parameters;
}

function checkTime(date: string, expires: string, now: Date): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  const signedAt = parts === null ? Number.NaN : Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (Number.isNaN(signedAt)) throw new TokenRefusedError('InvalidToken', 'token: X-Amz-Date is missing or not a time');
  if (!/^\d{1,3}$/.test(expires) || Number(expires) > LIFETIME_SECONDS)
    throw new TokenRefusedError('InvalidToken', `token: X-Amz-Expires must be 0 to ${LIFETIME_SECONDS} seconds`);
  const age = (now.getTime() - signedAt) / 1000;
  if (age > LIFETIME_SECONDS)
    throw new TokenRefusedError('TokenExpired', `token: it was signed ${Math.floor(age / 60)} minutes ago, and a token lives for 15`);
  if (age < -CLOCK_SKEW_SECONDS) throw new TokenRefusedError('TokenNotYetValid', 'token: it was signed in the future; check the clocks');
}

/** `arn:aws:sts::1:assumed-role/NAME/SESSION` → the role's own ARN and the session; other principals as they are. */
export function principalOf(callerArn: string): { readonly principalArn: string; readonly session: string } {
  const match = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\/(.+)$/.exec(callerArn);
  if (match === null) return { principalArn: callerArn, session: '' };
  const [, partition, account, role, session = ''] = match;
  return { principalArn: `arn:${partition}:iam::${account}:role/${role}`, session };
}
