import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { parseJson } from '../registry/json-text.ts';
import { type RegistryHttp, RegistryHttpError, type RegistryResponse } from './http.ts';

/** What the operator says of a registry. That there is anything makes the registry ours: it may have a private address. */
export interface RegistryAccess {
  readonly username?: string;
  readonly password?: string;
  /** Plain HTTP, for a registry inside our own network. */
  readonly plainHttp?: boolean;
}

export interface OciClientDependencies {
  readonly http: RegistryHttp;
  readonly accessTo: (host: string, signal: AbortSignal) => Promise<RegistryAccess | undefined>;
  readonly clock: Clock;
}

export interface OciRequest {
  readonly method: 'GET' | 'HEAD';
  readonly registry: string;
  readonly repository: string;
  /** Below the repository: `manifests/1.0`. */
  readonly path: string;
  readonly accept: readonly string[];
  readonly maxBytes: number;
}

/** One call of the distribution API, with its challenge answered and its redirects followed. Throws `RegistryHttpError`. */
export type OciClient = (request: OciRequest, signal: AbortSignal) => Promise<RegistryResponse>;

/** Docker Hub serves its images elsewhere than under the name that references have. */
const HUB = { name: 'docker.io', host: 'registry-1.docker.io' };
const MAX_REDIRECTS = 3;
const MAX_TOKEN_BYTES = 64 * 1024;
const TOKEN_MARGIN_SECONDS = 10;
const DEFAULT_PAUSE_SECONDS = 60;
const MAX_PAUSE_SECONDS = 3600;
const REDIRECTS = [301, 302, 303, 307, 308];

const Token = z.object({ token: z.string().optional(), access_token: z.string().optional(), expires_in: z.number().default(60) });

/** Tokens and pauses are kept for as long as the client is. */
export function createOciClient(deps: OciClientDependencies): OciClient {
  const tokens = new Map<string, { readonly authorization: string; readonly expiresAt: number }>();
  const pauses = new Map<string, { readonly until: number; readonly error: RegistryHttpError }>();
  const now = () => deps.clock.now().getTime();

  async function follow(request: OciRequest, access: RegistryAccess | undefined, authorization: string | undefined, signal: AbortSignal) {
    const first = urlOf(request, access);
    let url: URL = first;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const sameOrigin = url.origin === first.origin;
      const headers = { accept: request.accept.join(', '), ...(authorization === undefined || !sameOrigin ? {} : { authorization }) };
      const allowPrivate = sameOrigin && access !== undefined;
      const response = await deps.http({ method: request.method, url, headers, maxBytes: request.maxBytes, allowPrivate }, signal);
      const location = response.headers.location;
      if (!REDIRECTS.includes(response.status) || location === undefined) return response;
      const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      if (
        next === undefined ||
        next.username !== '' ||
        next.password !== '' ||
        (next.protocol !== 'https:' && next.origin !== first.origin)
      ) {
        throw new RegistryHttpError(
          'RedirectRefused',
          `registry ${request.registry}: it redirects to where no registry is asked: only https without credentials is followed.`,
        );
      }
      url = next;
    }
    throw new RegistryHttpError('RedirectRefused', `registry ${request.registry}: it redirects more than ${MAX_REDIRECTS} times.`);
  }

  /** What to send after a 401; undefined where the registry asks for nothing that we have. */
  async function authorise(challenge: string, request: OciRequest, access: RegistryAccess | undefined, signal: AbortSignal) {
    const basic = access?.username === undefined ? undefined : basicAuthorization(access.username, access.password ?? '');
    if (/^basic\b/i.test(challenge)) return basic;
    const fields = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name.toLowerCase(), value]));
    const realm = fields.get('realm') ?? '';
    if (!/^bearer\b/i.test(challenge) || !URL.canParse(realm)) return undefined;
    const url = new URL(realm);
    const own = urlOf(request, access);
    if (url.protocol !== 'https:' && url.origin !== own.origin) {
      throw new RegistryHttpError('RedirectRefused', `registry ${request.registry}: it gives tokens at ${url.host} without TLS.`);
    }
    const service = fields.get('service');
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', `repository:${request.repository}:pull`);
    const allowPrivate = url.host === own.host ? access !== undefined : (await deps.accessTo(url.host, signal)) !== undefined;
    const headers = basic === undefined ? {} : { authorization: basic };
    const response = await deps.http({ method: 'GET', url, headers, maxBytes: MAX_TOKEN_BYTES, allowPrivate }, signal);
    const token = Token.safeParse(parseJson(response.body.toString()));
    const text = token.data?.token ?? token.data?.access_token;
    if (response.status !== 200 || token.data === undefined || text === undefined || !/^[!-~]+$/.test(text)) {
      throw new RegistryHttpError(
        'AccessDenied',
        `registry ${request.registry}: ${url.host} gave no token (HTTP ${response.status}). ${remedy(access)}`,
      );
    }
    const authorization = `Bearer ${text}`;
    tokens.set(tokenKey(request), { authorization, expiresAt: now() + (token.data.expires_in - TOKEN_MARGIN_SECONDS) * 1000 });
    return authorization;
  }

  async function answer(request: OciRequest, signal: AbortSignal): Promise<RegistryResponse> {
    const { registry } = request;
    const access = await deps.accessTo(registry, signal);
    const known = tokens.get(tokenKey(request));
    const authorization = known !== undefined && known.expiresAt > now() ? known.authorization : undefined;
    let response = await follow(request, access, authorization, signal);
    if (response.status === 401) {
      const granted = await authorise(response.headers['www-authenticate'] ?? '', request, access, signal);
      if (granted !== undefined) response = await follow(request, access, granted, signal);
    }
    if (response.status === 429) {
      const seconds = Number(response.headers['retry-after']);
      const pause = Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, MAX_PAUSE_SECONDS) : DEFAULT_PAUSE_SECONDS;
      const error = new RegistryHttpError(
        'TooManyRequests',
        `registry ${registry}: it asked to be left alone for ${pause} seconds (HTTP 429).`,
      );
      pauses.set(registry, { until: now() + pause * 1000, error });
      throw error;
    }
    if (response.status === 401 || response.status === 403) {
      throw new RegistryHttpError(
        'AccessDenied',
        `registry ${registry}: it refuses repository ${request.repository} (HTTP ${response.status}). ${remedy(access)}`,
      );
    }
    return response;
  }

  return async (request, signal) => {
    const { registry } = request;
    const pause = pauses.get(registry);
    if (pause !== undefined && pause.until > now()) throw pause.error;
    try {
      return await answer(request, signal);
    } catch (error) {
      // A registry that is down is not waited for once an image.
      if (error instanceof RegistryHttpError && error.reason === 'RegistryUnreachable') {
        pauses.set(registry, { until: now() + DEFAULT_PAUSE_SECONDS * 1000, error });
      }
      throw error;
    }
  };
}

function urlOf({ registry, repository, path }: OciRequest, access: RegistryAccess | undefined): URL {
  const host = registry === HUB.name ? HUB.host : registry;
  return new URL(`${access?.plainHttp === true ? 'http' : 'https'}://${host}/v2/${repository}/${path}`);
}

function tokenKey({ registry, repository }: OciRequest): string {
  return `${registry}/${repository}`;
}

function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function remedy(access: RegistryAccess | undefined): string {
  return access === undefined
    ? 'Give it a secret with a username and a password (DEPLOYMENT/registry/HOST).'
    : 'Check the username and the password in its secret.';
}
