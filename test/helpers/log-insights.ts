/** A JSON log line; its time is that of the log event, which the lines of our functions carry as `at` or `timestamp`. */
export type LogLine = Readonly<Record<string, unknown>>;

/**
 * The part of Logs Insights that our saved queries speak, over lines in memory: `fields`, `filter` of equalities joined by `and`,
 * `sort FIELD asc|desc`, `limit`, and `stats count(*)|count_distinct(F)|latest(F) as NAME, … by FIELD`. Anything else throws, so that a query
 * that is not understood cannot pass.
 */
export function runQuery(commands: readonly string[], lines: readonly LogLine[]): readonly LogLine[] {
  return commands.reduce((rows, command) => runCommand(command, rows), lines);
}

function runCommand(command: string, rows: readonly LogLine[]): readonly LogLine[] {
  const [, verb = '', rest = ''] = /^(\w+) (.+)$/s.exec(command) ?? [];
  switch (verb) {
    case 'fields':
      // Insights shows the named fields, and later commands may still use the others.
      return rows;
    case 'filter':
      return rows.filter(predicateOf(rest));
    case 'sort':
      return sorted(rest, rows);
    case 'limit':
      return rows.slice(0, Number(rest));
    case 'stats':
      return aggregated(rest, rows);
    default:
      throw new Error(`log query: the command ${JSON.stringify(command)} is not understood`);
  }
}

function predicateOf(text: string): (line: LogLine) => boolean {
  const conditions = text.split(' and ').map((condition) => {
    const [, field, value] = /^([\w.@]+) = "([^"]*)"$/.exec(condition) ?? [];
    if (field === undefined || value === undefined)
      throw new Error(`log query: the condition ${JSON.stringify(condition)} is not understood`);
    return (line: LogLine) => valueAt(line, field) === value;
  });
  return (line) => conditions.every((holds) => holds(line));
}

function sorted(text: string, rows: readonly LogLine[]): readonly LogLine[] {
  const [, field, direction] = /^([\w.@]+) (asc|desc)$/.exec(text) ?? [];
  if (field === undefined) throw new Error(`log query: the order ${JSON.stringify(text)} is not understood`);
  const sign = direction === 'desc' ? -1 : 1;
  return rows.toSorted((a, b) => sign * compare(valueAt(a, field), valueAt(b, field)));
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en');
}

function aggregated(text: string, rows: readonly LogLine[]): readonly LogLine[] {
  const [, list = '', by] = /^(.+) by ([\w.@]+)$/.exec(text) ?? [];
  if (by === undefined) throw new Error(`log query: the statistics ${JSON.stringify(text)} are not understood`);
  const aggregates = list.split(', ').map(aggregateOf);
  return [...Map.groupBy(rows, (row) => valueAt(row, by))].map(([key, group]) => ({
    [by]: key,
    ...Object.fromEntries(aggregates.map(({ name, of }) => [name, of(group)])),
  }));
}

function aggregateOf(text: string): { readonly name: string; readonly of: (rows: readonly LogLine[]) => unknown } {
  const [, call, field = '', name = ''] = /^(count|count_distinct|latest)\(([\w.@*]+)\) as (\w+)$/.exec(text) ?? [];
  switch (call) {
    case 'count':
      return { name, of: (rows) => rows.length };
    case 'count_distinct':
      return { name, of: (rows) => new Set(rows.map((row) => valueAt(row, field))).size };
    case 'latest':
      return { name, of: (rows) => valueAt(sorted('@timestamp desc', rows)[0] ?? {}, field) };
    default:
      throw new Error(`log query: the aggregate ${JSON.stringify(text)} is not understood`);
  }
}

/** `actor.manager`, `changes.0.path`; `@timestamp` is when the line was written. */
function valueAt(line: LogLine, field: string): unknown {
  if (field === '@timestamp') return line['@timestamp'] ?? line.at ?? line.timestamp;
  return field
    .split('.')
    .reduce<unknown>((value, part) => (typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined), line);
}
