/** IPFIX files: what other programs wrote, what we write, and what damage does. */
import fc from "fast-check";
import { concat } from "@std/bytes";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FlowBatch, type RowValues } from "@flowtools/flow-model";
import { PORTABLE_ZLIB } from "@flowtools/ft-format";
import { NATIVE_ZLIB } from "@flowtools/ft-format/deno";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { V5_CODEC } from "../codecs/v5.ts";
import { capturedPackets, captureGroups, inputOf } from "../templates/_builders.ts";
import {
  IpfixFileDecoder,
  IpfixFileEncoder,
  type IpfixFileFault,
  type IpfixFileReadOptions,
} from "./mod.ts";

const NOW = Date.UTC(2026, 0, 1);

interface Read {
  readonly messages: Uint8Array[];
  readonly offsets: number[];
  readonly faults: readonly IpfixFileFault[];
  readonly skipped: number;
}

/** Reads a file in chunks of one size, all through one array. */
function read(file: Uint8Array, chunkOctets = 1 << 20, options: IpfixFileReadOptions = {}): Read {
  const decoder = new IpfixFileDecoder(options);
  const messages: Uint8Array[] = [];
  const offsets: number[] = [];
  const drain = () => {
    for (let found = decoder.readMessage(); found; found = decoder.readMessage()) {
      messages.push(found.octets.slice());
      offsets.push(found.offset);
    }
  };
  const chunk = new Uint8Array(Math.min(chunkOctets, file.length));
  for (let at = 0; at < file.length; at += chunkOctets) {
    const part = file.subarray(at, at + chunkOctets);
    chunk.set(part);
    decoder.push(chunk.subarray(0, part.length));
    drain();
    chunk.fill(0xee);
  }
  decoder.finish();
  drain();
  assertEquals(decoder.messages, messages.length);
  return { messages, offsets, faults: decoder.faults, skipped: decoder.skippedOctets };
}

const { schema } = V5_CODEC.layouts.record;

function flows(count: number, values: (row: number) => RowValues = () => ({})): FlowBatch {
  const batch = new FlowBatch({ capacity: count });
  for (let row = 0; row < count; row++) {
    batch.append(schema, {
      unix_secs: 1_700_000_000,
      sysUpTime: 90_000,
      first: 10_000 + row,
      last: 20_000 + row,
      dOctets: 2 ** 40 + row,
      srcaddr: row % 3 === 0 ? `2001:db8::${row}` : row,
      exaddr: "10.0.0.9",
      ...values(row),
    });
  }
  return batch;
}

/** A file of some messages. */
function sampleFile(count = 100, messageOctets = 512): Uint8Array<ArrayBuffer>[] {
  const encoder = new IpfixFileEncoder({ messageOctets });
  return [...encoder.encode(flows(count), 0, count, NOW), ...encoder.flush()];
}

function decodeAll(messages: readonly Uint8Array[], rows = 8192): FlowBatch {
  const codec = createIpfixCodec();
  const session = codec.createSession();
  const batch = new FlowBatch({ capacity: rows, octets: true });
  for (const message of messages) {
    const { reason } = codec.decode({ ...inputOf(message), exporter: 0 }, batch, session);
    assertEquals(reason, undefined);
  }
  return batch;
}

async function compress(octets: Uint8Array, format: "gzip" | "deflate"): Promise<Uint8Array> {
  const stream = new Blob([octets.slice()]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const CAPTURES = new URL("../../../../shared/captures/raw/", import.meta.url);

for (const group of captureGroups()) {
  const files = [...new Set(group.packets.map(({ file }) => file))]
    .filter((file) => file.endsWith(".ipfix"));
  for (const file of files) {
    Deno.test(`IpfixFileDecoder finds the messages of ${file}`, () => {
      const octets = Deno.readFileSync(new URL(file, CAPTURES));
      const lengths = group.packets.filter((packet) => packet.file === file)
        .map(({ payloadLength }) => payloadLength);
      // Two files were shortened, and their messages say so.
      const cut = new DataView(octets.buffer).getUint16(2) > octets.length;
      for (const chunkOctets of [octets.length, 4099]) {
        const { messages, faults, skipped } = read(octets, chunkOctets);
        assertEquals(messages.map(({ length }) => length), cut ? [] : lengths);
        assertEquals(faults.map(({ reason }) => reason), cut ? ["cut-message"] : []);
        assertEquals(concat(messages), octets.subarray(skipped));
        assertEquals(skipped, cut ? octets.length : 0);
      }
    });
  }
}

Deno.test("flows of all IPFIX captures are the same out of files", () => {
  const codec = createIpfixCodec();
  const groups = captureGroups();
  let compared = 0;
  for (const group of groups) {
    const batch = new FlowBatch({ capacity: 1 << 15, octets: true });
    const sessions = new Map();
    for (const { expected, octets, exporter } of capturedPackets(group)) {
      if (expected.version !== 10) continue;
      const session = sessions.get(exporter) ?? codec.createSession();
      sessions.set(exporter, session);
      codec.decode({ ...inputOf(octets), exporter: 0 }, batch, session);
    }
    const encoder = new IpfixFileEncoder();
    const file = [...encoder.encode(batch, 0, batch.length, NOW), ...encoder.flush()];
    const { messages, faults } = read(concat(file));
    assertEquals(faults, []);
    const received = decodeAll(messages, 1 << 15);
    assertEquals(received.length, batch.length);
    for (let row = 0; row < batch.length; row++) {
      assertEquals(received.octets!.read(row), batch.octets!.read(row));
      compared++;
    }
  }
  assert(groups.length === 0 || compared > 1000);
});

Deno.test("messages are the same whatever the chunks", () => {
  const file = sampleFile();
  for (const chunkOctets of [1, 2, 3, 17, 511, 100_000]) {
    const { messages, offsets, faults } = read(concat(file), chunkOctets);
    assertEquals(messages, file);
    assertEquals(faults, []);
    assertEquals(offsets, file.map((_, index) => concat(file.slice(0, index)).length));
  }
});

for (const format of ["gzip", "deflate"] as const) {
  for (const [name, zlib] of Object.entries({ NATIVE_ZLIB, PORTABLE_ZLIB })) {
    Deno.test(`files compressed with ${format} are read with ${name}, several members, too`, async () => {
      const file = sampleFile(400);
      const one = await compress(concat(file), format);
      const two = concat([one, await compress(concat(file), format)]);
      for (const chunkOctets of [1, 7, 1000, two.length]) {
        assertEquals(read(one, chunkOctets, { zlib }).messages, file);
        const both = read(two, chunkOctets, { zlib });
        assertEquals(both.messages, [...file, ...file]);
        assertEquals(both.faults, []);
      }
    });

    Deno.test(`what is whole before damaged ${format} data is read with ${name}`, async () => {
      const file = sampleFile(400);
      const whole = await compress(concat(file), format);
      const cut = read(whole.subarray(0, whole.length - 9), 100, { zlib });
      assertEquals(cut.messages, file.slice(0, cut.messages.length));
      assert(cut.faults.some(({ reason }) => reason === "cut-compression"));
      // The last octets are the checksum (zlib), and the length (gzip).
      for (const behind of format === "gzip" ? [1, 5] : [1]) {
        const wrong = whole.slice();
        wrong[wrong.length - behind] ^= 1;
        const { messages, faults } = read(wrong, 100, { zlib });
        assertEquals(messages, file);
        assertEquals(faults.map(({ reason }) => reason), ["bad-compression"]);
      }
      const middle = whole.slice();
      middle.fill(0xff, whole.length / 2, whole.length / 2 + 40);
      const damaged = read(middle, 100, { zlib });
      assert(damaged.faults.some(({ reason }) => reason === "bad-compression"));
      assert(damaged.messages.length < file.length);
    });
  }
}

Deno.test("gzip headers may have all fields that there are", async () => {
  const file = sampleFile(10);
  const plain = await compress(concat(file), "gzip");
  const fields = [3, 0, 9, 9, 9, 0x61, 0, 0x62, 0x63, 0, 0xaa, 0xbb];
  const full = concat([plain.subarray(0, 10), Uint8Array.from(fields), plain.subarray(10)]);
  full[3] = 2 | 4 | 8 | 16;
  for (const chunkOctets of [1, 1000]) {
    assertEquals(read(full, chunkOctets, { zlib: PORTABLE_ZLIB }).messages, file);
  }
});

Deno.test("inflated octets are bounded", async () => {
  const bomb = await compress(new Uint8Array(10_000_000), "gzip");
  const { messages, faults } = read(bomb, 1000, {
    zlib: NATIVE_ZLIB,
    inflatedOctetsMax: 1_000_000,
  });
  assertEquals(messages, []);
  assertEquals(faults[0].reason, "inflated-too-large");
});

Deno.test("compressed files are a fault where nothing inflates", async () => {
  const { messages, faults } = read(await compress(concat(sampleFile()), "gzip"));
  assertEquals(messages, []);
  assertEquals(faults.map(({ reason }) => reason), ["bad-compression"]);
});

Deno.test("a file cut anywhere is read up to the last whole message", () => {
  const file = sampleFile(30);
  const octets = concat(file);
  const ends = file.map((_, index) => concat(file.slice(0, index + 1)).length);
  for (let cut = 0; cut <= octets.length; cut++) {
    const { messages, faults, skipped } = read(octets.subarray(0, cut), 300);
    const whole = ends.filter((end) => end <= cut).length;
    assertEquals(messages, file.slice(0, whole));
    const rest = cut - (ends[whole - 1] ?? 0);
    assertEquals(skipped, rest);
    assertEquals(
      faults.map(({ reason, offset, octets }) => [reason, offset, octets]),
      rest === 0 ? [] : [["cut-message", cut - rest, rest]],
    );
    decodeAll(messages);
  }
});

Deno.test("damaged octets are passed over up to the next message, with their place", () => {
  const file = sampleFile(60);
  const garbage = Uint8Array.from({ length: 100 }, (_, index) => index * 37 & 255);
  const { messages, faults, offsets } = read(concat([file[0], garbage, ...file.slice(1)]));
  assertEquals(messages, file);
  assertEquals(offsets[1], file[0].length + 100);
  assertEquals(faults.map(({ reason, offset, octets }) => [reason, offset, octets]), [
    ["bad-message", file[0].length, 100],
  ]);
});

Deno.test("octets that look like a header are no message where their sets go on behind it", () => {
  const file = sampleFile(60);
  const header = Uint8Array.from([0, 10, 0, 20, ...Array(12).fill(0), 1, 0, 0, 5, 9, 9, 9]);
  const { messages, skipped } = read(concat([file[0], header, ...file.slice(1)]));
  assertEquals(messages, file);
  assertEquals(skipped, header.length);
});

Deno.test("a message whose version or length is damaged costs that message", () => {
  const file = sampleFile(60);
  for (const [at, value] of [[1, 9], [0, 1], [3, 0xff], [2, 0xff]]) {
    const damaged = file.map((message) => message.slice());
    damaged[1][at] = value === 0xff ? damaged[1][at] ^ 0x55 : value;
    const { messages, skipped, faults } = read(concat(damaged), 100);
    assertEquals(messages, [file[0], ...file.slice(2)]);
    assertEquals(skipped, file[1].length);
    assertEquals(faults.length, 1);
  }
});

Deno.test("a message whose sets are damaged is still given out, since others follow it", () => {
  const file = sampleFile(60);
  const damaged = file.map((message) => message.slice());
  damaged[1][19] ^= 1;
  assertEquals(read(concat(damaged), 100).messages, damaged);
});

Deno.test("random octets never throw, and each is in a message or counted", () => {
  const pieces = fc.array(fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(...sampleFile(20)),
    fc.constant(Uint8Array.of(0, 10, 0, 16)),
    fc.constant(Uint8Array.of(0, 10, 255, 255)),
  ));
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 700 }), (pieces, chunkOctets) => {
      // What a file begins with tells its compression.
      const file = concat([Uint8Array.of(0, 0), ...pieces]);
      const { messages, skipped } = read(file, chunkOctets);
      assertEquals(concat(messages).length + skipped, file.length);
      assertEquals(read(file).messages, messages);
    }),
    { seed: 3, numRuns: 300 },
  );
});

Deno.test("every file begins with the templates that it needs", () => {
  const encoder = new IpfixFileEncoder({ domain: 4 });
  const first = [...encoder.encode(flows(50), 0, 50, NOW), ...encoder.nextFile()];
  const second = [...encoder.encode(flows(50), 0, 50, NOW), ...encoder.nextFile()];
  for (const file of [first, second]) {
    const batch = decodeAll(read(concat(file)).messages);
    assertEquals(batch.length, 50);
    assertEquals(batch.flow(7).toObject().dOctets, 2 ** 40 + 7);
    assertEquals(batch.flow(7).exaddr, "10.0.0.9");
    assertEquals(batch.flow(6).srcaddr, "2001:db8::6");
  }
  assertEquals(encoder.counters.rows, 100);
});

Deno.test("templates are written again, so that damage costs so many messages at most", () => {
  const encoder = new IpfixFileEncoder({ messageOctets: 512, resendMessages: 4 });
  const all = [
    ...encoder.encode(flows(200, () => ({ srcaddr: 1 })), 0, 200, NOW),
    ...encoder.flush(),
  ];
  const { length } = decodeAll(all);
  assertEquals(length, 200);
  const codec = createIpfixCodec();
  const batch = new FlowBatch();
  const session = codec.createSession();
  let decoded = 0;
  // The first four are lost, and with them the template.
  for (const message of all.slice(1)) {
    if (codec.decode(inputOf(message), batch, session).units !== -1) decoded++;
  }
  assertEquals(all.length - 1 - decoded, 3);
});

Deno.test("pushing out of turn throws", () => {
  const decoder = new IpfixFileDecoder();
  decoder.push(concat(sampleFile()));
  assertThrows(() => decoder.push(Uint8Array.of(1)), Error, "not read yet");
  while (decoder.readMessage());
  decoder.finish();
  assertThrows(() => decoder.push(Uint8Array.of(1)), Error, "finish()");
});
