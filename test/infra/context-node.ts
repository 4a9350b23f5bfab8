import { type Node, RootConstruct } from 'constructs';

/** A node with this context, as the app's own has it, without an app: that would make a folder for its output. */
export function nodeWith(context: Readonly<Record<string, unknown>>): Node {
  const { node } = new RootConstruct();
  for (const [key, value] of Object.entries(context)) node.setContext(key, value);
  return node;
}
