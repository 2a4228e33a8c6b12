import { type RecordValue, valueText } from "@flowtools/flow-model";
import { GroupTableLimitError } from "../report/errors.ts";

/** A value of an element as groups show it: octets are hexadecimal digits. */
export type ElementText = string | number;

/** The word of flows whose record does not have the element. */
const ABSENT_WORD = 0;

/** Bytes that a value takes beside its text: those of two tables. */
const ENTRY_BYTES = 96;

/** Words for values of elements, which may be longer than a word: each value has a number of its own. */
export class ElementWords {
  /** The values by their words; that of {@linkcode ABSENT_WORD} is none. */
  readonly #texts: (ElementText | undefined)[] = [undefined];
  readonly #words = new Map<ElementText, number>();
  readonly #bytesMax: number;
  readonly #title: string;
  #bytes = 0;

  /**
   * Makes an empty store.
   *
   * @param title What is grouped by, for messages
   * @param bytesMax Bytes that values may take
   */
  constructor(title: string, bytesMax: number) {
    this.#title = title;
    this.#bytesMax = bytesMax;
  }

  /**
   * The word of a value.
   *
   * @throws {GroupTableLimitError} There are more values than memory allows
   */
  wordOf(value: RecordValue | undefined): number {
    if (value === undefined) return ABSENT_WORD;
    const text = textOf(value);
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    this.#bytes += ENTRY_BYTES + (typeof text === "string" ? text.length * 2 : 0);
    if (this.#bytes > this.#bytesMax) {
      throw new GroupTableLimitError(this.#title, this.#texts.length, this.#bytes, this.#bytesMax);
    }
    const word = this.#texts.push(text) - 1;
    this.#words.set(text, word);
    return word;
  }

  /**
   * The place of each word in the order of its value: nothing, numbers, then text. So groups do not
   * depend on which flow came first.
   *
   * @returns The places, and the values in them
   */
  ranked(): { readonly places: Uint32Array; readonly texts: readonly (ElementText | undefined)[] } {
    const order = this.#texts.map((_, word) => word)
      .sort((a, b) => compareTexts(this.#texts[a], this.#texts[b]));
    const places = new Uint32Array(order.length);
    for (const [place, word] of order.entries()) places[word] = place;
    return { places, texts: order.map((word) => this.#texts[word]) };
  }
}

function textOf(value: RecordValue): ElementText {
  if (typeof value === "number") return value;
  return valueText(value);
}

function compareTexts(a: ElementText | undefined, b: ElementText | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : 1;
}
