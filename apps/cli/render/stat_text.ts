/** Bytes gathered before they are written: large writes, and no growth. */
const BUFFER_BYTES = 1 << 18;

/** Room that a line may need at most; the buffer is written out before less is left. */
const LINE_BYTES = 1 << 10;

const SPACE = 0x20;
const NEWLINE = 0x0a;
const DOT = 0x2e;
const ZERO = 0x30;

/** Bits of addresses; a length beyond is none. */
const IPV4_BITS = 32;
const IPV6_BITS = 128;

/** Above this a number is not put together from parts any more, but by the runtime. */
const FAST_MAX = 1e15;

/** The three digits of 0 to 999, one after the other. */
const TRIPLES = new Uint8Array(3000);
for (let value = 0; value < 1000; value++) {
  TRIPLES[value * 3] = ZERO + Math.floor(value / 100);
  TRIPLES[value * 3 + 1] = ZERO + Math.floor(value / 10) % 10;
  TRIPLES[value * 3 + 2] = ZERO + value % 10;
}

/**
 * Text of statistics, as bytes in a buffer that is used again and again. Reports have millions of
 * lines: strings would take most of the time.
 */
export class StatText {
  readonly #write: (bytes: Uint8Array) => void;
  /** What is not used yet is blank, so that padding costs nothing. */
  readonly #buffer = new Uint8Array(BUFFER_BYTES).fill(SPACE);
  readonly #encoder = new TextEncoder();
  #used = 0;

  /**
   * Makes an empty text.
   *
   * @param write Where it goes
   */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  /** Adds text. */
  text(text: string): void {
    const bytes = this.#encoder.encode(text);
    if (bytes.length > BUFFER_BYTES - this.#used) this.flush();
    if (bytes.length > BUFFER_BYTES) return this.#write(bytes);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** Adds bytes, cut or padded to a width. */
  padded(bytes: Uint8Array, width: number): void {
    const start = this.#used;
    const length = Math.min(bytes.length, width);
    for (let i = 0; i < length; i++) this.#buffer[start + i] = bytes[i];
    this.#pad(start, start + length, width);
  }

  /** Adds a whole number, padded to a width on the right. */
  integer(value: number, width: number): void {
    const start = this.#used;
    this.#pad(start, this.#digits(value, start), width);
  }

  /** Adds an address, padded to a width: IPv4, or text that is IPv6, whole where it is longer. */
  address(address: number, width: number, wide?: string): void {
    if (wide !== undefined) return this.#whole(wide, width);
    const start = this.#used;
    let at = this.#octet(address >>> 24, start);
    this.#buffer[at++] = DOT;
    at = this.#octet((address >>> 16) & 0xff, at);
    this.#buffer[at++] = DOT;
    at = this.#octet((address >>> 8) & 0xff, at);
    this.#buffer[at++] = DOT;
    at = this.#octet(address & 0xff, at);
    this.#pad(start, at, width);
  }

  /**
   * Adds a prefix, padded to a width: IPv4 without the octets that are 0 at its end, or with an
   * address in text that is IPv6, whole where it is longer.
   */
  prefix(address: number, length: number, width: number, wide?: string): void {
    if (wide !== undefined) {
      return this.#whole(`${wide}/${length > IPV6_BITS ? 0 : length}`, width);
    }
    const start = this.#used;
    let at = this.#octet(address >>> 24, start);
    for (let rest = address << 8; rest !== 0; rest <<= 8) {
      this.#buffer[at++] = DOT;
      at = this.#octet(rest >>> 24, at);
    }
    this.#buffer[at++] = "/".charCodeAt(0);
    at = this.#octet(length > IPV4_BITS ? 0 : length, at);
    this.#pad(start, at, width);
  }

  /** Adds a number with three decimals, padded to a width. */
  decimal(value: number, width: number): void {
    const thousandths = value * 1000;
    const floor = Math.floor(thousandths);
    const rest = thousandths - floor;
    // Near a half, the product may have been rounded to the wrong side.
    if (!(thousandths < 1e9 && Math.abs(rest - 0.5) > 1e-6)) {
      return this.padded(this.#encoder.encode(fixed(value, 3)), width);
    }
    const start = this.#used;
    const rounded = rest > 0.5 ? floor + 1 : floor;
    const whole = Math.floor(rounded / 1000);
    let at = this.#digits(whole, start);
    this.#buffer[at++] = DOT;
    at = this.#triple(rounded - whole * 1000, at);
    this.#pad(start, at, width);
  }

  /** Adds spaces. */
  spaces(count: number): void {
    this.#used += count;
  }

  /** Ends a line, which must be shorter than a kilobyte. */
  endLine(): void {
    this.#buffer[this.#used++] = NEWLINE;
    if (this.#used > BUFFER_BYTES - LINE_BYTES) this.flush();
  }

  /** Writes what is gathered. */
  flush(): void {
    const used = this.#buffer.subarray(0, this.#used);
    this.#write(used);
    used.fill(SPACE);
    this.#used = 0;
  }

  #whole(text: string, width: number): void {
    const start = this.#used;
    for (let i = 0; i < text.length; i++) this.#buffer[start + i] = text.charCodeAt(i);
    this.#pad(start, start + text.length, width);
  }

  #pad(start: number, at: number, width: number): void {
    this.#used = Math.max(at, start + width);
  }

  #octet(value: number, at: number): number {
    const buffer = this.#buffer;
    const from = value * 3;
    if (value >= 100) buffer[at++] = TRIPLES[from];
    if (value >= 10) buffer[at++] = TRIPLES[from + 1];
    buffer[at++] = TRIPLES[from + 2];
    return at;
  }

  #triple(value: number, at: number): number {
    const buffer = this.#buffer;
    const from = value * 3;
    buffer[at] = TRIPLES[from];
    buffer[at + 1] = TRIPLES[from + 1];
    buffer[at + 2] = TRIPLES[from + 2];
    return at + 3;
  }

  #digits(value: number, at: number): number {
    if (value < 1000) return this.#octet(value, at);
    if (value < 1e6) {
      const thousands = (value / 1000) | 0;
      return this.#triple(value - thousands * 1000, this.#octet(thousands, at));
    }
    if (value < FAST_MAX) {
      const thousands = Math.floor(value / 1000);
      return this.#triple(value - thousands * 1000, this.#digits(thousands, at));
    }
    const digits = this.#encoder.encode(BigInt(value).toString());
    this.#buffer.set(digits, at);
    return at + digits.length;
  }
}

/**
 * A number with so many decimals, as printf() of the GNU C library has it: exact halves go to the
 * even neighbour, which they do not in `toFixed()`.
 */
export function fixed(value: number, decimals: number): string {
  if (Number.isNaN(value)) return "-nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  const text = value.toFixed(decimals);
  const halves = value * 2 ** (decimals + 1);
  if (!Number.isInteger(halves) || halves % 2 === 0) return text;
  // Only now can the digit behind the last be an exact half; toFixed() rounded it up.
  return Number(text.at(-1)) % 2 === 0 ? text : value.toFixed(decimals + 1).slice(0, -1);
}
