/** Damaged captures, decoded and encoded again: nothing throws, and each flow is sent or counted. */
import { assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import { createV9Codec } from "../codecs/v9.ts";
import { type CapturedPacket, capturedPackets, captureGroups, inputOf } from "./_builders.ts";
import type { TemplateCodecOptions } from "./define_codec.ts";
import { createTemplateEncoder } from "./encoder.ts";

const ROUNDS = 600;
const ROWS = 4096;
/** No packet of the captures has more. */
const PACKET_ROWS_MAX = 1500;
const HEADER = 20;

/** Numbers that look random, the same in every run. */
function randomOf(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
}

/** A copy with some octets changed, most of them where templates are. */
function damage(octets: Uint8Array, random: (below: number) => number): Uint8Array {
  const copy = octets.slice();
  for (let changes = random(6); changes > 0; changes--) {
    const at = HEADER + random(random(2) === 0 ? 120 : copy.length);
    if (at < copy.length) copy[at] = random(3) === 0 ? copy[at] ^ (1 << random(8)) : random(256);
  }
  return copy;
}

function decodeDamaged(
  packets: readonly CapturedPacket[],
  random: (below: number) => number,
): FlowBatch {
  const options: TemplateCodecOptions = { biflow: random(2) === 0 ? "split" : "record" };
  const codecs = { 9: createV9Codec(options), 10: createIpfixCodec(options) };
  const extras = [{ name: "samplingRate", kind: "counter" }, {
    name: "vlanId",
    kind: "u16",
  }] as const;
  const batch = new FlowBatch({ capacity: ROWS, octets: random(4) > 0, extras });
  const sessions = new Map();
  for (const { expected, octets, exporter } of packets) {
    const codec = codecs[expected.version as 9 | 10];
    const session = sessions.get(exporter) ?? codec.createSession();
    sessions.set(exporter, session);
    if (batch.room < PACKET_ROWS_MAX) break;
    const input = { ...inputOf(damage(octets, random)), exporter: random(2) * 7 };
    codec.decode(input, batch, session);
  }
  return batch;
}

const groups = captureGroups().map((group) => [...capturedPackets(group)])
  .filter(({ length }) => length > 0 && length < 40);

Deno.test({
  name: "flows of damaged captures are encoded, or counted, and decode again",
  ignore: groups.length === 0,
  fn: () => {
    const random = randomOf(12_345);
    let rows = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const batch = decodeDamaged(groups[random(groups.length)], random);
      for (const codec of [createV9Codec(), createIpfixCodec()]) {
        const maxOctets = [512, 1400, 65_507][random(3)];
        const encoder = createTemplateEncoder(codec, {
          maxOctets,
          octets: random(4) > 0,
          splitClocks: random(2) === 0,
          resendPackets: 1 + random(5),
        });
        const packets = encoder.encode(batch, 0, batch.length, 1_700_000_000_000);
        const { counters } = encoder;
        assertEquals(counters.rows + counters.merged + counters.refused, batch.length);
        const received = new FlowBatch({ capacity: ROWS });
        const session = codec.createSession();
        for (const packet of packets) {
          assertEquals(packet.length <= maxOctets, true);
          assertEquals(codec.decode(inputOf(packet), received, session).reason, undefined);
        }
        assertEquals(received.length, counters.rows);
        rows += counters.rows;
      }
    }
    assertEquals(rows > 1000, true);
  },
});
