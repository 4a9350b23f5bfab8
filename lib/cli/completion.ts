import { Argument, type Command } from 'commander';
import { completionScript, SHELLS } from './completion-scripts.ts';
import { readCompletionTree } from './completion-tree.ts';
import type { DefineCommand } from './leaf-command.ts';

/** Completes `program`, with all that is added to it until the command runs. */
export function completionCommand(define: DefineCommand, program: Command): Command {
  return define(
    {
      usage: 'completion',
      description: 'Prints the script that completes commands and options in a shell. It looks up no cluster.',
      examples: [
        ['completion bash', 'prints it for bash; `source <(plumbline completion bash)` in ~/.bashrc loads it'],
        ['completion zsh', 'prints it for zsh; `source <(plumbline completion zsh)` in ~/.zshrc loads it'],
        ['completion fish', 'prints it for fish, as ~/.config/fish/completions/plumbline.fish'],
      ],
    },
    async (run, [name]) => {
      const shell = SHELLS.find((known) => known === name) ?? 'bash';
      const script = completionScript(shell, readCompletionTree(program));
      run.output.lines([{ shell, script }]);
      run.output.text(() => script);
      return 0;
    },
    (command) => command.addArgument(new Argument('<shell>', 'the shell that reads it').choices(SHELLS)),
  );
}
