import type { RecordBlock } from "@flowtools/ft-format";
import type { FlowReadOptions, RecordFilter, Where } from "@flowtools/flowset/select";
import type { ToldNames } from "@flowtools/flowset";
import { VARIABLE_FLAG, variablesOf } from "@flowtools/common/config_file";
import type { Flag, ParsedArguments } from "@flowtools/common/flags";
import { SYMBOLS_FLAG } from "@flowtools/common/load_symbols";
import type { WhereInit } from "@flowtools/common/load_where";

/** Every command that reads flows has it. */
const WHERE_FLAG: Flag = {
  name: "where",
  value: "EXPR",
  group: "selection",
  doc: 'Only flows that pass, such as "src net 10.0.0.0/8 and dst port in [80 443]"; flowtools ' +
    "help where has more",
};

const FILTER_FILE_FLAG: Flag = {
  name: "filter-file",
  value: "FILE",
  group: "selection",
  doc: 'Configuration that has the definitions of "filter NAME" in --where (default: as nfilter)',
};

/** Commands that show times in a zone have their own flag of that name, which means these too. */
const ZONE_FLAG: Flag = {
  name: "tz",
  value: "ZONE",
  group: "selection",
  words: ["local", "UTC"],
  doc: "Time zone of the times in --where: local, UTC, +02:00, Europe/Berlin (default: local)",
};

/** The flag of the expression, and those that say what words in it mean. */
const WHERE_FLAGS: readonly Flag[] = [
  WHERE_FLAG,
  FILTER_FILE_FLAG,
  ZONE_FLAG,
  { ...VARIABLE_FLAG, letter: undefined, group: "selection" },
  { ...SYMBOLS_FLAG, group: "selection" },
];

/** The flags of a command that reads flows: its own, and those of `--where` that are not among them. */
export function withWhere(flags: readonly Flag[]): readonly Flag[] {
  const own = new Set(flags.map(({ name }) => name));
  return [...flags, ...WHERE_FLAGS.filter(({ name }) => !own.has(name))];
}

/** What `--where` asks for, to be compiled by any thread; nothing where it is not given. */
export function whereInit(args: ParsedArguments): WhereInit | undefined {
  const expression = args.value(WHERE_FLAG.name);
  if (expression === undefined) return undefined;
  return {
    expression,
    filterFile: args.value(FILTER_FILE_FLAG.name),
    variables: variablesOf(args),
    symbols: args.value(SYMBOLS_FLAG.name),
    timeZone: args.value(ZONE_FLAG.name),
    nowMs: Date.now(),
  };
}

/** Takes the flows out of inputs that `--where` asks for, and counts them. */
export class WhereSelection {
  /** How to open inputs, so that they have only these flows. */
  readonly options: Pick<FlowReadOptions, "where" | "onSelected">;
  /** What flows have to pass; nothing where all do. */
  readonly where: Where | undefined;
  readonly #filter: RecordFilter | undefined;
  #passed = 0;
  #asked = false;

  private constructor(where: Where | undefined, filter: RecordFilter | undefined) {
    this.where = where;
    const onSelected = (_read: number, passed: number) => {
      this.#asked = true;
      this.#passed += passed;
    };
    this.#filter = filter;
    this.options = where === undefined ? {} : { where, onSelected };
  }

  /** Compiles the expression of a call; without one, all flows pass. */
  static async fromArgs(args: ParsedArguments): Promise<WhereSelection> {
    const init = whereInit(args);
    if (init === undefined) return new WhereSelection(undefined, undefined);
    const { loadWhere } = await import("@flowtools/common/load_where");
    return await WhereSelection.of(await loadWhere(init));
  }

  /**
   * Takes what an expression was compiled to. What reads expressions and picks records is loaded
   * only where there is one: that is more than most commands need besides.
   *
   * @param where What flows have to pass; nothing where all do
   */
  static async of(where: Where | undefined): Promise<WhereSelection> {
    if (where === undefined) return new WhereSelection(undefined, undefined);
    const { RecordFilter } = await import("@flowtools/flowset/select");
    return new WhereSelection(where, new RecordFilter(where.filter));
  }

  /**
   * The records of a block that pass, for inputs that hand out blocks themselves.
   *
   * @returns They are alive until the next call; nothing where none passes
   * @throws {WhereFieldError} The records cannot answer a condition
   */
  take(block: RecordBlock): RecordBlock | undefined {
    if (this.where === undefined) return block;
    this.where.check(block.layout.schema);
    const passed = this.#filter!.select(block);
    this.#passed += passed?.count ?? 0;
    return passed;
  }

  /**
   * What is to be said of names that no exporter told.
   *
   * @param told What exporters told until all inputs were read
   */
  notes(told: ToldNames): string[] {
    // Flows that cannot have names were refused.
    return this.#asked ? this.where?.untold(told) ?? [] : [];
  }

  /** The exit code of the call: that no flow passed is worth one, as with grep. */
  exitCode(code: number): number {
    return code === 0 && this.where !== undefined && this.#passed === 0 ? 1 : code;
  }
}
