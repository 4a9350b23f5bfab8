/** Plain HTTP and file URLs are for the local environment; whether they are allowed here is the source stage's to say. */
const PROTOCOLS: ReadonlySet<string> = new Set(['https:', 'http:', 'file:']);

/** The URL as it is written, without trailing slashes; undefined when it is none that a row may have. */
export function parseRepository(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || text.length > 2048 || /[\s\p{Cc}]/u.test(text)) return undefined;
  if (!PROTOCOLS.has(url.protocol) || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  if (url.protocol !== 'file:' && url.pathname.replaceAll('/', '') === '') return undefined;
  return text.replace(/\/+$/, '');
}

/** A folder without leading or trailing slash, `.` for the root; undefined when it would leave the repository. */
export function parsePath(text: string): string | undefined {
  if (/[\p{Cc}\\]/u.test(text)) return undefined;
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (text === '' || parts.includes('..') || parts.includes('.git')) return undefined;
  return parts.length === 0 ? '.' : parts.join('/');
}

/** `team=shop,tier=1`; undefined when a part is no pair or a key comes twice. */
export function parseLabels(text: string): Readonly<Record<string, string>> | undefined {
  const labels = new Map<string, string>();
  for (const part of text.split(',')) {
    const pair = /^\s*([A-Za-z0-9][\w./-]{0,62})\s*=\s*([\w./-]{0,63})\s*$/.exec(part);
    const [, key, value] = pair ?? [];
    if (key === undefined || value === undefined || labels.has(key)) return undefined;
    labels.set(key, value);
  }
  return Object.fromEntries(labels);
}
