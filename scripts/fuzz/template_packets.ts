/** Packets of NetFlow v9 and IPFIX as inputs to damage: our own, and real ones where there are some. */
import { readCapture } from "@flowtools/netflow-pdu/capture";

/** Captures of other projects, beside the checkout. */
const CAPTURES = new URL("../../../shared/captures/raw/", import.meta.url);

/** Octets of the templates, and of the records, of an input at most: more adds nothing new. */
const SETS_OCTETS_MAX = 2000;

const DATA_SET_MIN = 256;

/** Packets of a file that are looked at. */
const FILE_PACKETS_MAX = 40;

const V9_HEADER = 20;
const IPFIX_HEADER = 16;

type Numbers = readonly number[];

function word(value: number): number[] {
  return [value >> 8 & 0xff, value & 0xff];
}

function long(value: number): number[] {
  return [...word(value >>> 16), ...word(value)];
}

function set(id: number, ...body: readonly Numbers[]): number[] {
  const octets = body.flat();
  return [...word(id), ...word(octets.length + 4), ...octets];
}

function packet(version: number, ...sets: readonly Numbers[]): Uint8Array {
  const body = sets.flat();
  const head = version === 9
    ? [...word(9), ...word(sets.length), ...long(1e6), ...long(1.7e9), ...long(7), ...long(1)]
    : [...word(10), ...word(IPFIX_HEADER + body.length), ...long(1.7e9), ...long(7), ...long(1)];
  return Uint8Array.from([...head, ...body]);
}

function fields(list: readonly Numbers[]): number[] {
  return list.flatMap(([id, length, enterprise]) =>
    enterprise === undefined
      ? [...word(id), ...word(length)]
      : [...word(id | 0x8000), ...word(length), ...long(enterprise)]
  );
}

function template(id: number, ...list: readonly Numbers[]): number[] {
  return [...word(id), ...word(list.length), ...fields(list)];
}

function options(
  version: number,
  id: number,
  scopes: number,
  ...list: readonly Numbers[]
): number[] {
  const counts = version === 9
    ? [...word(4 * scopes), ...word(4 * (list.length - scopes))]
    : [...word(list.length), ...word(scopes)];
  return [...word(id), ...counts, ...fields(list)];
}

function noise(octets: number, from = 0): number[] {
  return Array.from({ length: octets }, (_, index) => (index * 37 + from) & 0xff);
}

/** A record of template 259: a port, and a list of records of that template. */
function selfReferring(depth: number): number[] {
  const inner = depth === 0 ? [] : selfReferring(depth - 1);
  return [...noise(2), 255, ...word(3 + inner.length), 4, ...word(259), ...inner];
}

/** A list of a port and an empty list. */
const listOfOne = [4, ...word(259), ...noise(2), 0];

const V5_LIKE = [[8, 4], [12, 4], [7, 2], [11, 2], [4, 1], [6, 1], [1, 4], [2, 4], [22, 4], [
  21,
  4,
]];
const VARIABLE = 0xffff;

/** Packets with what is special in the protocols. */
function ownPackets(): Uint8Array[] {
  const name = [3, 97, 98, 99];
  const nested = [255, ...word(9), 3, ...word(257), ...noise(2), ...name];
  return [
    packet(9, set(0, template(256, ...V5_LIKE)), set(256, noise(90), [0, 0])),
    packet(
      9,
      set(1, options(9, 300, 1, [1, 4], [48, 1], [50, 4], [84, 8])),
      set(300, noise(34)),
      set(0, template(256, [10, 4], [48, 1], [27, 16], [28, 16], [95, 4]), template(257, [4, 1])),
      set(256, noise(82)),
      set(257, noise(9)),
    ),
    packet(10, set(2, template(256, ...V5_LIKE, [152, 8], [153, 8])), set(256, noise(138))),
    packet(
      10,
      set(
        2,
        template(257, [7, 2], [96, VARIABLE]),
        template(258, [292, VARIABLE], [293, VARIABLE]),
      ),
      set(257, noise(2), name, noise(2), [255, ...word(4), 1, 2, 3, 4]),
      set(258, nested, [6, 3, ...word(257), ...word(9), 9]),
    ),
    packet(
      10,
      set(3, options(10, 301, 2, [346, 4], [303, 2], [339, 1], [341, VARIABLE])),
      set(301, long(64512), word(5), [2], [5, 114, 97, 99, 107, 49]),
      set(2, template(256, [5, 4, 64512], [1, 8], [1, 8, 29305], [0, 0])),
      set(256, noise(40)),
      set(2, template(256)),
      set(256, noise(20)),
    ),
    packet(
      10,
      set(2, template(259, [7, 2], [292, VARIABLE]), template(260, [291, VARIABLE])),
      set(259, selfReferring(12), noise(2), [3, 0, ...word(259)]),
      set(260, [255, ...word(17), 3, ...word(292), ...word(6), ...listOfOne, ...listOfOne]),
      set(2, template(259, [7, 2], [4, 1]), template(261, [293, VARIABLE])),
      set(261, [15, 1, ...word(259), ...word(10), ...noise(6), ...word(300), ...word(4)]),
      set(2, template(261, [293, VARIABLE], [58, 2]), template(259)),
      set(261, [12, 1, ...word(259), ...word(7), ...noise(3), ...word(261), ...word(4), 0, 1]),
    ),
    packet(10, set(2, template(256, ...new Array(201).fill([4, 1])), template(257, [4, 0]))),
    packet(10, set(2, template(258, [7, 2], [96, VARIABLE])), set(258, noise(2), name, [0, 1, 9])),
    packet(10, set(300, noise(40)), set(2, template(300, [1, 8], [2, 8])), set(3, template(3))),
  ];
}

/** The payloads of a file. */
function* payloadsOf(name: string, octets: Uint8Array): Generator<Uint8Array> {
  if (name.endsWith(".pcap")) {
    for (const { payload } of readCapture(octets)) yield payload.slice();
  } else if (name.endsWith(".ipfix")) {
    const view = new DataView(octets.buffer);
    for (let at = 0; at + IPFIX_HEADER <= octets.length;) {
      const length = Math.max(IPFIX_HEADER, view.getUint16(at + 2));
      yield octets.subarray(at, at + length);
      at += length;
    }
  } else {
    yield octets;
  }
}

/** Packets that have the sets of templates of earlier packets before their own. */
function* selfContained(packets: Iterable<Uint8Array>): Generator<Uint8Array> {
  const known = new Map<number, number[]>();
  let count = 0;
  for (const octets of packets) {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    const version = octets.length < V9_HEADER ? 0 : view.getUint16(0);
    if (version !== 9 && version !== 10) continue;
    if (++count > FILE_PACKETS_MAX) return;
    let sets: number[] = [];
    for (let at = version === 9 ? V9_HEADER : IPFIX_HEADER; at + 4 <= octets.length;) {
      const length = view.getUint16(at + 2);
      if (length < 4) break;
      const body = [...octets.subarray(at, at + length)];
      const templates = known.get(version) ?? [];
      if (view.getUint16(at) >= DATA_SET_MIN) sets = join(sets, body);
      else known.set(version, join(templates, body));
      at += length;
    }
    yield packet(version, known.get(version) ?? [], sets);
  }
}

/** Both, or the first alone where that is too much. */
function join(first: number[], second: number[]): number[] {
  return first.length + second.length > SETS_OCTETS_MAX ? first : [...first, ...second];
}

function* filesUnder(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* filesUnder(new URL(`${name}/`, folder));
    else if (/\.(pcap|dat|ipfix)$/.test(name)) yield new URL(name, folder);
  }
}

/** The inputs, in an order that does not depend on the file system. */
export function templatePackets(): Uint8Array[] {
  let files: URL[] = [];
  try {
    files = [...filesUnder(CAPTURES)].toSorted((a, b) => a.href < b.href ? -1 : 1);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const real = files.flatMap((file) => {
    try {
      return [...selfContained(payloadsOf(file.pathname, Deno.readFileSync(file)))];
    } catch {
      return []; // A capture that is damaged itself.
    }
  });
  return [...ownPackets(), ...real];
}
