/** Packets of real exporters against values that another decoder (tshark) found in them. */
import { assert, assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import {
  createPduRegistry,
  decodePdu,
  describePdu,
  PDU_CODECS,
  type PduHeaderName,
} from "./mod.ts";

const CAPTURES = new URL("../../../shared/captures/", import.meta.url);
const CLASSIC_VERSIONS = [1, 5, 6, 7, 8];

/** A packet as the captures' README describes it, as far as this test looks at it. */
interface ExpectedPacket {
  readonly [name: string]: unknown;
  readonly file: string;
  readonly version: number;
  readonly count: number;
  readonly flowsets?: readonly {
    readonly records?: readonly Record<string, string | string[]>[];
    readonly raw?: readonly string[];
  }[];
}

const HEADER_NAMES: Readonly<Record<string, PduHeaderName>> = {
  version: "version",
  count: "count",
  sysUptime: "sysUpTime",
  unixSecs: "unix_secs",
  unixNsecs: "unix_nsecs",
  sequence: "sequence",
  engineType: "engine_type",
  engineId: "engine_id",
  samplingMode: "sampling_mode",
  sampleRate: "sampling_interval",
  aggMethod: "aggregation",
  aggVersion: "agg_version",
};

const FLOW_NAMES: Readonly<Record<string, string>> = {
  "cflow.srcaddr": "srcaddr",
  "cflow.dstaddr": "dstaddr",
  "cflow.srcnet": "srcaddr",
  "cflow.dstnet": "dstaddr",
  "cflow.nexthop": "nexthop",
  "cflow.inputint": "input",
  "cflow.outputint": "output",
  "cflow.packets": "dPkts",
  "cflow.octets": "dOctets",
  "cflow.flows": "dFlows",
  "cflow.timestart": "first_raw",
  "cflow.timeend": "last_raw",
  "cflow.srcport": "srcport",
  "cflow.dstport": "dstport",
  "cflow.tcpflags": "tcp_flags",
  "cflow.protocol": "prot",
  "cflow.tos": "tos",
  "cflow.srcas": "src_as",
  "cflow.dstas": "dst_as",
  "cflow.srcmask": "src_mask",
  "cflow.dstmask": "dst_mask",
};

/** Fields that tshark is known to read wrongly, or whose order is not settled, by aggregation. */
const UNSETTLED: Readonly<Record<number, readonly string[]>> = {
  5: ["src_mask", "dst_mask"],
  9: ["tos", "input", "output"],
  13: ["src_mask", "dst_mask"],
  14: ["src_mask", "dst_mask"],
};

function valueOf(name: string, text: string): string | number {
  if (name.endsWith("addr") || name === "nexthop") return text;
  if (name.endsWith("_raw")) return Math.round(Number(text) * 1000);
  return Number(text);
}

function groups(): { name: string; packets: readonly ExpectedPacket[] }[] {
  let table: string;
  try {
    table = Deno.readTextFileSync(new URL("GROUPS.tsv", CAPTURES));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return table.trim().split("\n").slice(1).map((line) => line.split("\t"))
    .filter(([, , files]) => files.split(" ").every((file) => file.endsWith(".dat")))
    .map(([source, group]) => {
      const url = new URL(`expected/${source}/${group}.json`, CAPTURES);
      const { packets } = JSON.parse(Deno.readTextFileSync(url));
      return { name: `${source}/${group}`, packets: (packets ?? []) as readonly ExpectedPacket[] };
    })
    // sFlow calls its version 5 too, but has samples instead of flow sets.
    .filter(({ packets }) =>
      packets.some(({ version, flowsets }) => flowsets && CLASSIC_VERSIONS.includes(version))
    );
}

const found = groups();
const registry = createPduRegistry(PDU_CODECS);

if (found.length === 0) {
  console.log(`skipped: no captures at ${CAPTURES.pathname}`);
}

for (const { name, packets } of found) {
  Deno.test(`decodePdu() agrees with other decoders on ${name}`, () => {
    let compared = 0;
    for (const packet of packets) {
      const bytes = Deno.readFileSync(new URL(`raw/${packet.file}`, CAPTURES));
      const batch = new FlowBatch();
      const { header, rows } = decodePdu(registry, bytes, batch);
      for (const [theirs, ours] of Object.entries(HEADER_NAMES)) {
        if (packet[theirs] !== undefined) assertEquals(header?.[ours], packet[theirs], ours);
      }
      const records = packet.flowsets!.flatMap((set) => set.records ?? []);
      const raw = packet.flowsets!.flatMap((set) => set.raw ?? []);
      assertEquals(rows, raw.length);
      const dumps = describePdu(registry, bytes);
      for (const [row, hex] of raw.entries()) {
        const fields = dumps.filter(({ record }) => record === row);
        assertEquals(fields.map((field) => field.hex).join(""), hex);
      }
      const unsettled = UNSETTLED[header?.aggregation ?? 0] ?? [];
      for (const [row, record] of records.entries()) {
        const flow = batch.flow(row).toObject();
        for (const [theirs, text] of Object.entries(record)) {
          const ours = FLOW_NAMES[theirs];
          if (ours === undefined || unsettled.includes(ours) || typeof text !== "string") continue;
          assertEquals(flow[ours], valueOf(ours, text), `${ours} of record ${row}`);
          compared++;
        }
      }
    }
    // tshark knows nothing of v6; there the raw bytes were the comparison.
    assert(compared > 0 || packets[0].version === 6);
  });
}

Deno.test({
  name: "decodePdu() gives a reason for the damaged captures",
  ignore: found.length === 0,
  fn() {
    const result = (file: string) => {
      const bytes = Deno.readFileSync(new URL(`raw/${file}`, CAPTURES));
      const { reason, rows } = decodePdu(registry, bytes, new FlowBatch());
      return { reason, rows };
    };
    assertEquals(result("logstash/netflow5.dat"), { reason: "trailing-bytes", rows: 2 });
    assertEquals(result("vflow/TestV5FlowPacket.dat"), { reason: "trailing-bytes", rows: 29 });
    assertEquals(result("logstash/netflow5_test_invalid02.dat"), {
      reason: "count-over-maximum",
      rows: 30,
    });
  },
});
