import { posix } from 'node:path';

/**
 * What Helm said of charts, with template paths as in the repository and without values, which may be secrets. Undefined when
 * none of it is Helm's.
 */
export function helmWords(stderr: string, root: string, folderOf: (chart: string) => string): string | undefined {
  const lines = stderr
    .replaceAll(`${root}/`, '')
    .replaceAll(root, '.')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(Use --debug|level=|WARNING|walk\.go)/.test(line));
  const start = lines.findIndex((line) => /^(error: )?Error: /.test(line));
  if (start < 0) return undefined;
  const text = lines
    .slice(start)
    .join(' ')
    .replace(/^(error: )?Error: /, '')
    .replace(/\s*: unable to run: '.*$/, '')
    // Schemas and parsers quote the value that they do not like.
    .replace(/'(?:[^'\\]|\\.)*' (does not match|is not valid|is not a valid)/g, '… $1')
    .replace(/parsing "(?:[^"\\]|\\.)*"/g, 'parsing …')
    .replace(/(strconv\.\w+): (?!parsing)\S+/g, '$1: …');
  return withTemplatePaths(text, folderOf).slice(0, 1000);
}

/** `web/templates/a.yaml:3:5` of chart `web` → `apps/web/templates/a.yaml:3:5`. */
function withTemplatePaths(text: string, folderOf: (chart: string) => string): string {
  return text.replace(
    /(?<![\w./-])([\w.-]+)\/((?:charts\/[\w.-]+\/)*templates\/)/g,
    (_match, chart: string, rest: string) => `${posix.join(folderOf(chart), rest)}`,
  );
}
