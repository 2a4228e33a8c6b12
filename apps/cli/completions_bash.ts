import {
  classicNames,
  type CompletedCommand,
  type CompletedFlag,
  type Completion,
} from "./completion_model.ts";

/** How the script finds out what to complete. The tables above it are made from the commands. */
const ENGINE = String.raw`
# Adds what $kind and $words say of $current to the offers.
_flowtools_offer() {
  local head= word
  case $kind in
  words)
    COMPREPLY+=($(compgen -W "$words" -- "$current"))
    ;;
  list)
    [[ $current == *,* ]] && head=${"$"}{current%,*},
    for word in $(compgen -W "$words" -- "${"$"}{current##*,}"); do
      # What is in the list already is not offered again.
      [[ ,$head == *,$word,* ]] || COMPREPLY+=("$head$word")
    done
    compopt -o nospace 2>/dev/null
    ;;
  files | directories)
    local IFS=$'\n'
    if [[ $kind == files ]]; then
      COMPREPLY+=($(compgen -f -- "$current"))
    else
      COMPREPLY+=($(compgen -d -- "$current"))
    fi
    compopt -o filenames 2>/dev/null
    ;;
  esac
}

_flowtools() {
  local current=${"$"}{COMP_WORDS[COMP_CWORD]} before=${"$"}{COMP_WORDS[COMP_CWORD-1]}
  local program=${"$"}{COMP_WORDS[0]##*/} command flags=1 at=1 kind= words= either=
  local IFS=$' \t\n'
  COMPREPLY=()
  # bash breaks --name=value into three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $before == = ]] && ((COMP_CWORD > 1)); then
    before=${"$"}{COMP_WORDS[COMP_CWORD-2]}
  fi
  if [[ $program == flow-* ]]; then
    command=${"$"}{program#flow-}
  elif ((COMP_CWORD == 1)); then
    kind=words words=$_flowtools_commands
    _flowtools_offer
    return
  else
    command=${"$"}{COMP_WORDS[1]} at=2
  fi
  for (( ; at < COMP_CWORD; at++)); do
    # Behind this there are no flags.
    [[ ${"$"}{COMP_WORDS[at]} == -- ]] && flags=0
  done
  if ((flags)); then
    _flowtools_value "$command" "$before"
    if [[ $kind ]]; then
      _flowtools_offer
      # A value that need not be there may be a flag or an operand as well.
      [[ $either ]] || return 0
      kind= words=
    fi
    if [[ $current == -* ]]; then
      _flowtools_flags "$command"
      kind=words
      _flowtools_offer
      return
    fi
  fi
  _flowtools_operand "$command"
  _flowtools_offer
}
`;

/**
 * The script by which bash completes calls.
 *
 * @param commands What there is to complete
 */
export function bashCompletions(commands: readonly CompletedCommand[]): string {
  const flags = commands.map(({ name, flags }) =>
    `  ${name}) words=${quoted(flags.flatMap(({ names }) => names).join(" "))} ;;`
  );
  const values = commands.flatMap(({ name, flags }) =>
    flags.flatMap((flag) => valueCase(name, flag))
  );
  const operands = commands.map(({ name, operands }) => `  ${name}) ${completion(operands)} ;;`);
  return [
    "_flowtools_commands=" + quoted(commands.map(({ name }) => name).join(" ")),
    "",
    caseFunction("_flowtools_flags", "$1", flags),
    caseFunction("_flowtools_value", "$1 $2", values),
    caseFunction("_flowtools_operand", "$1", operands),
  ].join("\n") + ENGINE +
    `\ncomplete -F _flowtools flowtools ${classicNames(commands).join(" ")}\n`;
}

function caseFunction(name: string, word: string, rows: readonly string[]): string {
  return `${name}() {\n  case "${word}" in\n${rows.join("\n")}\n  esac\n}\n`;
}

function valueCase(command: string, { names, value, optional }: CompletedFlag): string[] {
  if (value === undefined) return [];
  const either = optional ? " either=1" : "";
  // A letter has no value where there need not be one.
  const valued = optional ? names.filter((name) => name.startsWith("--")) : names;
  const patterns = valued.map((name) => quoted(`${command} ${name}`)).join(" | ");
  return [`  ${patterns}) ${completion(value)}${either} ;;`];
}

function completion(value: Completion): string {
  if (!("words" in value)) return `kind=${value.kind}`;
  return `kind=${value.kind} words=${quoted(value.words.map(([word]) => word).join(" "))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
