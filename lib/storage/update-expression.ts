export interface UpdateExpression {
  readonly UpdateExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

/** An update that sets each attribute, or removes it where the value is null; what is undefined is left alone. At least one is needed. */
export function updateExpression(changes: Readonly<Record<string, unknown>>): UpdateExpression {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const sets: string[] = [];
  const removes: string[] = [];
  for (const [index, [name, value]] of Object.entries(changes).entries()) {
    if (value === undefined) continue;
    names[`#n${index}`] = name;
    if (value === null) {
      removes.push(`#n${index}`);
    } else {
      values[`:v${index}`] = value;
      sets.push(`#n${index} = :v${index}`);
    }
  }
  const clauses = [...(sets.length > 0 ? [`SET ${sets.join(', ')}`] : []), ...(removes.length > 0 ? [`REMOVE ${removes.join(', ')}`] : [])];
  return {
    UpdateExpression: clauses.join(' '),
    ExpressionAttributeNames: names,
    ...(sets.length > 0 ? { ExpressionAttributeValues: values } : {}),
  };
}
