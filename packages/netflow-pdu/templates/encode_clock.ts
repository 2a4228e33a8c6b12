import { fieldIndex, type FlowBatch, uptimeToUnixMs } from "@flowtools/flow-model";

const HALF_WRAP_MS = 2 ** 31;
const WRAP_MS = 2 ** 32;
const SECS_MAX = 2 ** 32 - 1;

/** Milliseconds that rows which tell moments themselves may be away from the clock of a packet. */
const APART_MS_MAX = 24 * 3_600_000;

const UNIX_SECS = fieldIndex("unix_secs");
const UNIX_NSECS = fieldIndex("unix_nsecs");
const SYS_UPTIME = fieldIndex("sysUpTime");

/** The clocks of the rows of a batch. Rows without one (`unix_secs` is 0) are of now. */
export class RowClocks {
  #secs: Uint32Array | undefined;
  #nsecs: Uint32Array | undefined;
  #uptimes: Uint32Array | undefined;
  #nowSecs = 0;
  #nowNsecs = 0;

  /**
   * Sets the batch.
   *
   * @param batch The rows
   * @param now Unix milliseconds
   */
  begin(batch: FlowBatch, now: number): void {
    this.#secs = batch.columnAt(UNIX_SECS) as Uint32Array | undefined;
    this.#nsecs = batch.columnAt(UNIX_NSECS) as Uint32Array | undefined;
    this.#uptimes = batch.columnAt(SYS_UPTIME) as Uint32Array | undefined;
    this.#nowSecs = Math.floor(now / 1000);
    this.#nowNsecs = Math.floor(now % 1000) * 1_000_000;
  }

  /** When the packet of a row was sent, Unix seconds. */
  secs(row: number): number {
    return this.#secs?.[row] || this.#nowSecs;
  }

  /** Whole milliseconds past `secs`. */
  ms(row: number): number {
    return Math.floor(this.#fraction(row) / 1_000_000);
  }

  /** Uptime when the packet of a row was sent, milliseconds. */
  uptime(row: number): number {
    return this.#uptimes?.[row] ?? 0;
  }

  /** The Unix time of an uptime stamp of a row, milliseconds. */
  unixMs(row: number, stamp: number): number {
    return uptimeToUnixMs(this.secs(row), this.#fraction(row), this.uptime(row), stamp);
  }

  /** When the exporter of a row started, Unix milliseconds. */
  bootMs(row: number): number {
    return this.secs(row) * 1000 + this.ms(row) - this.uptime(row);
  }

  #fraction(row: number): number {
    if (!this.#secs?.[row]) return this.#nowNsecs;
    return this.#nsecs?.[row] ?? 0;
  }
}

/**
 * What the records of a row need of the clock of their packet:
 *
 * - `moments`: its uptimes are written anew, so it must be near enough for 32 bits of milliseconds;
 * - `header`: they count from it as they are, so it must be the row's own;
 * - `boot`: they count from the start of the exporter, which is told beside them, and decoders must
 *   not take the one for wrapped that was not;
 * - `near`: they tell moments themselves; decoders want them within days of the packet's, and take
 *   the packet's for those that tell none.
 */
export type ClockNeed = "moments" | "header" | "boot" | "near";

/** The clock in the header of a packet that is being filled. */
export class PacketClock {
  /** Unix seconds. */
  secs = 0;
  /** Uptime at that time, milliseconds; NetFlow v9 only. */
  sysUpTime = 0;
  #set = false;
  readonly #version: 9 | 10;
  readonly #rows: RowClocks;
  readonly #each: boolean;
  /** The uptime of the row that set it. */
  #openedUptime = 0;
  #fixed = false;

  /**
   * Makes a clock.
   *
   * @param version Export version
   * @param rows The clocks of the rows
   * @param each Whether rows share a packet only where their clocks are the same
   */
  constructor(version: 9 | 10, rows: RowClocks, each: boolean) {
    this.#version = version;
    this.#rows = rows;
    this.#each = each;
  }

  /** Whether some row has set it. */
  get isSet(): boolean {
    return this.#set;
  }

  /** Sets the clock, whatever rows have. */
  fix(secs: number, sysUpTime: number): void {
    this.secs = secs;
    this.sysUpTime = sysUpTime;
    this.#set = true;
    this.#fixed = true;
  }

  /** Forgets the clock, for the next packet. */
  clear(): void {
    this.#set = this.#fixed;
  }

  /**
   * Sets the clock of a packet by its first row.
   *
   * @param row The row
   * @param need What its record needs
   * @param moments The columns that its moments are in
   */
  open(row: number, need: ClockNeed, moments: readonly Uint32Array[]): void {
    if (this.#set) return;
    const rows = this.#rows;
    const uptime = rows.uptime(row);
    this.secs = rows.secs(row);
    this.sysUpTime = uptime;
    this.#openedUptime = uptime;
    this.#set = true;
    if (need !== "moments") return;
    // The header of NetFlow v9 has whole seconds; stamps stay as they are where that can be.
    const atSecond = uptime - rows.ms(row);
    if (uptime !== 0) this.sysUpTime = atSecond > 0 ? atSecond : HALF_WRAP_MS;
    if (this.#holds(row, moments)) return;
    this.sysUpTime = HALF_WRAP_MS;
    if (this.#holds(row, moments)) return;
    // Stamps that lie weeks behind or ahead, as uptimes of 32 bits can: a clock from which both can
    // be told, with an uptime so late that nothing ahead of it is taken for wrapped.
    const earliest = Math.min(...moments.map((column) => rows.unixMs(row, column[row])));
    const secs = Math.floor((earliest + HALF_WRAP_MS) / 1000) + (this.#version === 9 ? 1 : 0);
    this.secs = Math.min(Math.max(0, secs), SECS_MAX);
    this.sysUpTime = Math.min(this.secs * 1000 - earliest, WRAP_MS - 1);
  }

  /**
   * Whether a row can be in a packet of this clock.
   *
   * @param row The row
   * @param need What its record needs
   * @param moments The columns that its moments are in
   */
  admits(row: number, need: ClockNeed, moments: readonly Uint32Array[]): boolean {
    if (this.#fixed) return true;
    const rows = this.#rows;
    const secs = rows.secs(row);
    if (this.#each && (secs !== this.secs || rows.uptime(row) !== this.#openedUptime)) return false;
    switch (need) {
      case "moments":
        return this.#holds(row, moments);
      case "header":
        return secs === this.secs &&
          (this.#version === 10 || rows.uptime(row) === this.sysUpTime);
      case "boot":
        return secs === this.secs || this.#countsTheSame(row, moments);
      case "near":
        return secs === this.secs ||
          (Math.abs(secs - this.secs) * 1000 <= APART_MS_MAX && !this.#isOfPacket(row, moments));
    }
  }

  /**
   * Milliseconds from the second of the header to a stamp of a row.
   *
   * @param row The row
   * @param stamp Its stamp, uptime in milliseconds
   */
  since(row: number, stamp: number): number {
    return this.#rows.unixMs(row, stamp) - this.secs * 1000;
  }

  /**
   * Whether decoders get a moment back that lies so far from the second of the header.
   *
   * @param since Milliseconds
   */
  fits(since: number): boolean {
    const { sysUpTime } = this;
    if (this.#version === 10 || (sysUpTime !== 0 && sysUpTime <= HALF_WRAP_MS)) {
      return since >= -HALF_WRAP_MS && since < HALF_WRAP_MS;
    }
    // Without an uptime nothing wraps; and stamps ahead of a late uptime are not taken for wrapped.
    return since >= -sysUpTime && since < WRAP_MS - sysUpTime;
  }

  /** Whether a row has the time of its packet, as decoders give it to records that tell none. */
  #isOfPacket(row: number, moments: readonly Uint32Array[]): boolean {
    const uptime = this.#rows.uptime(row);
    for (let i = 0; i < moments.length; i++) if (moments[i][row] === uptime) return true;
    return false;
  }

  /** Whether stamps mean the same where they count from the start of the exporter. */
  #countsTheSame(row: number, moments: readonly Uint32Array[]): boolean {
    const rows = this.#rows;
    const uptime = (this.secs * 1000 - rows.bootMs(row)) >>> 0;
    return moments.length > 0 && moments.every((column) => {
      const stamp = column[row];
      return uptimeToUnixMs(this.secs, 0, uptime, stamp) === rows.unixMs(row, stamp);
    });
  }

  #holds(row: number, moments: readonly Uint32Array[]): boolean {
    for (let i = 0; i < moments.length; i++) {
      if (!this.fits(this.since(row, moments[i][row]))) return false;
    }
    return true;
  }
}
