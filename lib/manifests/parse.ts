import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  Parser,
  type Scalar,
  type YAMLParseError,
} from 'yaml';
import type { JsonObject, JsonValue } from './json.ts';
import { resolveScalar } from './yaml-scalars.ts';

/** One document of a file: its value, or why it cannot be read. `line` counts from 1 in the file. */
export type ManifestDocument = { readonly line: number; readonly value: JsonValue } | { readonly line: number; readonly problem: string };

export const MAX_MANIFEST_BYTES = 20 * 1024 * 1024;
const MAX_DEPTH = 200;
const TOO_DEEP = `it is nested deeper than ${MAX_DEPTH} levels`;
/** Nodes that aliases may add to a document: ten times what a large CRD has. */
const MAX_ALIASED_NODES = 200_000;
/** Of one document: its tree takes more than a kilobyte for each line or list item. */
const MAX_LINES_AND_COMMAS = 300_000;

/**
 * Reads YAML or JSON as kubectl reads it (see `resolveScalar`), but strictly: a duplicate key is a problem of its document. Empty documents
 * are left out; a document with a problem does not stop the others. Nothing is thrown, whatever the text holds.
 */
export function parseManifests(text: string): readonly ManifestDocument[] {
  if (Buffer.byteLength(text) > MAX_MANIFEST_BYTES) {
    return [{ line: 1, problem: `the file has more than ${MAX_MANIFEST_BYTES / 1024 / 1024} MB; split it` }];
  }
  const tooLong = lineOfTooLong(text);
  if (tooLong !== undefined) {
    return [{ line: tooLong, problem: `the document has more than ${MAX_LINES_AND_COMMAS} lines and list items; split it` }];
  }
  const lines = new LineCounter();
  const documents: ManifestDocument[] = [];
  try {
    for (const document of composeDocuments(text, lines)) {
      const read = readDocument(document, lines);
      if (read !== undefined) documents.push(read);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    documents.push({ line: 1, problem: TOO_DEEP });
  }
  return documents;
}

const COMMA = 44;
const NEWLINE = 10;

/** Where the first document begins whose tree might not fit into memory, found without making one. */
function lineOfTooLong(text: string): number | undefined {
  if (text.length <= MAX_LINES_AND_COMMAS) return undefined;
  let line = 1;
  let start = 1;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== COMMA && code !== NEWLINE) continue;
    if (++count > MAX_LINES_AND_COMMAS) return start;
    if (code === COMMA) continue;
    line++;
    if (text.startsWith('---', at + 1)) {
      start = line;
      count = 0;
    }
  }
  return undefined;
}

/** One document at a time: the tree of a whole file can take two hundred times its size. */
function* composeDocuments(text: string, lines: LineCounter): Generator<Document.Parsed> {
  // Every scalar stays a string in this schema: what it means is resolved here, since no schema of the package reads as kubectl does.
  const composer = new Composer({
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'silent',
  });
  for (const token of new Parser(lines.addNewLine).parse(text)) yield* composer.next(token);
  yield* composer.end();
}

function readDocument(document: Document.Parsed, lines: LineCounter): ManifestDocument | undefined {
  const lineAt = (offset: number | undefined) => Math.max(1, lines.linePos(offset ?? 0).line);
  const [error] = document.errors;
  if (error !== undefined) {
    return { line: lineAt(error.pos[0]), problem: problemOf(error) };
  }
  const reader = new NodeReader(document);
  try {
    const value = reader.read(document.contents, 0);
    if (value === null) return undefined;
    return { line: lineAt(document.contents?.range?.[0]), value };
  } catch (problem) {
    if (!(problem instanceof NodeProblem)) throw problem;
    return { line: lineAt(problem.offset), problem: problem.message };
  }
}

/** In words that repeat nothing of the text, which may be a Secret's. */
function problemOf({ code, message }: YAMLParseError): string {
  if (code === 'RESOURCE_EXHAUSTION') return TOO_DEEP;
  if (code === 'BAD_DQ_ESCAPE') return 'Invalid escape sequence in a double-quoted text';
  return code === 'UNEXPECTED_TOKEN' ? message.replace(/: .*$/s, '') : message;
}

class NodeProblem extends Error {
  readonly offset: number | undefined;

  constructor(node: unknown, message: string) {
    super(message);
    this.offset = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
  }
}

/** Turns the nodes of one document into JSON. */
class NodeReader {
  readonly #document: Document.Parsed;
  #aliasedNodes = 0;
  #insideAlias = 0;

  constructor(document: Document.Parsed) {
    this.#document = document;
  }

  read(node: unknown, depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw new NodeProblem(node, TOO_DEEP);
    if (this.#insideAlias > 0 && ++this.#aliasedNodes > MAX_ALIASED_NODES) {
      throw new NodeProblem(node, `its aliases expand to more than ${MAX_ALIASED_NODES} values`);
    }
    if (isAlias(node)) return this.#throughAlias(node, (target) => this.read(target, depth + 1));
    if (isMap(node)) return this.#readMap(node.items, depth);
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1));
    if (isScalar(node)) return readScalar(node);
    return null;
  }

  #throughAlias<T>(node: unknown, read: (target: unknown) => T): T {
    if (!isAlias(node)) return read(node);
    const target = node.resolve(this.#document);
    if (target === undefined) throw new NodeProblem(node, 'an alias has no anchor before it');
    this.#insideAlias++;
    try {
      return read(target);
    } finally {
      this.#insideAlias--;
    }
  }

  #readMap(pairs: readonly Pair[], depth: number): JsonObject {
    const map = new Map<string, JsonValue>();
    const merged: unknown[] = [];
    for (const pair of pairs) {
      if (isMergeKey(pair.key)) {
        merged.push(pair.value);
        continue;
      }
      const key = this.#readKey(pair.key, depth);
      if (map.has(key)) throw new NodeProblem(pair.key, `the key "${shorten(key)}" is there twice in one map`);
      map.set(key, this.read(pair.value, depth + 1));
    }
    for (const source of merged) this.#merge(source, map, depth);
    // From entries, so that a key named `__proto__` is a key like any other.
    return Object.fromEntries(map);
  }

  #readKey(key: unknown, depth: number): string {
    const value = this.read(key, depth + 1);
    if (typeof value === 'object')
      throw new NodeProblem(key, `a key must be a string, a number or a boolean, not ${value === null ? 'null' : 'a collection'}`);
    return String(value);
  }

  #merge(source: unknown, into: Map<string, JsonValue>, depth: number): void {
    this.#throughAlias(source, (target) => {
      if (isSeq(target)) {
        for (const item of target.items) this.#merge(item, into, depth + 1);
        return;
      }
      if (!isMap(target)) throw new NodeProblem(source, 'a merge key (<<) takes a map or a list of maps');
      for (const [key, value] of Object.entries(this.#readMap(target.items, depth + 1))) {
        if (value !== undefined && !into.has(key)) into.set(key, value);
      }
    });
  }
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

function readScalar(node: Scalar): JsonValue {
  const text = typeof node.value === 'string' ? node.value : '';
  const tag = node.tag?.replace('tag:yaml.org,2002:', '!!');
  if (tag === undefined) return node.type === 'PLAIN' ? jsonScalar(node, text) : text;
  if (tag === '!!binary') return Buffer.from(text, 'base64').toString('utf8');
  const expected = TAGGED[tag];
  if (expected === undefined) return text;
  const value = jsonScalar(node, text);
  if (!expected(value)) throw new NodeProblem(node, `the value is not what its tag ${tag} says`);
  return value;
}

const TAGGED: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  '!!int': (value) => typeof value === 'bigint' || Number.isInteger(value),
  '!!float': (value) => typeof value === 'number' || typeof value === 'bigint',
  '!!bool': (value) => typeof value === 'boolean',
  '!!null': (value) => value === null,
};

function jsonScalar(node: Scalar, text: string): JsonValue {
  const value = resolveScalar(text);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new NodeProblem(node, `${text} is a number that JSON cannot hold; quote it if it is text`);
  return value;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
