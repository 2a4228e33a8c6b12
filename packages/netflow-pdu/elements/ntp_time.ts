/**
 * NTP timestamps (RFC 5905, section 6): seconds since 1900-01-01 UTC in 32 bits, and a binary
 * fraction of a second in 32 more. The seconds wrap on 2036-02-07; as RFC 4330, section 3, has it,
 * those with the highest bit unset are of the era after that. So they reach from 1968-01-20 to
 * 2104-02-26.
 *
 * All octets zero means that no time is known (RFC 5905, section 6), and exporters send it so. It is
 * read as 0, which 0 seconds or milliseconds are for the other types of time; the instant in 2036
 * that has the same octets cannot be told.
 */

/** Seconds from 1900-01-01 to 1970-01-01 UTC. */
const UNIX_EPOCH_IN_NTP = 2_208_988_800;
const ERA_SECONDS = 2 ** 32;
/** Seconds from 1970-01-01 to the first and past the last instant that NTP timestamps tell. */
const FIRST_UNIX_SECOND = 2 ** 31 - UNIX_EPOCH_IN_NTP;
const END_UNIX_SECOND = FIRST_UNIX_SECOND + ERA_SECONDS;
/** The bits of a fraction that dateTimeMicroseconds uses (RFC 7011, section 6.1.9). */
const MICROSECONDS_FRACTION = 0xffff_f800;

/**
 * Reads dateTimeMicroseconds (RFC 7011, section 6.1.9). The fraction, cut to 21 bits, is rounded
 * to the nearest microsecond, so that the microsecond comes back that an exporter rounded down.
 *
 * @param seconds NTP seconds, 32 bits
 * @param fraction NTP fraction, 32 bits
 * @returns Microseconds since 1970-01-01 UTC; 0 where no time is known
 */
export function ntpToMicroseconds(seconds: number, fraction: number): number {
  if (seconds === 0 && fraction === 0) return 0;
  const used = (fraction & MICROSECONDS_FRACTION) >>> 0;
  return toUnixSeconds(seconds) * 1_000_000 + Math.round(used * 1_000_000 / ERA_SECONDS);
}

/**
 * Reads dateTimeNanoseconds (RFC 7011, section 6.1.10), rounded to the nearest nanosecond.
 *
 * @param seconds NTP seconds, 32 bits
 * @param fraction NTP fraction, 32 bits
 * @returns Nanoseconds since 1970-01-01 UTC; 0 where no time is known
 */
export function ntpToNanoseconds(seconds: number, fraction: number): bigint {
  if (seconds === 0 && fraction === 0) return 0n;
  const rounded = (BigInt(fraction) * 1_000_000_000n + (1n << 31n)) >> 32n;
  return BigInt(toUnixSeconds(seconds)) * 1_000_000_000n + rounded;
}

/** An NTP timestamp. */
export interface NtpTime {
  /** Seconds since 1900-01-01 UTC modulo 2^32. */
  readonly seconds: number;
  /** 2^32nds of a second. */
  readonly fraction: number;
}

/**
 * The inverse of {@linkcode ntpToMicroseconds}.
 *
 * @param microseconds Microseconds since 1970-01-01 UTC, an integer
 * @returns The timestamp, or `undefined` where none tells that instant
 */
export function microsecondsToNtp(microseconds: number): NtpTime | undefined {
  const unixSeconds = Math.floor(microseconds / 1_000_000);
  const rest = microseconds - unixSeconds * 1_000_000;
  const fraction = Math.floor(rest * ERA_SECONDS / 1_000_000) & MICROSECONDS_FRACTION;
  return toNtp(unixSeconds, fraction >>> 0);
}

/**
 * The inverse of {@linkcode ntpToNanoseconds}.
 *
 * @param nanoseconds Nanoseconds since 1970-01-01 UTC
 * @returns The timestamp, or `undefined` where none tells that instant
 */
export function nanosecondsToNtp(nanoseconds: bigint): NtpTime | undefined {
  let unixSeconds = nanoseconds / 1_000_000_000n;
  let rest = nanoseconds % 1_000_000_000n;
  if (rest < 0n) {
    unixSeconds -= 1n;
    rest += 1_000_000_000n;
  }
  return toNtp(Number(unixSeconds), Number((rest << 32n) / 1_000_000_000n));
}

function toUnixSeconds(seconds: number): number {
  const era = seconds < 2 ** 31 ? ERA_SECONDS : 0;
  return seconds + era - UNIX_EPOCH_IN_NTP;
}

function toNtp(unixSeconds: number, fraction: number): NtpTime | undefined {
  if (!(unixSeconds >= FIRST_UNIX_SECOND && unixSeconds < END_UNIX_SECOND)) return undefined;
  return { seconds: (unixSeconds + UNIX_EPOCH_IN_NTP) % ERA_SECONDS, fraction };
}
