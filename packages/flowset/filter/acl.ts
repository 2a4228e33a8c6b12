import type { FlowBatch, FlowFieldName } from "@flowtools/flow-model";
import { ConfigError } from "../config/error.ts";
import { ConfigLine } from "../config/lexer.ts";
import { scanAddress } from "../config/numbers.ts";
import type { RowTest } from "./narrow.ts";
import { type MaskLine, MaskTest } from "./narrow_set.ts";

/** An address, and the bits of it that do not count. */
interface Wild {
  readonly address: number;
  readonly wildcard: number;
}

/** One line of an access list. */
interface AclEntry {
  readonly permits: boolean;
  readonly source: Wild;
  /** Extended lists only. */
  readonly destination: Wild;
  /** -1 for all. */
  readonly protocol: number;
}

/** An access list by its lines. */
interface AccessList {
  readonly extended: boolean;
  readonly entries: AclEntry[];
}

const ANY: Wild = { address: 0, wildcard: 0xffffffff };
const ALL_PROTOCOLS = -1;

const ACTIONS: Readonly<Record<string, boolean>> = { permit: true, deny: false };
const KINDS: Readonly<Record<string, boolean>> = { standard: false, extended: true };
const PROTOCOLS: Readonly<Record<string, number>> = {
  ip: ALL_PROTOCOLS,
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
};

/** What may follow the addresses of an `ip` line; it changes nothing. */
const QUALIFIERS: Readonly<Record<string, number>> = { precedence: 1, tos: 1, log: 0 };

const ADDRESS = "any, host ADDRESS, or ADDRESS WILDCARD";

/**
 * The access lists of a file as routers write them: `ip access-list standard NAME permit …`,
 * `ip access-list extended NAME …`, and `access-list NUMBER …`; `!` begins a comment. The first
 * line that fits decides, and what fits none is denied.
 *
 * Extended lists know protocols and addresses, no ports, as in the reference.
 *
 * Source: flow-tools `acllex.l`, `aclyacc.y`, `acl2.c`.
 *
 * @example
 * ```ts
 * import { AccessLists, createListFilter } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const acls = AccessLists.parse(`
 * ip access-list standard campus permit 10.1.0.0 0.0.255.255
 * ip access-list standard campus permit host 192.0.2.1
 * `);
 * const filter = createListFilter({ sourceList: acls.standard("campus") });
 * assertEquals(filter.columns, ["srcaddr"]);
 * ```
 */
export class AccessLists {
  readonly #file: string;
  readonly #lists = new Map<string, AccessList>();

  private constructor(file: string) {
    this.#file = file;
  }

  /**
   * Reads a file.
   *
   * @param text What it says
   * @param file Its name, for messages
   * @param endAt Told of the first line that is wrong, which ends the file then; default it is thrown
   * @returns The lists
   * @throws {ConfigError} A line is no line of an access list
   */
  static parse(
    text: string,
    file = "flow.acl",
    endAt?: (fault: ConfigError) => void,
  ): AccessLists {
    const lists = new AccessLists(file);
    for (const [index, raw] of text.split("\n").entries()) {
      const line = new ConfigLine(raw.replace(/!.*|\r$/, ""), { file, line: index + 1, column: 1 });
      try {
        lists.#readLine(line);
      } catch (error) {
        if (endAt === undefined || !(error instanceof ConfigError)) throw error;
        endAt(error);
        break;
      }
    }
    return lists;
  }

  /**
   * A standard list, which looks at one address.
   *
   * @param name Its name or number; upper and lower case differ
   * @returns Its lines
   * @throws {RangeError} There is no standard list of that name
   */
  standard(name: string): readonly MaskLine[] {
    return this.#find(name, false).map(({ permits, source: { address, wildcard } }) => {
      const mask = ~wildcard >>> 0;
      return { value: (address & mask) >>> 0, mask, passes: permits };
    });
  }

  /**
   * An extended list, which looks at protocol, source and destination.
   *
   * @param name Its name or number; upper and lower case differ
   * @returns Its test
   * @throws {RangeError} There is no extended list of that name
   * @ignore
   */
  extended(name: string): RowTest {
    return new ExtendedTest(this.#find(name, true));
  }

  #find(name: string, extended: boolean): readonly AclEntry[] {
    const list = this.#lists.get(name);
    if (list?.extended === extended) return list.entries;
    const kind = extended ? "extended" : "standard";
    const known = [...this.#lists].filter(([, { extended: is }]) => is === extended)
      .map(([key]) => key);
    throw new RangeError(
      `Cannot find access list: there is no ${kind} list "${name}" in "${this.#file}", expected ` +
        (known.length === 0 ? "its definition" : `one of ${known.join(", ")}`),
    );
  }

  #readLine(line: ConfigLine): void {
    const first = line.next();
    if (first === undefined) return;
    const named = first.text === "ip";
    const keyword = named ? line.expect("access-list") : first;
    if (keyword.text !== "access-list") {
      line.fail(keyword, `unexpected "${keyword.text}"`, "access-list or ip access-list");
    }
    const kind = named ? line.expectOneOf("kind of list", KINDS) : undefined;
    const name = line.expect(named ? "the name of the list" : "the number of the list");
    const permits = line.expectOneOf("action", ACTIONS);
    const start = line.position();
    const extended = kind ?? Object.hasOwn(PROTOCOLS, line.peek()?.text ?? "");
    const known = this.#lists.get(name.text);
    if (known !== undefined && known.extended !== extended) {
      const expected = known.extended ? "extended" : "standard";
      throw new ConfigError(start, `the line does not fit access list "${name.text}"`, expected);
    }
    const list = known ?? { extended, entries: [] };
    list.entries.push(extended ? readExtended(line, permits) : readStandard(line, permits));
    this.#lists.set(name.text, list);
    line.end();
  }
}

function readStandard(line: ConfigLine, permits: boolean): AclEntry {
  const source = readAddress(line, true);
  return { permits, source, destination: ANY, protocol: ALL_PROTOCOLS };
}

function readExtended(line: ConfigLine, permits: boolean): AclEntry {
  const protocol = line.expectOneOf("protocol", PROTOCOLS);
  const source = readAddress(line, false);
  const destination = readAddress(line, false);
  if (protocol === ALL_PROTOCOLS) {
    while (Object.hasOwn(QUALIFIERS, line.peek()?.text ?? "")) {
      for (let values = QUALIFIERS[line.next()!.text]; values > 0; values--) line.expect("a value");
    }
  }
  return { permits, source, destination, protocol };
}

/** Reads an address; in standard lists the wildcard may be left out. */
function readAddress(line: ConfigLine, mayLackWildcard: boolean): Wild {
  const word = line.expect(ADDRESS);
  if (word.text === "any") return ANY;
  if (word.text === "host") return { address: scanAddress(line.expect("an address")), wildcard: 0 };
  const address = scanAddress(word);
  const wildcard = mayLackWildcard ? line.next() : line.expect("a wildcard");
  return { address, wildcard: wildcard === undefined ? 0 : scanAddress(wildcard) };
}

/** Passes the rows that an extended list permits. */
class ExtendedTest implements RowTest {
  readonly fields: readonly FlowFieldName[];
  readonly #entries: readonly AclEntry[];

  constructor(entries: readonly AclEntry[]) {
    this.#entries = entries;
    const asks = entries.some(({ protocol }) => protocol !== ALL_PROTOCOLS);
    this.fields = asks ? ["srcaddr", "dstaddr", "prot"] : ["srcaddr", "dstaddr"];
  }

  narrow(batch: FlowBatch, rows: Uint32Array, count: number): number {
    let left = 0;
    // Lines take their rows one after another; those of a line that denies are lost.
    const passed = new Uint8Array(batch.length);
    const open = rows.slice(0, count);
    let waiting = count;
    for (const { permits, source, destination, protocol } of this.#entries) {
      const before = open.slice(0, waiting);
      const matched = open.slice(0, waiting);
      let fits = matchWild("srcaddr", source).narrow(batch, matched, waiting);
      fits = matchWild("dstaddr", destination).narrow(batch, matched, fits);
      if (protocol !== ALL_PROTOCOLS) {
        const protocols = batch.column("prot");
        let kept = 0;
        for (let i = 0; i < fits; i++) {
          if (protocols[matched[i]] === protocol) matched[kept++] = matched[i];
        }
        fits = kept;
      }
      let next = 0;
      let at = 0;
      for (const row of before) {
        if (at < fits && matched[at] === row) {
          if (permits) passed[row] = 1;
          at++;
        } else {
          open[next++] = row;
        }
      }
      waiting = next;
    }
    for (let i = 0; i < count; i++) if (passed[rows[i]] === 1) rows[left++] = rows[i];
    return left;
  }
}

function matchWild(field: FlowFieldName, { address, wildcard }: Wild): MaskTest {
  const mask = ~wildcard >>> 0;
  // The reference does not mask the line's own address here: one with wild bits fits nothing.
  return new MaskTest(field, [{ value: address, mask, passes: true }], false);
}
