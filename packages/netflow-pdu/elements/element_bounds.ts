/** Private enterprise numbers have 32 bits. */
export const ENTERPRISE_MAX = 0xffff_ffff;

/**
 * What an element may be called: the name becomes a key of JSON, a column and a word of a filter.
 */
export const ELEMENT_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
/** {@linkcode ELEMENT_NAME} in words. */
export const ELEMENT_NAME_RULE = `a letter, then letters, digits, "_", "-"`;

/** IPFIX takes one bit of the 16 to tell that an enterprise number follows. */
export const IPFIX_ID_MAX = 32_767;

/**
 * The highest id of an element.
 *
 * @param enterprise Who defined it; what NetFlow v9 alone has is enterprise 0's
 * @returns The id
 */
export function elementIdMax(enterprise: number): number {
  return enterprise === 0 ? 65_535 : IPFIX_ID_MAX;
}
