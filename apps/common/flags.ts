import { parseArgs } from "@std/cli/parse-args";

/** One flag of a command: the row from which parsing and help derive. */
export interface Flag {
  /** Long name, without the dashes. */
  readonly name: string;
  /** Classic letter of the flow-tools programs, where there is one. */
  readonly letter?: string;
  /** What the value is called in help; a flag without one is a switch. */
  readonly value?: string;
  /** The values allowed, where they can be listed. */
  readonly choices?: readonly string[];
  /** The choices may be written in upper case too. */
  readonly anyCase?: true;
  /** The value allowed is a whole number within these bounds. */
  readonly range?: readonly [number, number];
  /** The flag may be given several times; each value counts. */
  readonly repeated?: boolean;
  /** What it does, for help. */
  readonly doc: string;
}

/** The arguments of one call, checked against the flags of the command. */
export interface ParsedArguments {
  /** The value of a flag that takes one. */
  value(name: string): string | undefined;
  /** The values of a flag that may be given several times, in order. */
  values(name: string): readonly string[];
  /** The value of a flag that takes a number. */
  number(name: string): number | undefined;
  /** Whether a switch was given. */
  on(name: string): boolean;
  /** Everything that is no flag. */
  readonly operands: readonly string[];
}

/** The call is wrong; main.ts prints the message and the usage hint, and exits with 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A flag that there is not, or one without the value that it needs. */
export class UnknownFlagError extends UsageError {
  override name = "UnknownFlagError";
}

/** Flags that every command has. */
export const COMMON_FLAGS: readonly Flag[] = [
  { name: "help", letter: "h", doc: "Show this help" },
];

/**
 * Parses arguments by a table of flags, as getopt and as GNU tools do: `-n5`, `-n 5`, `-Pw`,
 * `--count 5`, `--count=5`; `--` ends the flags, `-` is an operand.
 *
 * @throws {UsageError} A flag is unknown, lacks its value, or has a value that is not allowed
 */
export function parseFlags(args: readonly string[], flags: readonly Flag[]): ParsedArguments {
  const long = expandLetters(args, flags);
  const parsed = parseArgs(long, {
    string: flags.filter((flag) => flag.value !== undefined).map((flag) => flag.name),
    boolean: flags.filter((flag) => flag.value === undefined).map((flag) => flag.name),
    collect: flags.filter((flag) => flag.repeated).map((flag) => flag.name),
    "--": true,
    unknown: (arg, key) => {
      if (key !== undefined) throw new UnknownFlagError(unknownFlag(arg, flags));
    },
  });
  const text = (name: string): string | undefined => {
    const value = parsed[name];
    return typeof value === "string" ? standardStream(value) : undefined;
  };
  const faults = flags.flatMap((flag) => {
    const value = text(flag.name);
    const expected = value === undefined ? undefined : expectedInstead(flag, value);
    return expected === undefined ? [] : [`--${flag.name} is "${value}", expected ${expected}`];
  });
  if (faults.length > 0) throw new UsageError(faults.join("\n"));
  const rest = parsed["--"];
  return {
    value: text,
    values: (name) => {
      const values = parsed[name];
      return Array.isArray(values) ? values.map(String) : [];
    },
    number: (name) => text(name) === undefined ? undefined : Number(text(name)),
    on: (name) => parsed[name] === true,
    operands: [...parsed._, ...(Array.isArray(rest) ? rest : [])].map(String).map(standardStream),
  };
}

/** Deno opens these devices only for programs that may do everything; `-` stands for them. */
function standardStream(path: string): string {
  return path === "/dev/stdin" || path === "/dev/stdout" ? "-" : path;
}

/** Rewrites classic letters, alone or in clusters, as the long flags they stand for. */
function expandLetters(args: readonly string[], flags: readonly Flag[]): string[] {
  const byLetter = new Map(flags.map((flag) => [flag.letter, flag]));
  const byName = new Map(flags.map((flag) => [flag.name, flag]));
  const long: string[] = [];
  const operands: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === "--") {
      operands.push(...args.slice(i + 1));
      break;
    }
    if (arg.startsWith("--")) {
      const flag = byName.get(arg.slice(2));
      if (flag?.value !== undefined) {
        if (i + 1 >= args.length) throw new UnknownFlagError(`${arg} needs a value: ${flag.value}`);
        long.push(`${arg}=${args[++i]}`);
      } else {
        long.push(arg);
      }
    } else if (arg.startsWith("-") && arg.length > 1) {
      for (let at = 1; at < arg.length; at++) {
        const flag = byLetter.get(arg[at]);
        if (flag === undefined) throw new UnknownFlagError(unknownFlag(`-${arg[at]}`, flags));
        if (flag.value === undefined) {
          long.push(`--${flag.name}`);
          continue;
        }
        const value = at + 1 < arg.length ? arg.slice(at + 1) : args[++i];
        if (value === undefined) {
          throw new UnknownFlagError(`-${flag.letter} needs a value: ${flag.value}`);
        }
        long.push(`--${flag.name}=${value}`);
        break;
      }
    } else {
      operands.push(arg);
    }
  }
  return [...long, "--", ...operands];
}

/**
 * What a flag expects, where it does not allow a value.
 *
 * @returns Such as `one of little, big`; `undefined` where the value is allowed
 */
export function expectedInstead(flag: Flag, value: string): string | undefined {
  const choice = flag.anyCase ? value.toLowerCase() : value;
  if (flag.choices !== undefined && !flag.choices.includes(choice)) {
    return `one of ${flag.choices.join(", ")}`;
  }
  if (flag.range !== undefined) {
    const [low, high] = flag.range;
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < low || number > high) {
      return `a whole number ${low} to ${high}`;
    }
  }
  return undefined;
}

function unknownFlag(arg: string, flags: readonly Flag[]): string {
  const known = flags.map((flag) =>
    flag.letter ? `-${flag.letter}/--${flag.name}` : `--${flag.name}`
  );
  return `unknown flag ${arg}, expected one of ${known.join(" ")}`;
}
