/** What a pcapng file says about the interface that packets come from. */
export interface CaptureInterface {
  /** What the packets start with, a LINKTYPE_ number. */
  readonly linkType: number;
  /** Bytes of a packet at most; 0 says no limit. */
  readonly snapLength: number;
  /** Steps of the clock in a second. */
  readonly ticksPerSecond: bigint;
  /** Seconds to add to each time. */
  readonly offsetSeconds: number;
}

const OPTION_END = 0;
const OPTION_TSRESOL = 9;
const OPTION_TSOFFSET = 14;
/** Link type, two reserved bytes and snap length stand before the options. */
const OPTIONS_START = 8;
/** Microseconds, where no option says otherwise. */
const TICKS_DEFAULT = 1_000_000n;

/** The interface that the body of a description block tells of; `undefined` where an option is broken. */
export function readInterface(
  body: Uint8Array,
  littleEndian: boolean,
): CaptureInterface | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  let ticksPerSecond = TICKS_DEFAULT;
  let offsetSeconds = 0;
  let at = OPTIONS_START;
  while (at + 4 <= body.length) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    const value = at + 4;
    if (code === OPTION_END) break;
    if (value + length > body.length) return undefined;
    if (code === OPTION_TSRESOL) {
      if (length !== 1) return undefined;
      ticksPerSecond = ticksOf(body[value]);
    } else if (code === OPTION_TSOFFSET) {
      if (length !== 8) return undefined;
      offsetSeconds = Number(view.getBigInt64(value, littleEndian));
    }
    at = value + Math.ceil(length / 4) * 4;
  }
  return {
    linkType: view.getUint16(0, littleEndian),
    snapLength: view.getUint32(4, littleEndian),
    ticksPerSecond,
    offsetSeconds,
  };
}

/** The highest bit chooses between powers of 2 and of 10; the rest is the exponent. */
function ticksOf(resolution: number): bigint {
  return (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f);
}

/** Unix milliseconds of a time of this interface. Nanoseconds since 1970 need more than 53 bits, hence bigint. */
export function interfaceTime(from: CaptureInterface, high: number, low: number): number {
  const ticks = (BigInt(high) << 32n) | BigInt(low);
  const seconds = Number(ticks / from.ticksPerSecond) + from.offsetSeconds;
  const fraction = Number(ticks % from.ticksPerSecond) * 1000 / Number(from.ticksPerSecond);
  return seconds * 1000 + fraction;
}
