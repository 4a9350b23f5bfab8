import { stringifyJson } from '../manifests/json.ts';
import type { Terminal } from './terminal.ts';

/**
 * What a command prints on standard output: JSON Lines with `--json` and nothing else there, or text for people. A command offers both and
 * the flag chooses, so that neither can leak into the other.
 */
export interface Output {
  /** One JSON line a value. */
  lines(values: readonly object[]): void;
  /** Text for people; the function is not called with `--json`. */
  text(render: () => string): void;
}

export function createOutput(terminal: Terminal, json: boolean): Output {
  return {
    lines: (values) => {
      if (json) for (const value of values) terminal.out(`${stringifyJson(value)}\n`);
    },
    text: (render) => {
      if (!json) terminal.out(render());
    },
  };
}
