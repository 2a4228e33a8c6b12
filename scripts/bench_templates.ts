/**
 * Measures the decoding of NetFlow v9 and IPFIX beside netflow_parser (Rust) and goflow2 (Go): the
 * same packets of 24 records with 20 fields, the same eight fields looked at, each in a process of its
 * own.
 *
 *     cargo build --release --manifest-path scripts/rivals/netflow_parser/Cargo.toml
 *     (cd scripts/rivals/goflow2 && go mod tidy && go build -o goflow2-rival .)
 *     deno run -A scripts/bench_templates.ts \
 *       --rust scripts/rivals/netflow_parser/target/release/netflow-parser-rival \
 *       --go scripts/rivals/goflow2/goflow2-rival
 *
 * @module
 */
import { FlowBatch } from "@flowtools/flow-model";
import { IPFIX_CODEC, V9_CODEC } from "@flowtools/netflow-pdu";
import { type Flag, parseFlags } from "@flowtools/common/flags";

const FLAGS: readonly Flag[] = [
  { name: "rust", value: "FILE", doc: "The built scripts/rivals/netflow_parser" },
  { name: "go", value: "FILE", doc: "The built scripts/rivals/goflow2" },
  { name: "packets", value: "N", range: [1, 1e9], doc: "Packets a round (default: 200000)" },
  { name: "rounds", value: "N", range: [1, 100], doc: "Rounds (default: 5)" },
  {
    name: "version",
    value: "N",
    range: [9, 10],
    doc: "Decode this version only, and say how fast",
  },
];

/** Elements and octets of the template; the rivals look at fields 0, 1, 5, 6, 7, 9, 10 and 12. */
const FIELDS: readonly (readonly [id: number, octets: number])[] = [
  ...[[8, 4], [12, 4], [15, 4], [10, 4], [14, 4], [2, 8], [1, 8], [152, 8], [153, 8], [7, 2]],
  ...[[11, 2], [6, 1], [4, 1], [5, 1], [16, 4], [17, 4], [9, 1], [13, 1], [61, 1], [60, 1]],
] as [number, number][];

const RECORDS = 24;
const COLUMNS = [
  ...["srcaddr", "dstaddr", "dPkts", "dOctets", "first", "srcport", "dstport", "prot"] as const,
];
const SENT = 1_700_000_000;

/** A packet of one set. */
function packet(version: number, set: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = version === 9 ? 20 : 16;
  const octets = new Uint8Array(head + set.length);
  const view = new DataView(octets.buffer);
  view.setUint16(0, version);
  view.setUint16(2, version === 9 ? RECORDS : octets.length);
  view.setUint32(head - 12, SENT);
  view.setUint32(head - 4, 1);
  octets.set(set, head);
  return octets;
}

function templatePacket(version: number): Uint8Array<ArrayBuffer> {
  const set = new DataView(new ArrayBuffer(8 + 4 * FIELDS.length));
  set.setUint16(0, version === 9 ? 0 : 2);
  set.setUint16(2, set.byteLength);
  set.setUint16(4, 256);
  set.setUint16(6, FIELDS.length);
  for (const [index, [id, octets]] of FIELDS.entries()) {
    set.setUint16(8 + 4 * index, id);
    set.setUint16(10 + 4 * index, octets);
  }
  return packet(version, new Uint8Array(set.buffer));
}

function dataPacket(version: number): Uint8Array<ArrayBuffer> {
  const size = FIELDS.reduce((sum, [, octets]) => sum + octets, 0);
  const set = new DataView(new ArrayBuffer(4 + RECORDS * size));
  set.setUint16(0, 256);
  set.setUint16(2, set.byteLength);
  for (let record = 0, at = 4; record < RECORDS; record++) {
    for (const [id, octets] of FIELDS) {
      // Moments shortly before the packet; elsewhere small numbers that differ.
      const value = id === 152 || id === 153 ? SENT * 1000 - record : (record * 7 + id) % 200;
      if (octets === 8) set.setBigUint64(at, BigInt(value));
      else if (octets === 4) set.setUint32(at, value);
      else if (octets === 2) set.setUint16(at, value);
      else set.setUint8(at, value);
      at += octets;
    }
  }
  return packet(version, new Uint8Array(set.buffer));
}

interface Result {
  readonly records: number;
  readonly seconds: number;
}

/** Decodes a packet over and over into one batch. */
function decode(version: number, packets: number): Result {
  const codec = version === 9 ? V9_CODEC : IPFIX_CODEC;
  const session = codec.createSession();
  const batch = new FlowBatch({ columns: [...COLUMNS] });
  const input = (octets: Uint8Array) => {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    return { view, offset: 0, length: octets.length, exporter: 1 };
  };
  codec.decode(input(templatePacket(version)), batch, session);
  const data = input(dataPacket(version));
  let records = 0;
  const startedAt = performance.now();
  for (let i = 0; i < packets; i++) {
    let result = codec.decode(data, batch, session);
    if (result.reason === "batch-full") {
      batch.reset();
      result = codec.decode(data, batch, session);
    }
    records += result.rows;
  }
  return { records, seconds: (performance.now() - startedAt) / 1000 };
}

async function run(program: string, args: readonly string[]): Promise<Result> {
  const { success, stdout } = await new Deno.Command(program, {
    args: [...args],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${program} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

if (import.meta.main) {
  const args = parseFlags(Deno.args, FLAGS);
  const packets = args.number("packets") ?? 200_000;
  const only = args.number("version");
  if (only !== undefined) {
    console.log(JSON.stringify(decode(only, packets)));
    Deno.exit(0);
  }
  const folder = await Deno.makeTempDir({ prefix: "flowtools-bench-" });
  const script = new URL(import.meta.url).pathname;
  console.log("| packets | decoder | M flows/s, median | all rounds |\n| --- | --- | --- | --- |");
  for (const version of [9, 10]) {
    const paths = [`${folder}/template-${version}`, `${folder}/data-${version}`];
    Deno.writeFileSync(paths[0], templatePacket(version));
    Deno.writeFileSync(paths[1], dataPacket(version));
    const call = [...paths, String(packets)];
    const ours = ["run", "-A", script, "--version", String(version), "--packets", String(packets)];
    const decoders: [name: string, run: () => Promise<Result>][] = [
      ["flowtools", () => run(Deno.execPath(), ours)],
    ];
    const [rust, go] = [args.value("rust"), args.value("go")];
    if (rust !== undefined) decoders.push(["netflow_parser 1.0.6", () => run(rust, call)]);
    if (go !== undefined) decoders.push(["goflow2 2.2.6", () => run(go, call)]);
    const rates = decoders.map((): number[] => []);
    for (let round = 0; round < (args.number("rounds") ?? 5); round++) {
      for (const [index, [name, decodeOnce]] of decoders.entries()) {
        const { records, seconds } = await decodeOnce();
        if (records !== packets * RECORDS) throw new Error(`${name} has ${records} records`);
        rates[index].push(records / seconds / 1e6);
      }
    }
    for (const [index, [name]] of decoders.entries()) {
      const sorted = rates[index].toSorted((a, b) => a - b);
      const all = rates[index].map((rate) => rate.toFixed(1)).join(", ");
      const median = sorted[Math.floor(sorted.length / 2)].toFixed(1);
      console.log(`| ${version === 9 ? "v9" : "IPFIX"} | ${name} | ${median} | ${all} |`);
    }
  }
  await Deno.remove(folder, { recursive: true });
}
