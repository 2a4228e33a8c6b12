import type { FlowBatch, FlowFieldName, FlowSchema } from "@flowtools/flow-model";
import type { FilterConfig } from "../filter/filter_config.ts";
import { FlowFilter } from "../filter/flow_filter.ts";
import type { Condition, ConditionNeeds } from "./condition.ts";
import type { NameTest } from "./narrow_names.ts";
import { Parser } from "./parser.ts";
import { SubjectTable, type WhereElement, type WhereElementNames } from "./subject_table.ts";
import { TokenReader } from "./token_reader.ts";
import { mayHave, type NamesAtHand, type ToldNames } from "./told_names.ts";
import type { WhereSymbols } from "./values.ts";
import { WallClock } from "./wall_clock.ts";
import { WhereFieldError } from "./where_error.ts";

/** What an expression may name, and when and where it is read. */
export interface WhereOptions {
  /** Names of protocols, ports, AS numbers and tags; without, only the best known protocols. */
  readonly symbols?: WhereSymbols;
  /** The definitions that `filter NAME` means: what `parseFilterConfig` gives. */
  readonly filters?: Pick<FilterConfig, "names" | "filter">;
  /** Columns beyond the canonical fields that the flows may have. */
  readonly elements?: readonly WhereElement[];
  /**
   * Elements that can be asked for by name of records that batches keep the octets of, such as
   * `createElementRegistry()` of `@flowtools/netflow-pdu`; without, none of these.
   */
  readonly registry?: WhereElementNames;
  /**
   * Whether interfaces, VRFs, applications and samplers can be asked for by the names that exporters
   * told; whoever selects has to hand over what they told. Where flows tell no more of where they
   * came from than the address of their exporter, such as records of flow-tools files,
   * `"by-address"` looks up names of interfaces by that. Default `false`.
   */
  readonly exporterNames?: boolean | "by-address";
  /**
   * The time zone of times without one: `local` (the default), `UTC`, an offset such as `+02:00`,
   * or a name such as `Europe/Berlin`.
   */
  readonly timeZone?: string;
  /** Unix time in ms that `-1h`, `now` and `today` start from; default now. */
  readonly nowMs?: number;
}

/** The tests of names of an expression, and where they look up what exporters told. */
interface WhereNameTests {
  readonly atHand: NamesAtHand;
  readonly tests: readonly NameTest[];
}

/**
 * An expression that is ready to run: it picks rows of batches, column by column.
 *
 * Flows that lack what a condition needs do not pass it; and so they pass its negation, `!=`
 * included, which is always the opposite of `=`. `check()` is for those who would rather be told.
 *
 * {@linkcode compileWhere} makes it.
 */
export class Where {
  /** The expression. */
  readonly text: string;
  /** The columns that batches must keep for it. */
  readonly fields: readonly FlowFieldName[];
  /** Whether batches must keep the octets of records with templates for it. */
  readonly octets: boolean;
  /**
   * The same question as a filter, for everything that takes one. What exporters told is not known
   * to it: their names pass no flow.
   */
  readonly filter: FlowFilter;
  readonly #condition: Condition;
  readonly #names: WhereNameTests;

  /**
   * Makes a question from what was read.
   *
   * @param text The expression
   * @param condition What was read
   * @param names Its tests of names that exporters tell
   * @ignore
   */
  constructor(text: string, condition: Condition, names: WhereNameTests) {
    this.text = text;
    this.#condition = condition;
    this.#names = names;
    this.octets = condition.needs.some(({ octets }) => octets === true);
    this.filter = new FlowFilter([[condition.test]], false);
    this.fields = this.filter.columns;
  }

  /**
   * Selects the rows that pass.
   *
   * @param batch The flows; it must keep `fields`
   * @param into Told the indices of the rows, ascending; it needs room for all rows of the batch
   * @param told What exporters told, where names of theirs are asked for
   * @returns How many rows there are
   * @throws {FlowAttributeError} The batch does not keep a column, or octets that are needed
   *
   * @example
   * ```ts
   * import { compileWhere, FlowSet } from "@flowtools/flowset";
   * import { assertEquals } from "@std/assert";
   *
   * const where = compileWhere("octets > 1k and not proto icmp");
   * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
   * for await (const batch of set.batches({ columns: where.fields })) {
   *   const rows = new Uint32Array(batch.length);
   *   const count = where.select(batch, rows);
   *   const octets = batch.column("dOctets");
   *   assertEquals(rows.subarray(0, count).every((row) => octets[row] > 1000), true);
   * }
   * ```
   */
  select(batch: FlowBatch, into: Uint32Array, told?: ToldNames): number {
    const { atHand } = this.#names;
    atHand.told = told;
    try {
      return this.filter.select(batch, into);
    } finally {
      atHand.told = undefined;
    }
  }

  /** Whether it asks for names that exporters told. */
  get asksNames(): boolean {
    return this.#names.tests.length > 0;
  }

  /**
   * The names that are asked for and that no exporter told, so that they passed no flow.
   *
   * @param told What exporters told until all flows were read
   * @returns A sentence for each, with names that are near
   */
  untold(told: ToldNames): string[] {
    return [...new Set(this.#names.tests.flatMap((test) => [...test.untold(told)]))];
  }

  /**
   * Makes sure that flows of a shape can answer every condition.
   *
   * @param schema The shape
   * @throws {WhereFieldError} They lack all that one condition needs, with the versions that have it
   */
  check(schema: FlowSchema): void {
    const lacking = this.#lacking(schema);
    if (lacking !== undefined) {
      throw new WhereFieldError(lacking.text, schema, lacking.alternatives);
    }
  }

  /**
   * Whether flows of a shape may answer every condition. Of those with templates any may: templates
   * of one exporter differ.
   *
   * @param schema The shape
   */
  mayAnswer(schema: FlowSchema): boolean {
    return schema.reader !== undefined || this.#lacking(schema) === undefined;
  }

  #lacking(schema: FlowSchema): ConditionNeeds | undefined {
    return this.#condition.needs.find(({ alternatives }) =>
      !alternatives.some((names) => names.every((name) => mayHave(schema, name)))
    );
  }

  /**
   * How the expression was understood: what is joined how, numbers without units, times in UTC; and
   * the columns that are read.
   *
   * @returns Several lines of text
   *
   * @example
   * ```ts
   * import { compileWhere } from "@flowtools/flowset";
   * import { assertEquals } from "@std/assert";
   *
   * const where = compileWhere("port in [80 443] and octets > 10k or not src net 10/8");
   * assertEquals(where.explain(), `or
   *   and
   *     src or dst port = 80, 443
   *     octets > 10000
   *   not
   *     src ip = 10.0.0.0/8
   * reads srcport, dstport, dOctets, srcaddr`);
   * ```
   */
  explain(): string {
    const further = this.#condition.needs
      .flatMap(({ octets, alternatives }) => octets === true ? alternatives.flat() : []);
    const read = [...new Set([...this.fields, ...further])];
    const fields = read.length === 0 ? "no column" : read.join(", ");
    return [...this.#condition.lines, `reads ${fields}`].join("\n");
  }
}

/**
 * Reads an expression of the query language, and makes it ready to run.
 *
 * `docs/WHERE.md` of the repository describes the language.
 *
 * @param text The expression
 * @param options What it may name, time zone and present
 * @returns The question, to be asked of any number of batches
 * @throws {WhereError} The text is no expression, with the place and what was expected
 * @throws {RangeError} There is no such time zone
 *
 * @example
 * ```ts
 * import { FlowBatch, FlowSchema } from "@flowtools/flow-model";
 * import { compileWhere } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const schema = new FlowSchema({ version: 5, fields: ["srcaddr", "dstaddr", "dstport", "prot"] });
 * const batch = new FlowBatch();
 * batch.append(schema, { srcaddr: "10.0.0.1", dstaddr: "192.0.2.7", dstport: 443, prot: 6 });
 * batch.append(schema, { srcaddr: "192.0.2.7", dstaddr: "10.0.0.1", dstport: 5000, prot: 6 });
 * batch.append(schema, { srcaddr: "2001:db8::1", dstaddr: "2001:db8::2", dstport: 443, prot: 17 });
 *
 * const rows = new Uint32Array(batch.length);
 * const select = (text: string) => [...rows.subarray(0, compileWhere(text).select(batch, rows))];
 * assertEquals(select("src net 10.0.0.0/8 and dst port 443"), [0]);
 * assertEquals(select("host 192.0.2.7"), [0, 1]);
 * assertEquals(select("ipv6 or not dst port in [1-1023]"), [1, 2]);
 * ```
 */
export function compileWhere(text: string, options: WhereOptions = {}): Where {
  const {
    symbols = {},
    filters,
    elements = [],
    registry,
    exporterNames = false,
    timeZone = "local",
    nowMs = Date.now(),
  } = options;
  const atHand: NamesAtHand = { told: undefined };
  const tests: NameTest[] = [];
  const onTest = (test: NameTest) => void tests.push(test);
  const parser = new Parser(new TokenReader(text), {
    symbols,
    filters,
    subjects: new SubjectTable({ elements, registry, names: exporterNames !== false }),
    named: exporterNames === false
      ? undefined
      : { atHand, onTest, byAddress: exporterNames === "by-address" },
    nowMs,
    clock: new WallClock(timeZone),
  });
  return new Where(text, parser.parse(), { atHand, tests });
}
