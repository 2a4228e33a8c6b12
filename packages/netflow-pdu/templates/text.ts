import { hexOctets } from "../dump.ts";
import { FACT_TEXT_MAX } from "./limits.ts";

const DECODER = new TextDecoder();

/** Octets of the longest text: a character takes four at most. */
const TEXT_OCTETS_MAX = 4 * FACT_TEXT_MAX;

/**
 * Text as options records have it, without the NULs that fill fields of fixed length.
 *
 * @param view Octets that hold it
 * @param offset Where it starts
 * @param length Its octets
 * @returns The text, cut where it is longer than is remembered
 */
export function textAt(view: DataView, offset: number, length: number): string {
  const shown = Math.min(length, TEXT_OCTETS_MAX);
  const octets = new Uint8Array(view.buffer, view.byteOffset + offset, shown);
  const end = octets.indexOf(0);
  const text = DECODER.decode(end < 0 ? octets : octets.subarray(0, end)).trim();
  return text.length > FACT_TEXT_MAX ? text.slice(0, FACT_TEXT_MAX) : text;
}

/**
 * Octets as hexadecimal text.
 *
 * @param view Octets that hold them
 * @param offset Where they start
 * @param length How many
 * @returns Two digits an octet, cut where there are more than are remembered
 */
export function hexAt(view: DataView, offset: number, length: number): string {
  return hexOctets(view, offset, Math.min(length, FACT_TEXT_MAX));
}
