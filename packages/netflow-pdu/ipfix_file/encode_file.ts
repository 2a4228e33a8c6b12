import type { FlowBatch } from "@flowtools/flow-model";
import type { TemplateCodec } from "../templates/define_codec.ts";
import { createTemplateEncoder, type TemplateEncoder } from "../templates/encoder.ts";
import { IPFIX_CODEC } from "../codecs/ipfix.ts";
import { FILE_MESSAGE_OCTETS, FILE_RESEND_MESSAGES } from "./limits.ts";

/** How to write an IPFIX file. */
export interface IpfixFileWriteOptions {
  /** The codec; default `IPFIX_CODEC`. */
  readonly codec?: TemplateCodec;
  /**
   * Observation domain of the first flows; default 0. Flows of exporters that told names have others,
   * as `TemplateEncoder` says.
   */
  readonly domain?: number;
  /** Octets of a message at most, 512 to 65535; default 16384. */
  readonly messageOctets?: number;
  /** Messages after which templates are written again; default 256. */
  readonly resendMessages?: number;
  /**
   * Whether flows whose records the batch keeps as octets are written as those; default true. Not for
   * batches whose columns were changed since they were decoded.
   */
  readonly octets?: boolean;
  /** Whether a message begins where the clock of the exporter changes; default false. */
  readonly splitClocks?: boolean;
}

/**
 * Writes IPFIX files (RFC 5655): messages back to back, templates before the records that need them,
 * again in each file and after so many messages.
 *
 * A file needs no end: cut anywhere, it can be read up to the last whole message. So what `flush()`
 * gave out and was written is safe. Flows are kept whole (see `TemplateEncoder`), with who exported
 * them.
 *
 * @example
 * ```ts
 * import { IpfixFileEncoder } from "@flowtools/netflow-pdu/ipfix-file";
 * import { V5_CODEC } from "@flowtools/netflow-pdu";
 * import { FlowBatch } from "@flowtools/flow-model";
 * import { assertEquals } from "@std/assert";
 *
 * const batch = new FlowBatch();
 * batch.append(V5_CODEC.layouts.record.schema, { srcaddr: "192.0.2.1", unix_secs: 1_700_000_000 });
 *
 * const encoder = new IpfixFileEncoder();
 * const file = [...encoder.encode(batch, 0, 1, Date.now()), ...encoder.flush()];
 * assertEquals(file.length, 1);
 * assertEquals([...file[0].subarray(0, 2)], [0, 10]);
 * ```
 */
export class IpfixFileEncoder {
  readonly #encoder: TemplateEncoder;

  /**
   * Makes an encoder.
   *
   * @param options Domain and bounds
   * @throws {RangeError} An option is out of bounds
   */
  constructor(options: IpfixFileWriteOptions = {}) {
    const { codec = IPFIX_CODEC, messageOctets = FILE_MESSAGE_OCTETS, ...rest } = options;
    this.#encoder = createTemplateEncoder(codec, {
      domain: rest.domain,
      maxOctets: messageOctets,
      resendPackets: rest.resendMessages ?? FILE_RESEND_MESSAGES,
      // Files are read from their start, whenever they were written.
      resendMs: Infinity,
      octets: rest.octets,
      splitClocks: rest.splitClocks,
    });
  }

  /** For each field, how many values no record could hold. */
  get lost(): ReadonlyMap<string, number> {
    return this.#encoder.lost;
  }

  /** What was done so far, over all files; packets are messages. */
  get counters(): TemplateEncoder["counters"] {
    return this.#encoder.counters;
  }

  /**
   * Begins another file: what is written from here on needs nothing of what was written before.
   *
   * @returns The last messages of the file before, to be written to that
   */
  nextFile(): Uint8Array<ArrayBuffer>[] {
    const messages = this.flush();
    this.#encoder.resend();
    return messages;
  }

  /**
   * Adds rows of a batch.
   *
   * @param batch The flows
   * @param from First row
   * @param count Rows
   * @param now Unix milliseconds, for flows without a clock
   * @returns The messages that are complete, to be written
   * @throws {RangeError} The batch does not have the rows
   * @throws {FlowAttributeError} The batch does not keep a column that the records need
   */
  encode(batch: FlowBatch, from: number, count: number, now: number): Uint8Array<ArrayBuffer>[] {
    this.#encoder.add(batch, from, count, now);
    return this.#encoder.takePackets();
  }

  /**
   * Completes the message that is being filled.
   *
   * @returns All that was not given out yet, to be written
   */
  flush(): Uint8Array<ArrayBuffer>[] {
    return this.#encoder.flush();
  }
}
