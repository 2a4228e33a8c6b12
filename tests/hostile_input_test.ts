/** Inputs that lie, each hazard by name, on the functions that programs use. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { concat } from "@std/bytes";
import { constants, deflateRawSync, deflateSync } from "node:zlib";
import {
  decodeFtHeader,
  encodeFtHeader,
  FT_FLAGS,
  type FtLimits,
  HEADER_BYTES_MAX,
  PORTABLE_ZLIB,
  readFtStream,
} from "@flowtools/ft-format";
import { FlowPDU, FlowSet, type FlowSource, FtFormatError, PduError } from "@flowtools/flowset";
import { ROOT } from "./files.ts";

const PDUS = ["v1", "v5", "v6", "v7", "v8.1", "v8.5", "v8.8", "v8.11", "v8.14"];
const V5_RECORD_BYTES = 64;

/** The first two bytes of any usual zlib stream. */
const ZLIB_START = new Uint8Array([0x78, 0x9c]);

/** What a decoder may need besides the input: a batch, buffers, garbage not yet collected. */
const GROWTH_BYTES_MAX = 100e6;

function fixture(path: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`fixtures/${path}`, ROOT));
}

function pdu(label: string): Uint8Array<ArrayBuffer> {
  return fixture(`pdu/${label}-3.dat`);
}

function withCount(bytes: Uint8Array, count: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint16(2, count);
  return copy;
}

/** What reading a file gave: its flows as text, and the error that ended it. */
async function read(
  source: FlowSource,
  limits?: FtLimits,
): Promise<{ flows: string[]; error?: FtFormatError }> {
  const flows: string[] = [];
  try {
    await using set = await FlowSet.open(source, { limits });
    for await (const flow of set) flows.push(JSON.stringify(flow));
  } catch (error) {
    assertInstanceOf(error, FtFormatError);
    return { flows, error };
  }
  return { flows };
}

/** The code of the error that opening gives. */
async function openError(bytes: Uint8Array, limits?: FtLimits): Promise<FtFormatError> {
  return await assertRejects(() => FlowSet.open(bytes, { limits, name: "x.ft" }), FtFormatError);
}

/** The start of a header of stream version 3 that says it has `size` bytes. */
function headerStart(size: number): Uint8Array {
  const bytes = new Uint8Array(8);
  bytes.set([0xcf, 0x10, 1, 3]);
  new DataView(bytes.buffer).setUint32(4, size, true);
  return bytes;
}

function header(flags: number): Uint8Array {
  return encodeFtHeader({
    byteOrder: "little",
    exportVersion: 5,
    flags,
    ifNames: [],
    ifAliases: [],
    unknown: [],
  });
}

for (const label of PDUS) {
  const bytes = pdu(label);
  const whole = new FlowPDU("10.0.0.1", bytes);

  Deno.test(`hostile PDU ${label}: a count that lies never invents a flow`, () => {
    const { count } = whole;
    const lies = [[0, "count-zero", 0], [count + 1, undefined, count], [65_535, undefined, count]];
    for (const [said, problem, flows] of lies as [number, string | undefined, number][]) {
      const lie = new FlowPDU("10.0.0.1", withCount(bytes, said));
      assertEquals(lie.length, flows);
      assertEquals([...lie].length, flows);
      assert(lie.problem !== undefined);
      if (problem !== undefined) assertEquals(lie.problem, problem);
      for (const [row, flow] of [...lie].entries()) {
        assertEquals(flow.toObject(), whole.batch.flow(row).toObject());
      }
    }
  });

  Deno.test(`hostile PDU ${label}: cut at every byte, its whole records are flows`, () => {
    const flows = Array.from(whole, (flow) => JSON.stringify(flow));
    const recordBytes = (bytes.length - (label === "v1" ? 16 : label < "v8" ? 24 : 28)) /
      whole.count;
    const headerBytes = bytes.length - whole.count * recordBytes;
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      if (length < headerBytes) {
        assertThrows(() => new FlowPDU("10.0.0.1", cut), PduError, "the header takes");
        continue;
      }
      const short = new FlowPDU("10.0.0.1", cut);
      assertEquals(short.problem, "short-datagram");
      assertEquals(short.length, Math.floor((length - headerBytes) / recordBytes));
      if (length % 41 === 0) {
        const left = Array.from(short, (flow) => JSON.stringify(flow));
        assertEquals(left, flows.slice(0, short.length));
      }
    }
  });
}

Deno.test("hostile PDU: versions that nobody knows", () => {
  for (const version of [0, 2, 3, 4, 11, 256, 0x0500, 65_535]) {
    const bytes = pdu("v5");
    new DataView(bytes.buffer).setUint16(0, version);
    const error = assertThrows(() => new FlowPDU("10.0.0.1", bytes), PduError);
    assertEquals([error.reason, error.got], ["unknown-version", version]);
  }
});

Deno.test("hostile file: no bytes at all", async () => {
  assertEquals((await openError(new Uint8Array(0))).code, "empty");
  const path = await Deno.makeTempFile();
  const error = await assertRejects(() => FlowSet.open(path), FtFormatError, path);
  assertEquals(error.code, "empty");
  await Deno.remove(path);
});

Deno.test("hostile file: a directory", async () => {
  const path = await Deno.makeTempDir();
  await assertRejects(() => FlowSet.open(path), Error, "directory");
  await Deno.remove(path);
});

Deno.test("hostile file: the magic number mixed up", async () => {
  const bytes = fixture("ft/v5-le.ft");
  for (const magic of [[0x10, 0xcf], [0xcf, 0x11], [0xcf, 0xcf], [0, 0], [0x1f, 0x8b]]) {
    bytes.set(magic);
    assertEquals((await openError(bytes)).code, "bad-magic");
  }
});

Deno.test("hostile file: byte order and stream version that do not exist", async () => {
  for (const value of [0, 3, 0x80, 0xff]) {
    const order = fixture("ft/v5-le.ft");
    order[2] = value;
    assertEquals((await openError(order)).code, "bad-byte-order");
    if (value === 3) continue;
    const version = fixture("ft/v5-le.ft");
    version[3] = value;
    assertEquals((await openError(version)).code, "bad-stream-version");
  }
});

Deno.test("hostile file: the other byte order is claimed", async () => {
  const bytes = fixture("ft/v5-le.ft");
  bytes[2] = 2;
  assertEquals((await openError(bytes)).code, "header-too-large");
});

Deno.test("hostile file: a header of 4 GiB is refused before it is waited for", async () => {
  const error = await openError(headerStart(0xffffffff));
  assertEquals([error.code, error.got], ["header-too-large", 0xffffffff]);
});

Deno.test("hostile file: a header that is smaller than its fixed part", async () => {
  for (const size of [0, 1, 4, 7]) {
    const error = await openError(concat([headerStart(size), new Uint8Array(100)]));
    assertEquals([error.code, error.got], ["bad-header-size", size]);
  }
  assertEquals((await openError(headerStart(8))).code, "missing-version");
});

Deno.test("hostile file: a header field that goes past the end of the header", async () => {
  for (const length of [9, 0x7fff, 0xffff]) {
    const field = new Uint8Array(12);
    field.set([2, 0, length & 255, length >> 8]);
    const error = await openError(concat([headerStart(20), field, new Uint8Array(200)]));
    assertEquals([error.code, error.offset, error.expected], ["bad-tlv-length", 8, 8]);
  }
});

Deno.test("hostile file: a million tiny header fields", async () => {
  const fields = 1_000_000;
  const bytes = concat([headerStart(8 + 4 * fields), new Uint8Array(4 * fields)]);
  for (let at = 8; at < bytes.length; at += 4) bytes[at] = 0x77;
  assertEquals((await openError(bytes)).code, "header-too-large");
  const headerBytesMax = bytes.length;
  assertEquals((await openError(bytes, { headerBytesMax })).code, "missing-version");

  // As many as the usual limit allows, with the version in the last one.
  const allowed = concat([headerStart(HEADER_BYTES_MAX), new Uint8Array(HEADER_BYTES_MAX - 8)]);
  for (let at = 8; at < allowed.length - 8; at += 4) allowed[at] = 0x77;
  allowed.set([2, 0, 4, 0, 5, 0, 0, 0], allowed.length - 8);
  await using set = await FlowSet.open(allowed);
  assertEquals(set.header.exportVersion, 5);
  assertEquals(set.header.unknown.length, (HEADER_BYTES_MAX - 16) / 4);
});

Deno.test("hostile file: records cut in the middle, at every byte of one", async () => {
  const bytes = fixture("ft/v5-be.ft");
  const { flows } = await read(bytes);
  const { size } = decodeFtHeader(bytes);
  for (let length = size + 5 * V5_RECORD_BYTES; length < size + 6 * V5_RECORD_BYTES; length++) {
    const cut = await read(bytes.subarray(0, length));
    assertEquals(cut.flows, flows.slice(0, 5));
    const left = length - size - 5 * V5_RECORD_BYTES;
    assertEquals(cut.error?.code, left === 0 ? undefined : "truncated-record");
    if (left > 0) assertEquals([cut.error!.offset, cut.error!.got], [length - left, left]);
  }
});

Deno.test("hostile file: garbage in the middle of the zlib data", async () => {
  const bytes = fixture("ft/v5-le-z.ft");
  const { flows } = await read(bytes);
  const { size } = decodeFtHeader(bytes);
  for (let at = size + 2; at < bytes.length - 70; at += 13) {
    const damaged = bytes.slice();
    damaged.fill(0xff, at, at + 64);
    const { flows: left, error } = await read(damaged);
    assertEquals(error?.code, "bad-zlib");
    assert(left.length <= flows.length);
    // Garbage may pass for data for a while, but what came before it is whole.
    const before = (await read(bytes.subarray(0, at))).flows;
    assertEquals(left.slice(0, before.length), before);
  }
});

Deno.test("hostile file: plain records under a flag that says compressed", async () => {
  const records = new Uint8Array(3 * V5_RECORD_BYTES).fill(7);
  const { flows, error } = await read(concat([header(FT_FLAGS.COMPRESS), records]));
  assertEquals([flows, error?.code], [[], "bad-zlib"]);
});

Deno.test("hostile file: compressed records under a flag that says plain", async () => {
  const body = new Uint8Array(deflateSync(new Uint8Array(1000).map((_, index) => index * index)));
  const { flows, error } = await read(concat([header(0), body]));
  // Nobody can tell them from records; but there are no more than the bytes have room for.
  assertEquals(flows.length, Math.floor(body.length / V5_RECORD_BYTES));
  assertEquals(error?.code, "truncated-record");
});

Deno.test("hostile file: garbage behind the zlib data", async () => {
  const bytes = fixture("ft/v5-le-z.ft");
  const { flows } = await read(bytes);
  for (const garbage of [new Uint8Array(1), new Uint8Array(5000).fill(0x78), bytes]) {
    const longer = await read(concat([bytes, garbage]));
    assertEquals(longer.flows, flows);
    assertEquals([longer.error?.code, longer.error?.offset], ["trailing-bytes", bytes.length]);
  }
});

Deno.test("hostile file: a zlib checksum that is wrong, or cut off", async () => {
  const bytes = fixture("ft/v5-le-z.ft");
  const { flows } = await read(bytes);
  bytes[bytes.length - 1] ^= 1;
  const wrong = await read(bytes);
  assertEquals([wrong.flows, wrong.error?.code], [flows, "bad-zlib"]);
  const cut = await read(bytes.subarray(0, -2));
  assertEquals([cut.flows, cut.error?.code], [flows, "truncated-zlib"]);
});

// A megabyte of zeros deflates to a kilobyte, which can be said again and again, since a full
// flush makes it depend on nothing before it.
const BOMB_PIECE_RECORDS = (1 << 20) / V5_RECORD_BYTES;
const BOMB_PIECE = new Uint8Array(
  deflateRawSync(new Uint8Array(1 << 20), { finishFlush: constants.Z_FULL_FLUSH }),
);

/** A file whose records inflate to so many mebibytes of zeros. */
async function* bomb(mebibytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  yield await Promise.resolve(concat([header(FT_FLAGS.COMPRESS), ZLIB_START]));
  for (let piece = 0; piece < mebibytes; piece++) yield BOMB_PIECE;
  // An empty last block, and the checksum (RFC 1950): of zeros it is 1, and their number.
  const end = new Uint8Array([3, 0, 0, 0, 0, 1]);
  new DataView(end.buffer).setUint16(2, mebibytes * (1 << 20) % 65_521);
  yield end;
}

/** Watches how much the process grows. */
class Growth {
  readonly #start = Deno.memoryUsage().rss;
  #most = 0;

  look(): void {
    this.#most = Math.max(this.#most, Deno.memoryUsage().rss - this.#start);
  }

  check(): void {
    assert(this.#most < GROWTH_BYTES_MAX, `the process grew by ${this.#most} bytes`);
  }
}

Deno.test("hostile file: a gigabyte of records from a kilobyte said a thousand times", async () => {
  const mebibytes = 1024;
  const growth = new Growth();
  let flows = 0;
  await using set = await FlowSet.open(bomb(mebibytes));
  for await (const batch of set.batches({ columns: ["dOctets"] })) {
    flows += batch.length;
    if (flows % (1 << 20) === 0) growth.look();
  }
  growth.look();
  assertEquals(flows, mebibytes * BOMB_PIECE_RECORDS);
  growth.check();
});

Deno.test("hostile file: a gigabyte of records out of one chunk", async () => {
  const mebibytes = 1024;
  const file = concat(await Array.fromAsync(bomb(mebibytes)));
  assert(file.length < 2e6, `${file.length} bytes`);
  const growth = new Growth();
  let records = 0;
  await using set = await FlowSet.open(file);
  for await (const block of set.blocks()) {
    records += block.count;
    if (records % (1 << 20) === 0) growth.look();
  }
  growth.look();
  assertEquals(records, mebibytes * BOMB_PIECE_RECORDS);
  growth.check();
});

Deno.test("hostile file: the portable zlib holds little of a bomb", async () => {
  const growth = new Growth();
  let records = 0;
  const { blocks } = await readFtStream(bomb(64), { zlib: PORTABLE_ZLIB });
  for await (const block of blocks()) {
    records += block.count;
    growth.look();
  }
  assertEquals(records, 64 * BOMB_PIECE_RECORDS);
  growth.check();
});

Deno.test("hostile file: a bomb ends at the limit of inflated bytes", async () => {
  const inflatedBytesMax = 10 << 20;
  let flows = 0;
  await using set = await FlowSet.open(bomb(1024), { limits: { inflatedBytesMax } });
  const error = await assertRejects(async () => {
    for await (const batch of set.batches({ columns: [] })) flows += batch.length;
  }, FtFormatError);
  assertEquals([error.code, error.expected], ["inflated-too-large", inflatedBytesMax]);
  const most = inflatedBytesMax / V5_RECORD_BYTES;
  assert(flows >= most && flows < 1.1 * most, `${flows} flows`);
});
