import { FT_LAYOUTS } from "@flowtools/ft-format";
import type { ValueWord } from "./values.ts";

/** Versions of records that are in no flow-tools file. */
const TEMPLATE_VERSIONS = ["9", "10"];

/** The versions that there are: `5`, `8.1`, and `8` for all of these. */
const VERSIONS: ReadonlySet<string> = new Set([
  ...FT_LAYOUTS.flatMap(({ schema }) => [String(schema.version), schema.label.slice(1)]),
  ...TEMPLATE_VERSIONS,
]);

/** What is expected, in messages. */
export const VERSION = `one of ${[...VERSIONS].join(", ")}`;

/** Reads an export version, with or without its `v`. */
export function readVersion(word: ValueWord): string {
  const version = word.text.toLowerCase().replace(/^v/, "");
  return VERSIONS.has(version) ? version : word.fail(`there is no version ${word.text}`, VERSION);
}

/** What is expected of octets without text, in messages. */
export const ELEMENT_HEX = "octets such as 0x0d000001";

/** What is expected, in messages. */
export const ELEMENT_TEXT = "text in quotes, or octets such as 0x0a0b";

/** Octets as a condition has them. */
export interface ReadOctets {
  readonly bytes: Uint8Array;
  readonly shown: string;
}

/** Reads the octets of an element: text, or hexadecimal digits. */
export function readOctets(word: ValueWord): ReadOctets {
  const { text } = word;
  return /^0x[\da-f]*$/i.test(text)
    ? readHex(word)
    : { bytes: new TextEncoder().encode(text), shown: JSON.stringify(text) };
}

/** Reads octets as they are shown: hexadecimal digits, with `0x` before them or not. */
export function readHex({ text, fail }: ValueWord): ReadOctets {
  const digits = /^(?:0x)?([\da-f]*)$/i.exec(text)?.[1];
  if (digits === undefined) return fail(`"${text}" are no octets`, ELEMENT_HEX);
  if (digits.length % 2 !== 0) return fail(`${text} ends within an octet`, ELEMENT_HEX);
  const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return { bytes, shown: `0x${digits.toLowerCase()}` };
}
