import { createHash } from 'node:crypto';
import { PlumblineError } from '../errors.ts';
import type { ImageReference } from './types.ts';

const MAX_REFERENCE_LENGTH = 1024;
const MAX_REPOSITORY_LENGTH = 255;
const MAX_SHOWN_LENGTH = 500;

const DEFAULT_REGISTRY = 'docker.io';
const LEGACY_DEFAULT_REGISTRY = 'index.docker.io';

const REGISTRY =
  /^(?:(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])(?:\.(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]))*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
/** What is meant as a digest, well formed or not; anything else that follows an `@` may be the host after credentials. */
const DIGEST_LIKE = /^(?:sha|md|blake)[0-9a-z]*:/i;
/** A bare image id: it names local bytes on one node, never something in a registry. */
const IMAGE_ID = /^[0-9a-f]{64}$/;

/** An image reference that the distribution grammar does not accept. The message shows neither credentials nor raw control characters. */
export class ImageReferenceError extends PlumblineError {
  constructor(message: string) {
    super('InvalidImageReference', message);
  }
}

/**
 * Parses an image reference by the distribution grammar, with the defaults that container runtimes apply (`docker.io`, `library/`).
 * A missing tag stays missing: `tag` is what was written. Never throws: a reference that is not accepted comes back as the error.
 */
export function parseImageReference(text: string): ImageReference | ImageReferenceError {
  if (text === '') return refused(text, 'is empty', 'write REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@sha256:…');
  if (text.length > MAX_REFERENCE_LENGTH)
    return refused(text, `has ${text.length} characters`, `at most ${MAX_REFERENCE_LENGTH} are accepted`);
  if (!/^[!-~]+$/.test(text)) return refused(text, 'has spaces, control or non-ASCII characters', 'remove them');
  if (text.includes('://')) return refused(text, 'begins with a URL scheme', 'write it without the scheme');
  if (credentialsEnd(text) >= 0) {
    return refused(
      text,
      'has something before an @ that is not followed by a digest',
      'credentials belong in an imagePullSecret, a digest is sha256:…',
    );
  }
  if (IMAGE_ID.test(text)) return refused(text, 'is a bare image id', 'name the repository: REPOSITORY@sha256:…');

  const at = text.indexOf('@');
  const named = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const { registry, remainder } = splitRegistry(named);
  const colon = remainder.indexOf(':');
  const path = colon < 0 ? remainder : remainder.slice(0, colon);
  const tag = colon < 0 ? undefined : remainder.slice(colon + 1);
  const repository = registry === DEFAULT_REGISTRY && !path.includes('/') ? `library/${path}` : path;

  if (!REGISTRY.test(registry)) return refused(text, 'has a registry that is not a host name', 'a registry is HOST or HOST:PORT');
  if (path !== path.toLowerCase()) return refused(text, 'has upper-case letters in its repository', 'repositories are lower case');
  if (!path.split('/').every((component) => PATH_COMPONENT.test(component))) {
    return refused(
      text,
      'has a repository that is not well formed',
      'it is a-z and 0-9, with single . _ - between them, parts separated by /',
    );
  }
  if (repository.length > MAX_REPOSITORY_LENGTH) {
    return refused(text, `has a repository of ${repository.length} characters`, `at most ${MAX_REPOSITORY_LENGTH} are accepted`);
  }
  if (tag !== undefined && !TAG.test(tag)) {
    return refused(
      text,
      'has a tag that is not well formed',
      'a tag is at most 128 letters, digits, _ . and -, and does not begin with . or -',
    );
  }
  if (digest !== undefined && !DIGEST.test(digest)) {
    return refused(
      text,
      'has a digest that is not well formed',
      'a digest is sha256: and 64 lower-case hexadecimal digits (or sha384, sha512)',
    );
  }
  return { text, registry, repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/**
 * The reference as it may be shown, stored and used in a key: without credentials, control characters escaped, and at most 500 characters,
 * where the end of a longer one is a hash of it.
 */
export function printableReference(text: string): string {
  const end = credentialsEnd(text);
  const shown = end < 0 ? text : `***${text.slice(end)}`;
  const escaped = shown.replace(/[^!-~ ]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  if (escaped.length <= MAX_SHOWN_LENGTH) return escaped;
  const hash = createHash('sha256').update(escaped).digest('hex').slice(0, 16);
  return `${escaped.slice(0, MAX_SHOWN_LENGTH - 17)}…${hash}`;
}

/** The tag that a reference names, written or not. */
export function tagOf(reference: ImageReference): string {
  return reference.tag ?? 'latest';
}

function splitRegistry(name: string): { readonly registry: string; readonly remainder: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isRegistry = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  if (slash < 0 || (!isRegistry && slash > 0)) return { registry: DEFAULT_REGISTRY, remainder: name };
  return { registry: first === LEGACY_DEFAULT_REGISTRY ? DEFAULT_REGISTRY : first, remainder: name.slice(slash + 1) };
}

/** Where the last `@` is that is not the one before a digest; -1 when there is none. */
function credentialsEnd(text: string): number {
  const last = text.lastIndexOf('@');
  return last >= 0 && DIGEST_LIKE.test(text.slice(last + 1)) ? text.slice(0, last).lastIndexOf('@') : last;
}

function refused(text: string, problem: string, remedy: string): ImageReferenceError {
  return new ImageReferenceError(`image reference "${printableReference(text)}" ${problem}; ${remedy}.`);
}
