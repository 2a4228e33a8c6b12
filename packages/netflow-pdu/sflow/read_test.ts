/** What readSflow() shows of structures made by hand, and of hostile ones. */
import { assert, assertEquals } from "@std/assert";
import { readSflow, type SflowDatagram, type SflowRecord, type SflowValue } from "../mod.ts";
import {
  datagram,
  ethernet,
  fill,
  flowSample,
  hex,
  ipv4,
  octets,
  sampledHeader,
  tagged,
  TCP,
  text,
} from "./_builders.ts";
import { COUNTER_STRUCTURE_BY_FORMAT } from "./counter_structures.ts";
import { FLOW_STRUCTURE_BY_FORMAT } from "./flow_structures.ts";
import { SFLOW_NESTING_MAX } from "./limits.ts";
import type { SflowStructure } from "./structure.ts";
import { XDR_TYPES, type XdrField } from "./xdr.ts";

function read(bytes: Uint8Array): SflowDatagram | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return readSflow({ view, offset: 0, length: bytes.byteLength, exporter: 0 });
}

/** A counter sample of one record. */
function counters(record: Uint8Array): Uint8Array {
  return tagged(2, 1, 3, 1, record);
}

function recordOf(sample: Uint8Array): SflowRecord {
  const [record] = read(datagram(sample))!.samples[0].records;
  return record;
}

const float = (value: number) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value);
  return bytes;
};

const U64 = (value: bigint) => octets(Number(value >> 32n), Number(value & 0xffffffffn));

/** Structures that are more than numbers, and what must be read from them. */
const CASES: readonly (readonly [
  title: string,
  sample: Uint8Array,
  fields: Readonly<Record<string, SflowValue>>,
])[] = [
  [
    "extended_gateway",
    flowSample(
      tagged(
        1003,
        2,
        hex("20010db8000000000000000000000001"),
        1,
        2,
        3,
        2,
        2,
        2,
        4,
        5,
        1,
        1,
        6,
        1,
        7,
        100,
      ),
    ),
    {
      nexthop: "2001:db8::1",
      as: 1,
      src_as: 2,
      src_peer_as: 3,
      dst_as_path: [{ type: 2, as_numbers: [4, 5] }, { type: 1, as_numbers: [6] }],
      communities: [7],
      localpref: 100,
    },
  ],
  [
    "extended_user",
    flowSample(tagged(1004, 106, text("zoë"), 0, text(""))),
    { src_charset: 106, src_user: "zoë", dst_charset: 0, dst_user: "" },
  ],
  [
    "extended_mpls",
    flowSample(tagged(1006, 0, 2, 0x00064000, 0x000c8100, 0)),
    { nexthop: null, in_stack: [0x00064000, 0x000c8100], out_stack: [] },
  ],
  [
    "extended_nat",
    flowSample(tagged(1007, 1, 0xc0000201, 2, hex("20010db8000000000000000000000002"))),
    { src_address: "192.0.2.1", dst_address: "2001:db8::2" },
  ],
  [
    "extended_80211_rx",
    flowSample(
      tagged(1014, text("lab"), hex("0200000000aa 0000"), 4, 36, U64(54_000_000n), 1, 2, 3),
    ),
    {
      ssid: "lab",
      bssid: "02:00:00:00:00:aa",
      version: 4,
      channel: 36,
      speed: 54_000_000,
      rsni: 1,
      rcpi: 2,
      packet_duration: 3,
    },
  ],
  [
    "extended_80211_aggregation",
    flowSample(tagged(1016, 1, 2, tagged(1036, 5), tagged(7777, 0xdeadbeef))),
    {
      pdus: [{
        flow_records: [
          { title: "extended_egress_queue", enterprise: 0, format: 1036, fields: { queue: 5 } },
          { title: "unknown", enterprise: 1, format: 3681, fields: {}, hex: "deadbeef" },
        ],
      }],
    },
  ],
  [
    "extended_ipv4_tunnel_egress",
    flowSample(tagged(1023, 100, 47, 1, 2, 3, 4, 5, 6)),
    {
      header: {
        length: 100,
        protocol: 47,
        src_ip: "0.0.0.1",
        dst_ip: "0.0.0.2",
        src_port: 3,
        dst_port: 4,
        tcp_flags: 5,
        tos: 6,
      },
    },
  ],
  [
    "extended_ib_grh",
    flowSample(
      tagged(1032, 1, 2, new Uint8Array(16).fill(0xaa), new Uint8Array(16).fill(0xbb), 3, 4),
    ),
    {
      flow_label: 1,
      tc: 2,
      s_gid: "aa".repeat(16),
      d_gid: "bb".repeat(16),
      next_header: 3,
      length: 4,
    },
  ],
  [
    "http_request",
    flowSample(
      tagged(
        2206,
        ...[2, 1001, ...["/", "h", "", "curl", "", "", "text/html"].map(text)],
        ...[U64(0n), U64(2n ** 63n), 12, 0xffffffff],
      ),
    ),
    {
      method: 2,
      protocol: 1001,
      uri: "/",
      host: "h",
      referer: "",
      useragent: "curl",
      xff: "",
      authuser: "",
      "mime-type": "text/html",
      req_bytes: 0,
      resp_bytes: "9223372036854775808",
      uS: 12,
      status: -1,
    },
  ],
  [
    "extended_entities",
    flowSample(tagged(2210, 0, 1, 2, 3)),
    {
      src_ds: { source_id_type: 0, source_id_index: 1 },
      dst_ds: { source_id_type: 2, source_id_index: 3 },
    },
  ],
  [
    "lag_port_stats",
    counters(
      tagged(
        7,
        hex("0200000000010000 0200000000020000"),
        9,
        hex("01020304"),
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
      ),
    ),
    {
      dot3adAggPortActorSystemID: "02:00:00:00:00:01",
      dot3adAggPortPartnerOperSystemID: "02:00:00:00:00:02",
      dot3adAggPortAttachedAggID: 9,
      dot3adAggPortState: "01020304",
      dot3adAggPortStatsLACPDUsRx: 1,
      dot3adAggPortStatsMarkerPDUsRx: 2,
      dot3adAggPortStatsMarkerResponsePDUsRx: 3,
      dot3adAggPortStatsUnknownRx: 4,
      dot3adAggPortStatsIllegalRx: 5,
      dot3adAggPortStatsLACPDUsTx: 6,
      dot3adAggPortStatsMarkerPDUsTx: 7,
      dot3adAggPortStatsMarkerResponsePDUsTx: 8,
    },
  ],
  [
    "processor",
    counters(tagged(1001, 1234, 0xffffffff, 10_000, U64(8n << 30n), U64(2n ** 64n - 1n))),
    {
      "5s_cpu": 1234,
      "1m_cpu": -1,
      "5m_cpu": 10_000,
      total_memory: 8 * 2 ** 30,
      free_memory: "18446744073709551615",
    },
  ],
  [
    "host_descr",
    counters(
      tagged(2000, text("web1"), hex("00112233445566778899aabbccddeeff"), 3, 2, text("6.1")),
    ),
    {
      hostname: "web1",
      uuid: "00112233445566778899aabbccddeeff",
      machine_type: 3,
      os_name: 2,
      os_release: "6.1",
    },
  ],
  [
    "host_adapters",
    counters(tagged(2001, 2, 1, 1, hex("0200000000010000"), 2, 0)),
    {
      adapters: [{ ifIndex: 1, mac_address: ["02:00:00:00:00:01"] }, {
        ifIndex: 2,
        mac_address: [],
      }],
    },
  ],
  [
    "host_cpu",
    counters(
      tagged(
        2003,
        float(0.5),
        float(NaN),
        float(-Infinity),
        ...Array.from({ length: 14 }, (_, i) => i),
      ),
    ),
    {
      load_one: 0.5,
      load_five: "NaN",
      load_fifteen: "-Infinity",
      proc_run: 0,
      proc_total: 1,
      cpu_num: 2,
      cpu_speed: 3,
      uptime: 4,
      cpu_user: 5,
      cpu_nice: 6,
      cpu_system: 7,
      cpu_idle: 8,
      cpu_wio: 9,
      cpu_intr: 10,
      cpu_sintr: 11,
      interrupts: 12,
      contexts: 13,
    },
  ],
  [
    "bst_port_buffers",
    counters(tagged(4413 << 12 | 2, 1, 2, 3, 4, 2, 5, 6, 1, 7)),
    {
      ingress_uc_pc: 1,
      ingress_mc_pc: 2,
      egress_uc_pc: 3,
      egress_mc_pc: 4,
      egress_queue_uc_pc: [5, 6],
      egress_queue_mc_pc: [7],
    },
  ],
];

for (const [title, sample, fields] of CASES) {
  Deno.test(`readSflow() reads ${title}`, () => {
    const record = recordOf(sample);
    assertEquals(record.title, title);
    assertEquals(record.fields, fields);
    assertEquals(Object.keys(record.fields), Object.keys(fields), "in wire order");
    assertEquals(record.hex, undefined);
  });
}

/** Octets of a structure in which every list has two values, and every text one letter. */
function example(fields: readonly XdrField[]): Uint8Array {
  return octets(...fields.map(({ type, list }) => {
    const one = typeof type === "string" ? exampleValue(type) : example(type);
    return list ? octets(2, one, one) : one;
  }));
}

function exampleValue(type: keyof typeof XDR_TYPES): Uint8Array {
  switch (type) {
    case "string":
    case "opaque":
      return octets(1, hex("41000000"));
    case "address":
      return octets(1, 0x0a000001);
    case "flow_record":
      return tagged(1036, 1);
    default:
      return new Uint8Array(XDR_TYPES[type] ?? 0).fill(1);
  }
}

Deno.test("every structure of the tables is read to its end, and cut anywhere gives what is whole", () => {
  const check = (structure: SflowStructure, sampleOf: (record: Uint8Array) => Uint8Array) => {
    const { enterprise, format, name, fields } = structure;
    const data = example(fields);
    for (let length = 0; length <= data.length; length += 4) {
      const record = recordOf(
        sampleOf(tagged(enterprise << 12 | format, data.subarray(0, length))),
      );
      assertEquals([record.title, record.enterprise, record.format], [name, enterprise, format]);
      const names = fields.map((field) => field.name);
      assertEquals(Object.keys(record.fields), names.slice(0, Object.keys(record.fields).length));
      if (length < data.length) continue;
      assertEquals(Object.keys(record.fields), names);
      assertEquals(record.hex, undefined, name);
    }
    const longer = recordOf(sampleOf(tagged(enterprise << 12 | format, data, 0xabcdef01)));
    assertEquals(longer.hex, "abcdef01", "structures may grow at their end");
  };
  for (const structure of FLOW_STRUCTURE_BY_FORMAT.values()) check(structure, flowSample);
  for (const structure of COUNTER_STRUCTURE_BY_FORMAT.values()) check(structure, counters);
});

Deno.test("readSflow() shows samples by the names of the specification", () => {
  const all = read(datagram(
    flowSample(),
    tagged(2, 1, 0x02000005, 0),
    tagged(3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0),
    tagged(4, 1, 2, 3, 0),
    tagged(5, 1, 2, 3, 4, 5, 6, 258, 0),
    tagged(4300 << 12 | 1002, 0xcafe),
  ));
  assertEquals({ ...all, samples: [] }, {
    version: 5,
    agent_address: "10.0.0.1",
    sub_agent_id: 7,
    sequence_number: 42,
    uptime: 60_000,
    count: 6,
    samples: [],
  });
  assertEquals(all?.samples.map(({ title, enterprise, format }) => [title, enterprise, format]), [
    ["flow_sample", 0, 1],
    ["counters_sample", 0, 2],
    ["flow_sample_expanded", 0, 3],
    ["counters_sample_expanded", 0, 4],
    ["discarded_packet", 0, 5],
    ["unknown", 4300, 1002],
  ]);
  assertEquals(all?.samples.map(({ fields }) => fields), [
    {
      sequence_number: 11,
      source_id: { source_id_type: 0, source_id_index: 3 },
      sampling_rate: 400,
      sample_pool: 4400,
      drops: 2,
      input: { format: 0, value: 3 },
      output: { format: 0, value: 4 },
    },
    { sequence_number: 1, source_id: { source_id_type: 2, source_id_index: 5 } },
    {
      sequence_number: 1,
      source_id: { source_id_type: 2, source_id_index: 3 },
      sampling_rate: 4,
      sample_pool: 5,
      drops: 6,
      input: { format: 7, value: 8 },
      output: { format: 9, value: 10 },
    },
    { sequence_number: 1, source_id: { source_id_type: 2, source_id_index: 3 } },
    {
      sequence_number: 1,
      source_id: { source_id_type: 2, source_id_index: 3 },
      drops: 4,
      inputifindex: 5,
      outputifindex: 6,
      reason: 258,
    },
    {},
  ]);
  assertEquals(all?.samples.map((sample) => sample.hex), [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    "0000cafe",
  ]);
});

Deno.test("readSflow() shows what is there of a damaged datagram", () => {
  const whole = flowSample(tagged(1036, 1), tagged(1039, 2));
  const [sample] = read(datagram(whole).subarray(0, -4))!.samples;
  assertEquals(sample.records.map(({ title }) => title), ["extended_egress_queue"]);
  assertEquals(sample.hex, "0000040f00000004");
  assertEquals(sample.length, whole.length - 8, "as it says itself");
  assertEquals(read(datagram(whole).subarray(0, 32))!.samples, []);
  assertEquals(read(datagram(whole).subarray(0, 27)), undefined);
  assertEquals(read(octets(4, 1, 0, 0, 0, 0, 0)), undefined);
  assertEquals(read(octets(5, 9, 0, 0, 0, 0, 0)), undefined);
});

Deno.test("readSflow() shows the octets and the headers of a packet cut short", () => {
  const packet = ethernet(0x0800, ipv4(6, TCP)).subarray(0, 36);
  const record = recordOf(flowSample(sampledHeader(packet)));
  assertEquals(
    record.fields.header,
    Array.from(packet, (byte) => byte.toString(16).padStart(2, "0")).join(""),
  );
  assertEquals(record.packet?.dstaddr, "198.51.100.2");
  assertEquals(record.packet?.srcport, undefined);
  assertEquals(recordOf(flowSample(tagged(1, 1, 64))).packet, {});
});

Deno.test("counts and lengths that lie end with the bytes, at once", () => {
  const MOST = 0xffffffff;
  const samples = [
    flowSample(tagged(1003, 1, 1, 1, 2, 3, MOST, 2, MOST, 4)),
    flowSample(tagged(1006, 1, 1, MOST, 1, 2)),
    flowSample(tagged(1016, MOST, MOST)),
    flowSample(tagged(1016, 1, 1, 1036, MOST, 1)),
    flowSample(tagged(1004, 1, MOST, 1)),
    flowSample(tagged(1, 1, 2, 3, MOST, 5)),
    counters(tagged(2001, MOST, 1, MOST)),
    counters(tagged(10, 1, 2, 3, 4, MOST, 5)),
    tagged(1, 11, 3, 400, 4400, 2, 3, 4, MOST, 1036, MOST),
  ];
  for (const sample of samples) {
    const found = read(datagram(sample));
    assertEquals(found?.samples.length, 1);
    assert(JSON.stringify(found).length < 1000);
  }
  const lying = datagram(flowSample());
  new DataView(lying.buffer).setUint32(24, MOST);
  assertEquals(read(lying)?.samples.length, 1);
});

Deno.test("records within records are taken apart only so deep", () => {
  const levels = 3000;
  // Each is an aggregation of one PDU of one record, 16 octets before the next.
  const words = Array.from({ length: levels }, (_, i) => [1016, 16 * (levels - i) + 4, 1, 1])
    .flat();
  const record = octets(...words, 1036, 4, 1);
  let depth = 0;
  const dig = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("title" in value && value.title === "extended_80211_aggregation") depth++;
    Object.values(value).forEach(dig);
  };
  dig(recordOf(flowSample(record)));
  assertEquals(depth, SFLOW_NESTING_MAX + 1);
});

Deno.test("text that is no UTF-8 does not stop the reader", () => {
  assertEquals(recordOf(flowSample(tagged(1038, 2, fill(hex("fffe"))))).fields, {
    symbol: "\ufffd\ufffd",
  });
});
