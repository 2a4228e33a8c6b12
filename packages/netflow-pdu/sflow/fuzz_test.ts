/** Damaged datagrams, from captures of real agents and from hand-made ones; the seed is fixed. */
import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { Mutator } from "../../../scripts/fuzz/mutate.ts";
import { Random } from "../../../scripts/random.ts";
import {
  createPduRegistry,
  decodePdu,
  defineSflowCodec,
  describePdu,
  PDU_REASONS,
  pduMessage,
  readSflow,
} from "../mod.ts";
import { readCapture } from "../capture/mod.ts";
import {
  datagram,
  ethernet,
  flowSample,
  hex,
  ipv4,
  ipv6,
  sampledHeader,
  tagged,
  TCP,
  text,
  udp,
} from "./_builders.ts";
import { SFLOW_COLUMNS } from "./further_columns.ts";

const CAPTURES = new URL("../../../../shared/captures/", import.meta.url);
const SEED = 20_040_701;
const RUNS = 6000;

/** The captures, where they are there; those of other protocols do no harm. */
function captured(): Uint8Array[] {
  try {
    const table = Deno.readTextFileSync(new URL("GROUPS.tsv", CAPTURES)).trim().split("\n").slice(
      1,
    );
    return table.filter((line) => /sflow/i.test(line)).flatMap((line) =>
      line.split("\t")[2].split(" ")
    )
      .flatMap((file) => {
        const bytes = Deno.readFileSync(new URL(`raw/${file}`, CAPTURES));
        if (!file.endsWith(".pcap")) return [bytes];
        return Array.from(readCapture(bytes), ({ payload }) => payload);
      });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const inner = ethernet(0x8100, hex("0064 86dd"), ipv6(44, hex("0600 0001 00000007"), TCP));
const HAND_MADE = [
  datagram(
    flowSample(
      sampledHeader(
        ethernet(0x8847, hex("00064100"), ipv4(17, udp(4789, hex("0800000000123400"), inner))),
      ),
      tagged(1001, 1, 2, 3, 4),
      tagged(1002, 2, hex("20010db800000000000000000000000a"), 64, 48),
      tagged(1003, 1, 2, 3, 4, 5, 2, 2, 1, 6, 1, 2, 7, 8, 1, 9, 100),
      tagged(1007, 1, 1, 2, hex("20010db800000000000000000000000a")),
      tagged(1020, 1, 2),
    ),
    tagged(
      4,
      1,
      0,
      3,
      3,
      tagged(1005, text("eth0")),
      tagged(2001, 1, 1, 1, hex("0200000000010000")),
      tagged(999, 1),
    ),
    tagged(
      5,
      9,
      0,
      3,
      1,
      3,
      0,
      258,
      2,
      sampledHeader(ipv4(47, hex("b000 0800 0 0"), ipv4(6, TCP)), 11),
      tagged(1038, text("f")),
    ),
  ),
];

Deno.test("damaged sFlow datagrams throw nothing, and what is delivered is sane", () => {
  const corpus = [...captured(), ...HAND_MADE];
  const codec = defineSflowCodec({ innerHeaders: true, discardedPackets: true });
  const registry = createPduRegistry([codec]);
  const mutator = new Mutator(corpus);
  const extras = SFLOW_COLUMNS.map(({ name, kind }) => ({ name, kind }));
  const batch = new FlowBatch({ extras, octets: true });
  const outcomes = new Map<string, number>();
  for (let run = 0; run < RUNS; run++) {
    const random = new Random(SEED, run);
    const bytes = mutator.next(random);
    batch.reset();
    const result = decodePdu(registry, bytes, batch);
    const { reason = "faultless", rows, offset = 0 } = result;
    outcomes.set(reason, (outcomes.get(reason) ?? 0) + 1);
    assertEquals(batch.length, rows);
    assert(offset >= 0 && offset <= bytes.length, `run ${run}: offset ${offset}`);
    assert(!/undefined|NaN/.test(pduMessage(result)), `run ${run}`);
    // Each sample takes 8 octets, each flow sample 40.
    assert(rows <= bytes.length / 40, `run ${run}: ${rows} rows`);
    for (const flow of batch) flow.toObject();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = readSflow({ view, offset: 0, length: bytes.length, exporter: 0 });
    assertEquals(found === undefined, result.header === undefined, `run ${run}`);
    JSON.stringify(found);
    if (!random.oneIn(8)) continue;
    const dumps = describePdu(registry, bytes);
    assertEquals(dumps.reduce((sum, { width }) => sum + width, 0), bytes.length, `run ${run}`);
  }
  for (const [reason, count] of outcomes) {
    assert(reason === "faultless" || reason in PDU_REASONS, `${count}`);
  }
  for (
    const reason of [
      "faultless",
      "short-header",
      "unknown-version",
      "unknown-agent-address",
      "count-zero",
      "short-datagram",
      "short-sample",
      "short-record",
      "trailing-bytes",
    ]
  ) assert(outcomes.has(reason), `no run came to ${reason}`);
});
