import {
  type Candidate,
  classicNames,
  type CompletedCommand,
  type CompletedFlag,
  type Completion,
} from "./completion_model.ts";

/** What the conditions of the rows call. */
const CONDITIONS = `function __flowtools_begins
    test (count (commandline --tokenize --cut-at-cursor --current-process)) -lt 2
end

function __flowtools_is
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    test (count $words) -ge 2; and test $words[2] = $argv[1]
end
`;

/**
 * The script by which fish completes calls.
 *
 * @param commands What there is to complete
 */
export function fishCompletions(commands: readonly CompletedCommand[]): string {
  const classic = classicNames(commands).map((name) =>
    `complete --command ${name} --wraps ${quoted(name.replace("flow-", "flowtools "))}`
  );
  return [
    CONDITIONS,
    "complete --command flowtools --no-files",
    ...commands.flatMap(commandRows),
    ...classic,
  ].join("\n") + "\n";
}

function commandRows(command: CompletedCommand): string[] {
  const { name, summary, flags, operands } = command;
  const here = `complete --command flowtools --condition '__flowtools_is ${name}'`;
  return [
    `complete --command flowtools --condition __flowtools_begins --arguments ${name}` +
    ` --description ${quoted(summary)}`,
    `${here} ${completion(operands, "")}`.trimEnd(),
    ...flags.map((flag) => `${here} ${flagRow(flag)}`),
  ];
}

function flagRow({ flag: { name, letter, doc }, value, optional }: CompletedFlag): string {
  return [
    ...(letter === undefined ? [] : [`--short-option ${letter}`]),
    `--long-option ${name}`,
    ...(value === undefined
      ? []
      : [completion(value, optional ? "" : "--require-parameter ").trimEnd()]),
    `--description ${quoted(doc)}`,
  ].join(" ");
}

/** What completes a value or an operand; of a value it is told before that there must be one. */
function completion(value: Completion, required: string): string {
  switch (value.kind) {
    case "files":
      return `${required}--force-files`;
    case "directories":
      return `${required}--no-files --arguments '(__fish_complete_directories)'`;
    case "nothing":
      return `${required}--no-files`;
    case "words":
      return `${required}--no-files --arguments ${quoted(value.words.map(candidate).join(" "))}`;
    case "list": {
      const words = value.words.map(([word]) => word).join(" ");
      return `${required}--no-files --arguments ${quoted(`(__fish_append , ${words})`)}`;
    }
  }
}

function candidate([word, meaning]: Candidate): string {
  if (meaning === undefined) return word;
  return `${word}\\t"${meaning.replace(/["\\$]/g, "\\$&")}"`;
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, (char) => char === "'" ? "\\'" : "\\\\")}'`;
}
