import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { Agent, request } from 'undici';
import { PlumblineError } from '../../errors.ts';
import { isLinkLocalAddress, isPrivateAddress } from './private-address.ts';

const TIMEOUT_MS = 15_000;

/** A registry could not be reached, or what it answered is not read. */
export class RegistryHttpError extends PlumblineError {}

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A longer body is refused. */
  readonly maxBytes: number;
  /** Whether the host may have an address inside our network; link-local ones are refused all the same. */
  readonly allowPrivate: boolean;
}

export interface RegistryResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** One request, bounded in size and time, that follows no redirect. Throws `RegistryHttpError`, and what the signal aborts with. */
export type RegistryHttp = (request: RegistryRequest, signal: AbortSignal) => Promise<RegistryResponse>;

/** Addresses are checked where the connection is made, so that no second look at DNS can differ from the first. */
export function createRegistryHttp(): RegistryHttp {
  const agents = {
    public: new Agent({ connect: { lookup: checkedLookup(isPrivateAddress) } }),
    any: new Agent({ connect: { lookup: checkedLookup(isLinkLocalAddress) } }),
  };
  return async ({ method, url, headers, maxBytes, allowPrivate }, signal) => {
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    const isRefused = allowPrivate ? isLinkLocalAddress : isPrivateAddress;
    if (isIP(literal) !== 0 && isRefused(literal)) throw refused(url.host);
    try {
      const response = await request(url, {
        method,
        headers,
        dispatcher: allowPrivate ? agents.any : agents.public,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of response.body) {
        const bytes = Buffer.from(chunk);
        size += bytes.length;
        if (size > maxBytes) {
          throw new RegistryHttpError(
            'AnswerTooLarge',
            `registry ${url.host}: its answer has more than ${maxBytes} bytes, which are not read.`,
          );
        }
        chunks.push(bytes);
      }
      const flat = Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value] as const);
      return { status: response.statusCode, headers: Object.fromEntries(flat), body: Buffer.concat(chunks) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RegistryHttpError) throw error;
      const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      throw new RegistryHttpError('RegistryUnreachable', `registry ${url.host}: it cannot be reached (${cause.slice(0, 200)}).`, {
        cause: error,
      });
    }
  };
}

function checkedLookup(isRefused: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const [first] = addresses;
      if (first === undefined || addresses.some(({ address }) => isRefused(address))) return callback(refused(hostname), '');
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function refused(host: string): RegistryHttpError {
  return new RegistryHttpError(
    'PrivateAddress',
    `registry ${host}: it has an address inside a private network. If it is yours, give it a secret (DEPLOYMENT/registry/HOST), which says so; link-local addresses are never asked.`,
  );
}
