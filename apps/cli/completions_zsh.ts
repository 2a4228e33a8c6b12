import {
  type Candidate,
  classicNames,
  type CompletedCommand,
  type CompletedFlag,
  type Completion,
} from "./completion_model.ts";

/**
 * The script by which zsh completes calls: a file `_flowtools` in a folder of `$fpath`, or sourced.
 *
 * @param commands What there is to complete
 */
export function zshCompletions(commands: readonly CompletedCommand[]): string {
  const names = ["flowtools", ...classicNames(commands)].join(" ");
  const rows = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  return `#compdef ${names}

_flowtools() {
  local command
  local -a commands
  commands=(
${rows.join("\n")}
  )
  if [[ $service == flow-* ]]; then
    command=\${service#flow-}
  elif ((CURRENT == 2)); then
    _describe -t commands command commands
    return
  else
    command=$words[2]
    shift words
    ((CURRENT--))
  fi
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}

if [[ $funcstack[1] == _flowtools ]]; then
  _flowtools "$@"
else
  compdef _flowtools ${names}
fi
`;
}

function commandCase({ name, flags, operands }: CompletedCommand): string {
  const specs = [
    ...flags.flatMap(flagSpecs),
    ...(operands.kind === "nothing"
      ? []
      : [quoted(`${operands.kind === "words" ? "1" : "*"}:operand:${action(operands)}`)]),
  ];
  return `  ${name})\n    _arguments -s -S : ${specs.join(" \\\n      ")}\n    ;;`;
}

function flagSpecs({ names, flag, value, optional }: CompletedFlag): string[] {
  const once = flag.repeated ? "'*'" : quoted(`(${names.join(" ")})`);
  const spec = (written: readonly string[], values: string): string => {
    const alternatives = written.length === 1 ? written[0] : `{${written.join(",")}}`;
    return `${once}${alternatives}${quoted(`[${escaped(flag.doc)}]${values}`)}`;
  };
  if (value === undefined) return [spec(names, "")];
  const values = `:${flag.value}:${action(value)}`;
  const isLong = (name: string) => name.startsWith("--");
  if (!optional) {
    // A letter may have its value behind it, a name after "=" or as the next word.
    return [spec(names.map((name) => isLong(name) ? `${name}=` : `${name}+`), values)];
  }
  // Of a value that need not be there, only what is behind "=" is one.
  const letters = names.filter((name) => !isLong(name));
  return [
    ...(letters.length === 0 ? [] : [spec(letters, "")]),
    spec(names.filter(isLong).map((name) => `${name}=-`), `:${values}`),
  ];
}

function action(value: Completion): string {
  switch (value.kind) {
    case "files":
      return "_files";
    case "directories":
      return "_files -/";
    case "nothing":
      return " ";
    case "list":
      return `_values -s , value ${value.words.map(([word]) => word).join(" ")}`;
    case "words":
      return value.words.some(([, meaning]) => meaning !== undefined)
        ? `((${value.words.map(candidate).join(" ")}))`
        : `(${value.words.map(([word]) => word).join(" ")})`;
  }
}

function candidate([word, meaning]: Candidate): string {
  if (meaning === undefined) return word;
  // A backslash is read twice: within the quotes, and by what shows the meaning.
  const text = meaning.replaceAll("\\", "\\\\").replace(/["\\$`]/g, "\\$&");
  return `${word}\\:"${text.replaceAll(":", "\\:")}"`;
}

/** A description, in which brackets and colons mean something. */
function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, "\\$&");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
