/**
 * Numbers and addresses as decimal text, straight into bytes. Up to four characters are looked up
 * and stored at once; what a store writes beyond the text is written over by the next.
 *
 * @module
 */

/** Bytes that a store may write beyond the end of its text. */
export const TEXT_SLACK = 4;

const packed = (text: string): number =>
  [...text].reduce((bits, char, index) => bits | (char.charCodeAt(0) << (8 * index)), 0) >>> 0;

const table = (size: number, text: (value: number) => string): Uint32Array =>
  Uint32Array.from({ length: size }, (_, value) => packed(text(value)));

/** Numbers below 10,000, and the same with all four digits. */
const SHORT = table(10_000, String);
const PADDED = table(10_000, (value) => String(value).padStart(4, "0"));

/** Octets with a dot or a comma behind them. */
const OCTET_DOT = table(256, (value) => `${value}.`);
const OCTET_COMMA = table(256, (value) => `${value},`);
const OCTET_LENGTH = Uint8Array.from({ length: 256 }, (_, value) => String(value).length + 1);

const COMMA = 0x2c;

/** Writes an octet and a comma; returns where the next text starts. */
export function putOctet(view: DataView, at: number, value: number): number {
  view.setUint32(at, OCTET_COMMA[value], true);
  return at + OCTET_LENGTH[value];
}

/** Writes a number of 32 bits at most and a comma. */
export function putNumber(view: DataView, at: number, value: number): number {
  if (value < 10_000) {
    if (value < 256) return putOctet(view, at, value);
    view.setUint32(at, SHORT[value], true);
    at += value < 1000 ? 3 : 4;
  } else {
    const high = Math.floor(value / 10_000);
    if (high < 10_000) {
      view.setUint32(at, SHORT[high], true);
      at += high < 10 ? 1 : high < 100 ? 2 : high < 1000 ? 3 : 4;
    } else {
      const highest = Math.floor(high / 10_000);
      view.setUint32(at, SHORT[highest], true);
      at += highest < 10 ? 1 : 2;
      view.setUint32(at, PADDED[high - highest * 10_000], true);
      at += 4;
    }
    view.setUint32(at, PADDED[value - high * 10_000], true);
    at += 4;
  }
  view.setUint8(at, COMMA);
  return at + 1;
}

/** Writes an IPv4 address and a comma. */
export function putAddress(view: DataView, at: number, address: number): number {
  const first = address >>> 24;
  const second = (address >>> 16) & 255;
  const third = (address >>> 8) & 255;
  const fourth = address & 255;
  view.setUint32(at, OCTET_DOT[first], true);
  at += OCTET_LENGTH[first];
  view.setUint32(at, OCTET_DOT[second], true);
  at += OCTET_LENGTH[second];
  view.setUint32(at, OCTET_DOT[third], true);
  at += OCTET_LENGTH[third];
  view.setUint32(at, OCTET_COMMA[fourth], true);
  return at + OCTET_LENGTH[fourth];
}
