import { parseArgs } from "@std/cli/parse-args";
import { didYouMean, oneOfWords } from "./suggest.ts";

/** Flags that belong together, beside those that only one command has. */
export type FlagGroup = "selection" | "output" | "classic";

/** One flag of a command: the row from which parsing, help, man page and completion derive. */
export interface Flag {
  /** Long name, without the dashes. */
  readonly name: string;
  /** Classic letter of the flow-tools programs, where there is one. */
  readonly letter?: string;
  /** What the value is called in help; a flag without one is a switch. */
  readonly value?: string;
  /** The values allowed, where they can be listed. */
  readonly choices?: readonly string[];
  /** What some of the choices, or values of the range, stand for. */
  readonly meanings?: readonly (readonly [value: string, meaning: string])[];
  /** Values that suggest themselves, where others are allowed too. */
  readonly words?: readonly string[];
  /** The value is such words, with commas between them. */
  readonly list?: true;
  /** Where help shows it; among the flags of the command, unless told. */
  readonly group?: FlagGroup;
  /**
   * The value where none is given: the word behind the flag is its value only where it is made of
   * `words`.
   */
  readonly bare?: string;
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
  /** Whether a switch was given, or a flag that needs no value. */
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
  /** The flag that there is not, with its dashes and without a value. */
  readonly flag: string | undefined;
  /** A question for the flag that may be meant. */
  readonly meant: string | undefined;

  /**
   * Makes an error.
   *
   * @param message What is wrong
   * @param flag The flag that there is not; not given where only its value is missing
   * @param meant A question for the flag that may be meant
   */
  constructor(message: string, flag?: string, meant?: string) {
    super(message);
    this.flag = flag;
    this.meant = meant;
  }
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
      if (key !== undefined) throw unknownFlag(arg, flags);
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
  const bare = new Set(flags.filter((flag) => flag.bare !== undefined).map(({ name }) => name));
  return {
    value: text,
    values: (name) => {
      const values = parsed[name];
      return Array.isArray(values) ? values.map(String) : [];
    },
    number: (name) => text(name) === undefined ? undefined : Number(text(name)),
    on: (name) => parsed[name] === true || (bare.has(name) && parsed[name] !== undefined),
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
      if (flag?.bare !== undefined) {
        const valued = isValueOf(flag, args[i + 1]);
        long.push(`${arg}=${valued ? args[++i] : flag.bare}`);
      } else if (flag?.value !== undefined) {
        if (i + 1 >= args.length) throw noValue(arg, flag);
        long.push(`${arg}=${args[++i]}`);
      } else {
        long.push(arg);
      }
    } else if (arg.startsWith("-") && arg.length > 1) {
      for (let at = 1; at < arg.length; at++) {
        const flag = byLetter.get(arg[at]);
        if (flag === undefined) throw unknownFlag(`-${arg[at]}`, flags);
        if (flag.bare !== undefined) {
          // Letters behind it are flags, as those behind a switch.
          const valued = at + 1 === arg.length && isValueOf(flag, args[i + 1]);
          long.push(`--${flag.name}=${valued ? args[++i] : flag.bare}`);
          continue;
        }
        if (flag.value === undefined) {
          long.push(`--${flag.name}`);
          continue;
        }
        const value = at + 1 < arg.length ? arg.slice(at + 1) : args[++i];
        if (value === undefined) {
          throw noValue(`-${flag.letter}`, flag);
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

function noValue(given: string, { value, choices }: Flag): UnknownFlagError {
  const expected = choices === undefined ? "" : `, one of ${choices.join(", ")}`;
  return new UnknownFlagError(`${given} needs a value: ${value}${expected}`);
}

/**
 * Whether the word behind a flag that needs no value is one nevertheless.
 *
 * @throws {UsageError} It is near to one, and no file has that name
 */
function isValueOf({ name, words = [] }: Flag, word: string | undefined): boolean {
  if (word === undefined) return false;
  const unknown = word.split(",").find((part) => !words.includes(part));
  if (unknown === undefined) return true;
  // Operands are paths, and most of these have one of these letters.
  if (/[-./]/.test(word)) return false;
  const meant = didYouMean(unknown, words);
  if (meant === undefined || exists(word)) return false;
  throw new UsageError(`--${name} is "${word}", expected ${words.join(", ")}; ${meant}`);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    // Where it cannot be looked at, it cannot be read either.
    return false;
  }
}

/**
 * What a flag expects, where it does not allow a value.
 *
 * @returns Such as `one of little, big`; `undefined` where the value is allowed
 */
export function expectedInstead(flag: Flag, value: string): string | undefined {
  const choice = flag.anyCase ? value.toLowerCase() : value;
  if (flag.choices !== undefined && !flag.choices.includes(choice)) {
    return oneOfWords(choice, flag.choices);
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

function unknownFlag(arg: string, flags: readonly Flag[]): UnknownFlagError {
  const [name] = arg.split("=");
  const meant = meantFlag(name, flags);
  const expected = meant ?? `expected one of ${flags.map(bothNames).join(" ")}`;
  return new UnknownFlagError(`unknown flag ${name}, ${expected}`, name, meant);
}

/** The flags that a wrong one is likely to mean, as a question. */
function meantFlag(name: string, flags: readonly Flag[]): string | undefined {
  if (name.startsWith("--")) {
    return didYouMean(name.slice(2), flags.map((flag) => flag.name), "--");
  }
  // Letters are near to each other only where they are the same one.
  const twin = flags.find(({ letter }) => letter?.toLowerCase() === name.slice(1).toLowerCase());
  return twin && `did you mean ${bothNames(twin)}?`;
}

function bothNames({ letter, name }: Flag): string {
  return letter === undefined ? `--${name}` : `-${letter}/--${name}`;
}

/** The flags of what is no call. */
export const NO_FLAGS: ParsedArguments = parseFlags([], []);
