/** Packets for tests, written octet by octet, and captures of other projects where they are there. */
import { assertEquals } from "@std/assert";
import { FlowBatch } from "@flowtools/flow-model";
import { CaptureDecoder } from "../capture/mod.ts";
import { createIpfixCodec } from "../codecs/ipfix.ts";
import type { PduInput } from "../codec.ts";

/** A field of a template as it is on the wire; an enterprise number sets the bit that tells it. */
export type Field = readonly [id: number, length: number, enterprise?: number];

/** A number in network order. */
export function octets(value: number | bigint, width: number): number[] {
  return Array.from(
    { length: width },
    (_, index) => Number((BigInt(value) >> BigInt(8 * (width - 1 - index))) & 0xffn),
  );
}

/** A set. */
export function set(id: number, ...body: readonly (readonly number[])[]): number[] {
  const flat = body.flat();
  return [...octets(id, 2), ...octets(flat.length + 4, 2), ...flat];
}

function fieldOctets([id, length, enterprise]: Field): number[] {
  const private_ = enterprise !== undefined;
  return [
    ...octets(private_ ? id | 0x8000 : id, 2),
    ...octets(length, 2),
    ...(private_ ? octets(enterprise, 4) : []),
  ];
}

/** A template record. */
export function template(id: number, fields: readonly Field[]): number[] {
  return [...octets(id, 2), ...octets(fields.length, 2), ...fields.flatMap(fieldOctets)];
}

/** An options template record of IPFIX. */
export function optionsTemplate(id: number, scopes: number, fields: readonly Field[]): number[] {
  const head = [...octets(id, 2), ...octets(fields.length, 2), ...octets(scopes, 2)];
  return [...head, ...fields.flatMap(fieldOctets)];
}

/** An options template record of NetFlow v9. */
export function optionsTemplate9(id: number, scopes: number, fields: readonly Field[]): number[] {
  const rest = fields.length - scopes;
  const head = [...octets(id, 2), ...octets(4 * scopes, 2), ...octets(4 * rest, 2)];
  return [...head, ...fields.flatMap(fieldOctets)];
}

/** Header fields of test packets. */
export interface PacketHead {
  readonly sequence?: number;
  readonly domain?: number;
  /** Unix seconds. */
  readonly secs?: number;
  /** Milliseconds; NetFlow v9. */
  readonly uptime?: number;
}

/** When test packets are sent unless told otherwise, Unix seconds. */
export const SENT_SECS = 1_700_000_000;

/** A NetFlow v9 packet. */
export function packet9(head: PacketHead, ...sets: readonly (readonly number[])[]): Uint8Array {
  const { sequence = 0, domain = 0, secs = SENT_SECS, uptime = 1_000_000 } = head;
  return Uint8Array.from([
    ...octets(9, 2),
    ...octets(sets.length, 2),
    ...octets(uptime, 4),
    ...octets(secs, 4),
    ...octets(sequence, 4),
    ...octets(domain, 4),
    ...sets.flat(),
  ]);
}

/** An IPFIX message. */
export function message(head: PacketHead, ...sets: readonly (readonly number[])[]): Uint8Array {
  const { sequence = 0, domain = 0, secs = SENT_SECS } = head;
  const body = sets.flat();
  return Uint8Array.from([
    ...octets(10, 2),
    ...octets(16 + body.length, 2),
    ...octets(secs, 4),
    ...octets(sequence, 4),
    ...octets(domain, 4),
    ...body,
  ]);
}

/** A packet as decoders take it. */
export function inputOf(bytes: Uint8Array, receivedAt?: number): PduInput {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { view, offset: 0, length: bytes.length, exporter: 0x0a000001, receivedAt };
}

/** Decodes a packet of one template and one record; gives the flows as objects. */
export function flowsOf(
  fields: readonly Field[],
  record: readonly number[],
  codec = createIpfixCodec(),
): Record<string, unknown>[] {
  const batch = new FlowBatch({ octets: true });
  const sets = [set(codec.version === 9 ? 0 : 2, template(256, fields)), set(256, record)];
  const bytes = codec.version === 9 ? packet9({}, ...sets) : message({}, ...sets);
  const result = codec.decode(inputOf(bytes), batch, codec.createSession());
  assertEquals(result.reason, undefined);
  return Array.from(batch, (flow) => flow.toObject());
}

/** Some attributes of a flow. */
export function pick(
  object: Record<string, unknown>,
  ...names: string[]
): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}

const CAPTURES = new URL("../../../../shared/captures/", import.meta.url);

/** A template as the independent decoder shows it. */
export interface ExpectedTemplate {
  readonly id: number;
  readonly fields: readonly {
    readonly type: number;
    readonly length: number;
    readonly pen: number;
    readonly scope?: boolean;
  }[];
  readonly fieldCount?: number;
  readonly withdraw?: boolean;
}

/** A set as the independent decoder and tshark show it. */
export interface ExpectedSet {
  readonly id: number;
  readonly type: string;
  readonly templates?: readonly ExpectedTemplate[];
  readonly raw?: readonly (readonly string[])[];
  readonly records?: readonly Readonly<Record<string, string | readonly string[]>>[];
  readonly noTemplate?: boolean;
  readonly optionsData?: boolean;
  readonly agree?: boolean;
}

/** A packet as the independent decoder and tshark show it. */
export interface ExpectedPacket {
  readonly file: string;
  readonly frame: number;
  readonly version: number;
  readonly src: string;
  readonly srcPort: number;
  readonly dst: string;
  readonly dstPort: number;
  readonly payloadLength: number;
  readonly sequence: number;
  readonly flowsets?: readonly ExpectedSet[];
  readonly problems?: readonly string[];
}

/** The packets of one exporter. */
export interface CaptureGroup {
  readonly name: string;
  readonly packets: readonly ExpectedPacket[];
}

/**
 * The groups of captures that have packets of NetFlow v9 or IPFIX; none, and a line that says so, where
 * the captures are not beside the checkout.
 */
export function captureGroups(): CaptureGroup[] {
  let table: string;
  try {
    table = Deno.readTextFileSync(new URL("GROUPS.tsv", CAPTURES));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log("skipped: no captures beside the checkout");
    return [];
  }
  return table.trim().split("\n").slice(1).map((line) => line.split("\t"))
    .map(([source, group]) => {
      const url = new URL(`expected/${source}/${group}.json`, CAPTURES);
      const { packets } = JSON.parse(Deno.readTextFileSync(url));
      return { name: `${source}/${group}`, packets: (packets ?? []) as readonly ExpectedPacket[] };
    })
    .filter(({ packets }) => packets.some(({ version }) => version === 9 || version === 10));
}

/** The payloads of a file by frame. */
function readPayloads(file: string): Map<number, Uint8Array> {
  const octets = Deno.readFileSync(new URL(`raw/${file}`, CAPTURES));
  const payloads = new Map<number, Uint8Array>();
  if (file.endsWith(".pcap")) {
    const decoder = new CaptureDecoder({ source: file });
    decoder.push(octets);
    decoder.finish();
    for (let found = decoder.read(); found !== undefined; found = decoder.read()) {
      payloads.set(found.frame, found.payload.slice());
    }
  } else if (file.endsWith(".ipfix")) {
    const view = new DataView(octets.buffer);
    for (let offset = 0, frame = 1; offset + 4 <= octets.length; frame++) {
      const length = Math.max(16, view.getUint16(offset + 2));
      payloads.set(frame, octets.subarray(offset, offset + length));
      offset += length;
    }
  } else {
    payloads.set(1, octets);
  }
  return payloads;
}

/** A packet of NetFlow v9 or IPFIX, its octets, and which exporter sent it where to. */
export interface CapturedPacket {
  readonly expected: ExpectedPacket;
  readonly octets: Uint8Array;
  readonly exporter: string;
}

/** The packets of NetFlow v9 and IPFIX of a group, in order. */
export function* capturedPackets({ packets }: CaptureGroup): Generator<CapturedPacket> {
  const files = new Map<string, Map<number, Uint8Array>>();
  for (const expected of packets) {
    const { file, frame, src, srcPort, dst, dstPort, version } = expected;
    if (version !== 9 && version !== 10) continue;
    let payloads = files.get(file);
    if (payloads === undefined) files.set(file, payloads = readPayloads(file));
    const octets = payloads.get(frame);
    if (octets === undefined) throw new Error(`${file} has no frame ${frame}`);
    yield { expected, octets, exporter: `${src} ${srcPort} ${dst} ${dstPort} ${version}` };
  }
}
