const UTF8_STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const UTF8 = new TextEncoder();

/**
 * The text of header bytes: UTF-8 where they are valid UTF-8, else one character a byte (Latin-1).
 *
 * @param bytes The bytes, without the NUL at the end
 * @returns The text
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return UTF8_STRICT.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }
}

/**
 * The bytes of header text: UTF-8.
 *
 * @param text The text
 * @returns The bytes, without a NUL at the end
 */
export function encodeText(text: string): Uint8Array {
  return UTF8.encode(text);
}

/**
 * The bytes before the first NUL.
 *
 * @param bytes A NUL-terminated string, or one that lacks the NUL
 * @returns A view of the string
 */
export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
