import { SFLOW_TAG_BYTES } from "./limits.ts";

/**
 * Walks what stands behind one another with a data format and a length before each: the samples of
 * a datagram, the records of a sample. It never leaves the bytes it was given, and each step goes
 * ahead by eight of them at least.
 *
 * XDR fills up to multiples of four; a last one that is not filled up is taken as it is.
 */
export class SflowCursor {
  /** Data format of the current one: 20 bits of enterprise, 12 of format. */
  tag = 0;
  /** Where its data start. */
  start = 0;
  /** Bytes of its data as it says itself. */
  length = 0;
  /** Where the next one starts. */
  next = 0;
  /** Where the bytes end. */
  end = 0;
  #view: DataView = NOTHING;

  /**
   * Starts a walk.
   *
   * @param view Bytes
   * @param from The first
   * @param end Where they end
   */
  open(view: DataView, from: number, end: number): void {
    this.#view = view;
    this.next = from;
    this.end = end;
  }

  /**
   * Goes to the next one.
   *
   * @returns Whether it is whole; without that, `next` stays where it starts
   */
  advance(): boolean {
    const { next, end } = this;
    if (end - next < SFLOW_TAG_BYTES) {
      this.start = end;
      this.length = 0;
      return false;
    }
    this.tag = this.#view.getUint32(next);
    const length = this.#view.getUint32(next + 4);
    const start = next + SFLOW_TAG_BYTES;
    this.start = start;
    this.length = length;
    if (length > end - start) return false;
    this.next = Math.min(start + padded(length), end);
    return true;
  }

  /** Bytes that are missing for the one that {@linkcode advance} could not go to. */
  get missing(): number {
    const { next, end, start, length } = this;
    return end - next < SFLOW_TAG_BYTES ? next + SFLOW_TAG_BYTES - end : start + length - end;
  }
}

const NOTHING = new DataView(new ArrayBuffer(0));

/**
 * Octets that opaque data takes in XDR.
 *
 * @param length Octets of data
 * @returns The next multiple of four
 */
export function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
