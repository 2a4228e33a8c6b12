import { FAMILY_IPV6 } from "@flowtools/flow-model";
import { PORT_PROTOCOLS } from "@flowtools/flowset/groups";
import { EXPORTER_NAMES_MAX } from "../limits.ts";
import type { LiveExtra } from "../live_extras.ts";
import { type LiveAddress, type LiveField, type LiveRows, presenceBits } from "../live_rows.ts";

/** The number of all exporters beyond the bound. */
const OTHER_EXPORTERS = 0;

/** The text of exporters that are not told apart any more. */
const OTHER_EXPORTERS_NAME = "other exporters";

/**
 * Exporters as small numbers: a dimension then takes one word whatever their family. There is a
 * bound; those beyond it are one.
 */
export class ExporterNames {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [OTHER_EXPORTERS_NAME];

  /** The number of an exporter. */
  number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#names.length > EXPORTER_NAMES_MAX) return OTHER_EXPORTERS;
    this.#numbers.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }

  /** The exporter of a number. */
  name(number: number): string {
    return this.#names[number] ?? OTHER_EXPORTERS_NAME;
  }
}

/** Rows as dimensions see them: columns of 32-bit words, and which rows have them. */
export class LiveInput {
  readonly #names: ExporterNames;
  readonly #scratch = new Map<string, Uint32Array<ArrayBuffer>>();
  readonly #ready = new Set<string>();
  #rows: LiveRows | undefined;
  /** The bits of the columns that all rows have. */
  #common = 0;

  /**
   * Makes an empty input.
   *
   * @param names Told of exporters
   */
  constructor(names: ExporterNames) {
    this.#names = names;
  }

  /** Takes the next rows. */
  load(rows: LiveRows): void {
    this.#rows = rows;
    this.#ready.clear();
    this.#common = -1;
    for (let row = 0; row < rows.length; row++) this.#common &= rows.present[row];
  }

  /**
   * The rows that have some columns.
   *
   * @param fields The columns
   * @param wide Whether one of the addresses must be IPv6, or none
   * @param addresses The columns among them that hold addresses
   * @returns The rows, or `undefined` where it is all of them; and how many
   */
  select(
    fields: readonly (LiveField | LiveExtra)[],
    wide: boolean,
    addresses: readonly LiveAddress[],
  ): { rows: Uint32Array | undefined; count: number } {
    const rows = this.#rows!;
    const bits = presenceBits(fields);
    const all = (this.#common & bits) === bits;
    const families = rows.mixed ? addresses.map((name) => rows.families[name]) : [];
    if (families.length === 0) {
      if (wide) return { rows: undefined, count: 0 };
      if (all) return { rows: undefined, count: rows.length };
    }
    const chosen = this.#column(`rows ${wide}`);
    let count = 0;
    for (let row = 0; row < rows.length; row++) {
      if ((rows.present[row] & bits) !== bits) continue;
      if (families.some((family) => family[row] === FAMILY_IPV6) === wide) chosen[count++] = row;
    }
    return { rows: chosen, count };
  }

  /** What records with templates have beyond the canonical fields. */
  extra(name: LiveExtra): Uint32Array {
    return this.#rows!.extras[name];
  }

  /** A column as 32-bit words. */
  words(field: LiveField): Uint32Array {
    const column = this.#rows!.columns[field];
    if (column instanceof Uint32Array) return column;
    return this.#once(field, (target, length) => target.set(column.subarray(0, length)));
  }

  /** An address column as four columns of words; IPv4 addresses as IPv6 writes them. */
  wideWords(field: LiveAddress): Uint32Array[] {
    const rows = this.#rows!;
    const [narrow, wide] = [rows.columns[field], rows.wide[field]];
    const families = rows.families[field];
    return [0, 1, 2, 3].map((word) =>
      this.#once(`${field} ${word}`, (target, length) => {
        for (let row = 0; row < length; row++) {
          target[row] = families[row] === FAMILY_IPV6
            ? wide[4 * row + word]
            : mappedWord(word, narrow[row]);
        }
      })
    );
  }

  /** The exporter of each row, by its number. */
  exporters(): Uint32Array {
    const rows = this.#rows!;
    const column = rows.columns.exaddr;
    return this.#once("exporters", (target, length) => {
      let number = OTHER_EXPORTERS;
      let last = -1;
      for (let row = 0; row < length; row++) {
        const isWide = rows.mixed && rows.families.exaddr[row] === FAMILY_IPV6;
        // Rows of one exporter come in runs.
        if (isWide || column[row] !== last || row === 0) {
          number = this.#names.number(rows.address("exaddr", row));
          last = isWide ? -1 : column[row];
        }
        target[row] = number;
      }
    });
  }

  /** The application of each row: its protocol, and the lower port where there are ports. */
  applications(): Uint32Array {
    const { prot, srcport, dstport } = this.#rows!.columns;
    return this.#once("applications", (target, length) => {
      for (let row = 0; row < length; row++) {
        const port = PORT_PROTOCOLS.has(prot[row]) ? Math.min(srcport[row], dstport[row]) : 0;
        target[row] = ((prot[row] << 16) | port) >>> 0;
      }
    });
  }

  #once(
    name: string,
    fill: (target: Uint32Array<ArrayBuffer>, length: number) => void,
  ): Uint32Array {
    const column = this.#column(name);
    if (!this.#ready.has(name)) {
      fill(column, this.#rows!.length);
      this.#ready.add(name);
    }
    return column;
  }

  #column(name: string): Uint32Array<ArrayBuffer> {
    let column = this.#scratch.get(name);
    if (column === undefined || column.length < this.#rows!.capacity) {
      column = new Uint32Array(this.#rows!.capacity);
      this.#scratch.set(name, column);
    }
    return column;
  }
}

/** A word of `::ffff:a.b.c.d`, as it lies in the memory of this machine. */
function mappedWord(word: number, address: number): number {
  if (word < 2) return 0;
  SWAP.setUint32(0, word === 2 ? 0xffff : address);
  return SWAP_WORD[0];
}

const SWAP_WORD = new Uint32Array(1);
const SWAP = new DataView(SWAP_WORD.buffer);
