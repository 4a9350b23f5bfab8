import type { CompletedOption, CompletionNode, ValueKind } from './completion-tree.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * The script that completes a command in a shell. It holds all that it completes, so that no key starts a process, asks AWS or reads a table;
 * the names of clusters are not in it.
 */
export function completionScript(shell: Shell, nodes: readonly CompletionNode[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](nodes, nodes[0]?.path ?? '');
}

/** The walk over the words before the cursor: which command they name, and what the last of them waits for. Bash and zsh read it alike. */
function walk(nodes: readonly CompletionNode[], indent: string): string {
  const cases = [
    ...nodes.flatMap(({ path, commands }) => commands.map(({ word }) => `${quote(`${path} ${word}`)}) at=${quote(`${path} ${word}`)} ;;`)),
    ...nodes.flatMap(({ path, options }) =>
      options
        .filter(({ value }) => value !== 'none')
        .map(({ flags, value }) => `${flags.map((flag) => quote(`${path} ${flag}`)).join('|')}) value=${value} ;;`),
    ),
  ];
  return cases.map((line) => `${indent}${line}`).join('\n');
}

function bashScript(nodes: readonly CompletionNode[], name: string): string {
  const words = nodes.map(({ path, commands, choices, options }) => {
    const names = [...commands.map(({ word }) => word), ...choices].join(' ');
    return `    ${quote(path)}) names=${quote(names)} options=${quote(options.flatMap(({ flags }) => flags).join(' '))} ;;`;
  });
  return `# Completion of ${name} in bash. In ~/.bashrc: source <(${name} completion bash)
_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at=${quote(name)} value= names= options= word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # bash takes --option=value apart
    if [[ $word == = ]]; then continue; fi
    if [[ -n $value ]]; then value=; continue; fi
    case "$at $word" in
${walk(nodes, '      ')}
    esac
  done
  if [[ $cur == = ]]; then cur=; fi
  local IFS=$'\\n'
  COMPREPLY=()
  case $value in
    directory) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")); return ;;
    file) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return ;;
    text) return ;;
  esac
  case $at in
${words.join('\n')}
  esac
  if [[ $cur == -* || -z $names ]]; then names=$options; fi
  IFS=$' \\n'
  COMPREPLY=($(compgen -W "$names" -- "$cur"))
}
complete -F _${name} ${name}
`;
}

function zshScript(nodes: readonly CompletionNode[], name: string): string {
  const words = nodes.map(({ path, commands, choices, options }) => {
    const names = [...commands.map(({ word, description }) => quote(`${word}:${description}`)), ...choices.map(quote)];
    const described = options.flatMap(({ flags, description }) => flags.map((flag) => quote(`${flag}:${description}`)));
    return `    ${quote(path)})\n      names=(${names.join(' ')})\n      options=(${described.join(' ')}) ;;`;
  });
  return `#compdef ${name}
# Completion of ${name} in zsh. In ~/.zshrc, after compinit: source <(${name} completion zsh)
_${name}() {
  local at=${quote(name)} value= word
  local -a names options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $value ]]; then value=; continue; fi
    case "$at $word" in
${walk(nodes, '      ')}
    esac
  done
  case $value in
    directory) _files -/; return ;;
    file) _files; return ;;
    text) _message value; return ;;
  esac
  case $at in
${words.join('\n')}
  esac
  if [[ $PREFIX == -* || $#names -eq 0 ]]; then _describe -o option options; else _describe command names; fi
}
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

const FISH_VALUES: Readonly<Record<ValueKind, string>> = {
  none: '',
  text: ' -x',
  file: ' -r -F',
  directory: " -x -a '(__fish_complete_directories)'",
};

function fishScript(nodes: readonly CompletionNode[], name: string): string {
  const commands = nodes.flatMap(({ path, commands: words }) => words.map(({ word }) => `${path} ${word}`));
  const taking = nodes.flatMap(({ path, options }) =>
    options.filter(({ value }) => value !== 'none').flatMap(({ flags }) => flags.map((flag) => `${path} ${flag}`)),
  );
  const lines = nodes.flatMap(({ path, commands: words, choices, options }) => {
    const start = `complete -c ${name} -n ${fishQuote(`__${name}_at ${fishQuote(path)}`)}`;
    return [
      ...words.map(({ word, description }) => `${start} -a ${fishQuote(word)} -d ${fishQuote(description)}`),
      ...choices.map((choice) => `${start} -a ${fishQuote(choice)}`),
      ...options.map((option) => `${start} ${fishFlags(option)} -d ${fishQuote(option.description)}`),
    ];
  });
  return `# Completion of ${name} in fish. Once: ${name} completion fish > ~/.config/fish/completions/${name}.fish
function __${name}_at
  set -l at ${fishQuote(name)}
  set -l value ''
  set -l tokens (commandline -opc)
  for word in $tokens[2..-1]
    if test -n "$value"
      set value ''
      continue
    end
    switch "$at $word"
      case ${commands.map(fishQuote).join(' ')}
        set at "$at $word"
      case ${taking.map(fishQuote).join(' ')}
        set value text
    end
  end
  test "$at" = "$argv[1]"
end
complete -c ${name} -f
${lines.join('\n')}
`;
}

function fishFlags({ flags, value }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${fishQuote(flag.slice(2))}` : `-s ${fishQuote(flag.slice(1))}`));
  return `${names.join(' ')}${FISH_VALUES[value]}`;
}

/** A word of bash and zsh. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
