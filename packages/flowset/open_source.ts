import type { RecordLayout } from "@flowtools/flow-model";
import {
  type FtHeader,
  type FtLimits,
  readFtStream,
  type RecordBlock,
  type ZlibProvider,
} from "@flowtools/ft-format";
import { PACKET_MAGIC_BYTES, packetFormat } from "./packets/packet_format.ts";
import type { PacketSessions } from "./packets/packet_sessions.ts";
import type { LossKind } from "./packets/packet_records.ts";
import type { PacketSource } from "./packets/packet_source.ts";
import { SessionsOnDemand } from "./packets/sessions_on_demand.ts";
import { loadPlatform, loadZlib } from "./platform.ts";
import type { Where } from "./where/compile_where.ts";
import { type SelectedListener, selectRecords } from "./where/select_records.ts";

/**
 * Where flows are read from: the path of a flow-tools file, `"-"` for standard input, a stream, or
 * the bytes of a file. A file of export packets is read as well: a pcap or pcapng capture, an IPFIX
 * file.
 */
export type FlowSource =
  | string
  | Uint8Array
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** How to read. */
export interface FlowReadOptions {
  /** Name of a stream or of bytes, for messages. */
  readonly name?: string;
  /** Bounds of the file format. */
  readonly limits?: FtLimits;
  /**
   * What is remembered of exporters from other files, so that the templates of one decode the
   * packets of the next.
   */
  readonly sessions?: PacketSessions | SessionsOnDemand;
  /** Address of the exporter of an IPFIX file, which does not tell it; default `0.0.0.0`. */
  readonly exporter?: string;
  /** Told what of files of packets could not be read, a sentence at a time. */
  readonly warn?: (message: string) => void;
  /** Told what flows of packets lost as they became records, a sentence at a time. */
  readonly lost?: (message: string, kind: LossKind) => void;
  /**
   * Only flows that pass this are read; of records that do not, no more is decoded than it looks at.
   */
  readonly where?: Where;
  /** Told how many flows passed it. */
  readonly onSelected?: SelectedListener;
  /** Told of bytes that were read of files. */
  readonly onRead?: (bytes: number) => void;
}

/** A source of records that is open. */
export interface RecordSource extends AsyncDisposable {
  /** What the header tells. */
  readonly header: FtHeader;
  /** What the records look like. */
  readonly layout: RecordLayout;
  /** The records in file order; each block is alive until the next is asked for. */
  blocks(): AsyncIterable<RecordBlock>;
}

/**
 * Opens a flow-tools file, or a file of packets whose flows become flow-tools records: those of the
 * version of the first packet where there are such, else those of version 5. What these have no
 * place for is counted and told (`lost`); flows between IPv6 addresses are left out, and counted.
 *
 * @param source A path, `"-"` for standard input, a stream, bytes
 * @param options Name, bounds, what is remembered of exporters
 * @returns The records, to be closed
 * @throws {FtFormatError} It is no flow-tools file, or its header is damaged
 * @throws {WhereFieldError} Its records cannot answer `options.where`
 *
 * @example
 * ```ts
 * import { openRecords } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * await using records = await openRecords("fixtures/ft/v5-le.ft");
 * let count = 0;
 * for await (const block of records.blocks()) count += block.count;
 * assertEquals(count, 53);
 * ```
 */
export async function openRecords(
  source: FlowSource,
  options: FlowReadOptions = {},
): Promise<RecordSource> {
  const { header, layout, blocks, close } = await openSource(source, options);
  return { header, layout, blocks, [Symbol.asyncDispose]: async () => await close() };
}

/** A source that is open. */
export interface OpenSource {
  /** What the header tells. */
  readonly header: FtHeader;
  /** What the records look like. */
  readonly layout: RecordLayout;
  /** Bytes come as somebody sends them, so flows are handed on as they come. */
  readonly live: boolean;
  /** The packets, where it is a file of these: their flows have more than records can hold. */
  readonly packets?: PacketSource;
  /** The records in file order; each block is alive until the next is asked for. */
  blocks(): AsyncIterable<RecordBlock>;
  close(): Promise<void> | void;
}

/**
 * Opens a source; of its flows those are there that are asked for.
 *
 * @param source The source
 * @param options Name, bounds, what is remembered of exporters, what flows have to pass
 * @returns The source, its header read
 * @throws {FtFormatError} It is no flow-tools file, or its header is damaged
 * @throws {WhereFieldError} Its records cannot answer `options.where`
 */
export async function openSource(
  source: FlowSource,
  options: FlowReadOptions,
): Promise<OpenSource> {
  const open = await openWhole(source, options);
  const { where, onSelected } = options;
  // Packets select for themselves, before flows become records.
  if (where === undefined || open.packets !== undefined) return open;
  try {
    where.check(open.layout.schema);
  } catch (error) {
    await open.close();
    throw error;
  }
  return { ...open, blocks: () => selectRecords(open, where, onSelected) };
}

async function openWhole(source: FlowSource, options: FlowReadOptions): Promise<OpenSource> {
  if (typeof source === "string") return await openPath(source, options);
  const live = !(source instanceof Uint8Array);
  const chunks = source instanceof Uint8Array ? oneChunk(source) : source;
  const { start, all } = await peek(chunks);
  return packetFormat(start) === undefined
    ? await openStream(all, await loadZlib(), live, options)
    : await openPackets(all, live, options);
}

async function openPath(path: string, options: FlowReadOptions): Promise<OpenSource> {
  const { NATIVE_ZLIB, openFtFile, peekInput } = await loadPlatform();
  const input = await peekInput(path);
  const source = options.name ?? (path === "-" ? "standard input" : path);
  if (input.packets || !input.regular) {
    const chunks = counted(input.chunks(), options.onRead);
    const named = { ...options, name: source };
    return input.packets
      ? await openPackets(chunks, !input.regular, named)
      : await openStream(chunks, NATIVE_ZLIB, true, named);
  }
  input.close();
  const file = await openFtFile(path, { limits: options.limits, onRead: options.onRead });
  return {
    header: file.header,
    layout: file.layout,
    live: false,
    blocks: () => file.blocks(),
    close: () => file.close(),
  };
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void = () => {},
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    onRead(chunk.length);
    yield chunk;
  }
}

async function openPackets(
  chunks: AsyncIterable<Uint8Array>,
  live: boolean,
  { name: source, sessions: given, ...options }: FlowReadOptions,
): Promise<OpenSource> {
  // Who reads flow-tools files need not load what decodes packets.
  const { PacketSource } = await import("./packets/packet_source.ts");
  const sessions = given instanceof SessionsOnDemand ? await given.get() : given;
  const packets = await PacketSource.open(chunks, { ...options, sessions, source, live });
  const { header, layout } = packets;
  const blocks = () => packets.blocks();
  return { header, layout, live, packets, blocks, close: () => packets.close() };
}

async function openStream(
  chunks: AsyncIterable<Uint8Array>,
  zlib: ZlibProvider,
  live: boolean,
  { name, limits }: FlowReadOptions,
): Promise<OpenSource> {
  const reader = await readFtStream(chunks, { zlib, source: name, limits });
  const blocks = reader.blocks();
  return {
    header: reader.header,
    layout: reader.layout,
    live,
    blocks: () => blocks,
    // Leaving the loop over the blocks cancels the stream; one that was never read is cancelled so.
    close: () => void blocks[Symbol.asyncIterator]().return?.(),
  };
}

/** Looks at the start of a stream. */
async function peek(
  stream: AsyncIterable<Uint8Array>,
): Promise<{ start: Uint8Array; all: AsyncGenerator<Uint8Array, void, undefined> }> {
  const chunks = stream[Symbol.asyncIterator]();
  const start = new Uint8Array(PACKET_MAGIC_BYTES);
  const seen: Uint8Array[] = [];
  let used = 0;
  while (used < PACKET_MAGIC_BYTES) {
    const { value, done } = await chunks.next();
    if (done) break;
    // Streams may use the memory of a chunk again.
    seen.push(used === 0 && value.length >= PACKET_MAGIC_BYTES ? value : value.slice());
    start.set(value.subarray(0, PACKET_MAGIC_BYTES - used), used);
    used += Math.min(value.length, PACKET_MAGIC_BYTES - used);
  }
  return { start: start.subarray(0, used), all: chain(seen, chunks) };
}

async function* chain(
  seen: readonly Uint8Array[],
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* seen;
    for (let next; !(next = await chunks.next()).done;) yield next.value;
  } finally {
    await chunks.return?.();
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield await Promise.resolve(bytes);
}
