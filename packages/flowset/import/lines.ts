import { IMPORT_LINE_BYTES_MAX } from "../limits.ts";
import { ImportError } from "./importer.ts";

/** Cuts bytes that come in pieces into lines of text. */
export class Lines {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** The lines that a piece completes, without their ends. */
  add(bytes: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > IMPORT_LINE_BYTES_MAX) {
      throw new ImportError(
        "long-line",
        `Cannot import text: a line has more than ${IMPORT_LINE_BYTES_MAX} characters`,
      );
    }
    return lines;
  }

  /** The last line, where it has no end. */
  end(): string[] {
    const rest = this.#rest + this.#decoder.decode();
    this.#rest = "";
    return rest === "" ? [] : [rest];
  }
}

/**
 * Reads a number as C's `strtoul` does with base 0: decimal, hexadecimal after `0x`, octal after
 * `0`; white space before it is skipped, what follows the digits is not looked at, and no digits
 * are 0.
 */
export function scanNumber(text: string): number {
  const match = /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)/i.exec(text);
  if (match === null) return 0;
  const digits = match[2];
  const value = /^0\d/.test(digits) ? parseInt(digits, 8) : Number(digits);
  return (match[1] === "-" ? -value : value) >>> 0;
}

/**
 * Reads an IPv4 address as the classic programs do: missing octets at the end are 0, so that `10.1`
 * is 10.1.0.0.
 */
export function scanAddress(text: string): number {
  const octets = /^\s*(\d+(?:\.\d+){0,3})/.exec(text)?.[1].split(".") ?? [];
  let address = 0;
  for (let index = 0; index < 4; index++) {
    address = address * 256 + (Number(octets[index] ?? 0) & 255);
  }
  return address;
}
