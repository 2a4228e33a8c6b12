import type { Flow, FlowBatch } from "@flowtools/flow-model";
import type { FtHeader, RecordBlock } from "@flowtools/ft-format";
import { FlowSetError } from "./errors.ts";
import { type BatchReadOptions, FlowReader } from "./flow_reader.ts";
import type {
  FinalCounters,
  FlowItem,
  FlowTarget,
  FlowWriteOptions,
  FlowWriter,
  WriteReport,
} from "./flow_writer.ts";
import type { FlowReadOptions, FlowSource } from "./open_source.ts";

/**
 * A set of flows: one or several flow-tools files to read, or one to write. Files of export packets
 * can be read, too: pcap and pcapng captures, IPFIX files.
 *
 * @example Read a file, flow by flow
 * ```ts
 * import { FlowSet } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const source = await Deno.readFile("fixtures/ft/v5-le-z.ft"); // or a path, a stream, "-"
 * await using set = await FlowSet.open(source);
 * let flows = 0;
 * for await (const flow of set) {
 *   assertEquals(typeof flow.srcaddr, "string");
 *   flows++;
 * }
 * assertEquals(flows, 53);
 * ```
 */
export class FlowSet implements AsyncIterable<Flow>, AsyncDisposable {
  readonly #reader: FlowReader | undefined;
  readonly #writer: FlowWriter | undefined;

  private constructor(reader: FlowReader | undefined, writer: FlowWriter | undefined) {
    this.#reader = reader;
    this.#writer = writer;
  }

  /**
   * Opens files, streams or bytes for reading. Several are read one after the other; each is
   * opened when its turn comes.
   *
   * @param source A path, `"-"` for standard input, a stream, bytes, or a list of these
   * @param options Name for messages, bounds
   * @returns The set, its first header read
   * @throws {FtFormatError} The first source is no flow-tools file, or its header is damaged;
   * damage further on is thrown while reading, after all whole records before it
   * @throws {WhereFieldError} The first source cannot answer `options.where`
   *
   * @example Read some of the flows
   * ```ts
   * import { compileWhere, FlowSet } from "@flowtools/flowset";
   * import { assertEquals } from "@std/assert";
   *
   * const where = compileWhere("packets > 2G and not tcp");
   * await using set = await FlowSet.open("fixtures/ft/v5-le.ft", { where });
   * for await (const flow of set) assertEquals(flow.dPkts! > 2_000_000_000, true);
   * ```
   */
  static async open(
    source: FlowSource | readonly FlowSource[],
    options: FlowReadOptions = {},
  ): Promise<FlowSet> {
    const sources = Array.isArray(source)
      ? source as readonly FlowSource[]
      : [source as FlowSource];
    return new FlowSet(await FlowReader.open(sources, options), undefined);
  }

  /**
   * Creates a flow-tools file, or begins a stream.
   *
   * Where the target can be rewritten, closing the set completes its header: flow count, counters,
   * time of the end, and the mark that the file is whole. A stream has a header that says so.
   *
   * @param target A path, `"-"` for standard output, or a stream
   * @param options Version, byte order, compression, header fields
   * @returns The set, to be closed
   *
   * @example Convert version 5 to version 1
   * ```ts
   * import { FlowSet } from "@flowtools/flowset";
   * import { assertEquals } from "@std/assert";
   *
   * const path = await Deno.makeTempFile();
   * const set = await FlowSet.create(path, { version: 1, byteOrder: "big", comments: "thinned" });
   * await using source = await FlowSet.open("fixtures/ft/v5-le.ft");
   * for await (const batch of source.batches()) await set.write(batch);
   * await set.close();
   *
   * assertEquals(set.report.flows, 53);
   * assertEquals([...set.report.lostFields.keys()].includes("src_as"), true);
   * await Deno.remove(path);
   * ```
   */
  static async create(target: FlowTarget, options: FlowWriteOptions = {}): Promise<FlowSet> {
    // Who reads need not load what writes, and the packets that it takes.
    const { FlowWriter } = await import("./flow_writer.ts");
    return new FlowSet(undefined, await FlowWriter.create(target, options));
  }

  /**
   * The header: of the first source when reading, as it would be closed now when writing. That of a
   * file of packets is made up, of a flow-tools file that would store its flows.
   *
   * @throws {FlowSetError} Nothing was written yet, and no version was given
   */
  get header(): FtHeader {
    return (this.#reader ?? this.#writer!).header;
  }

  /**
   * Iterates over the flows. A flow stays valid as long as it is kept. Leaving the loop and
   * beginning another goes on with the next flow.
   *
   * @returns The flows
   * @throws {FtFormatError} While reading: a source is damaged, after all whole records before
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Flow> {
    return this.#reading().flows();
  }

  /**
   * Iterates over the flows as columns, many times faster than one by one. The batch is the same
   * each time: it is valid until the next is asked for.
   *
   * @param options The columns to fill, rows of a batch
   * @returns The batches
   * @throws {FtFormatError} While reading: a source is damaged, after all whole records before
   *
   * @example
   * ```ts
   * import { FlowSet } from "@flowtools/flowset";
   * import { assertEquals } from "@std/assert";
   *
   * await using set = await FlowSet.open("fixtures/ft/v5-le.ft");
   * let packets = 0;
   * for await (const batch of set.batches({ columns: ["dPkts"] })) {
   *   const column = batch.column("dPkts");
   *   for (let row = 0; row < batch.length; row++) packets += column[row];
   * }
   * assertEquals(packets > 0, true);
   * ```
   */
  batches(options: BatchReadOptions = {}): AsyncIterableIterator<FlowBatch> {
    return this.#reading().batches(options);
  }

  /**
   * Iterates over the records as they are stored, undecoded; `write()` of another set takes them.
   * The flows of files of packets become records of the version that the header tells.
   *
   * @returns Blocks of whole records, each valid until the next is asked for
   * @throws {FtFormatError} While reading: a source is damaged, after all whole records before
   */
  blocks(): AsyncIterableIterator<RecordBlock> {
    return this.#reading().blocks();
  }

  /**
   * Writes flows. Flows of another version are converted where the reference does: any of 1, 5, 6
   * and 7 into each other and into 1005, 1005 into 5; NetFlow v9, IPFIX and sFlow into any of these.
   * What the version written has no place for is counted in `report`, and flows between IPv6 addresses
   * are left out and counted.
   *
   * @param item A PDU, a batch, a flow, or records of another set
   * @throws {FlowConversionError} There is no conversion; nothing of the run was written
   * @throws {FlowAttributeError} The batch lacks a column that the records need
   * @throws {FlowSetError} The set is not open for writing
   */
  async write(item: FlowItem): Promise<void> {
    await this.#writing().write(item);
  }

  /**
   * Makes everything written so far readable for others, who see a file that is not finished yet.
   *
   * @throws {FlowSetError} The set is not open for writing
   */
  async flush(): Promise<void> {
    await this.#writing().flush();
  }

  /**
   * Sets what the header tells of losses and of the end, where it can be rewritten.
   *
   * @param counters The values that are known
   * @throws {FlowSetError} The set is not open for writing, or nothing was written yet
   * @throws {RangeError} The header has no room for a counter: a stream, or left out by an option
   */
  setCounters(counters: FinalCounters): void {
    this.#writing().setCounters(counters);
  }

  /**
   * What was written, and what was lost by it.
   *
   * @throws {FlowSetError} The set is not open for writing
   */
  get report(): WriteReport {
    return this.#writing().report;
  }

  /** Closes the set: files that were written get their final header. Closing twice is harmless. */
  async close(): Promise<void> {
    await (this.#reader ?? this.#writer!).close();
  }

  /** Closes the set. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #reading(): FlowReader {
    if (this.#reader !== undefined) return this.#reader;
    throw new FlowSetError("not-reading", "Cannot read flow set: it was created for writing");
  }

  #writing(): FlowWriter {
    if (this.#writer !== undefined) return this.#writer;
    throw new FlowSetError("not-writing", "Cannot write flow set: it was opened for reading");
  }
}
