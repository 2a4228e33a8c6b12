/** Fuzz target: packets with templates through sessions, small batches, dumps, lists and snapshots. */
import { FlowBatch } from "@flowtools/flow-model";
import {
  createIpfixCodec,
  createV9Codec,
  formatDump,
  PDU_REASONS,
  type PduInput,
  pduMessage,
  type PduResult,
  readFields,
  readPduSets,
  type TemplateCodec,
  type TemplateSession,
} from "@flowtools/netflow-pdu";
import type { Random } from "../random.ts";
import { ensure, type FuzzSubject, type FuzzTarget, tally } from "./target.ts";
import { checkLists } from "./template_lists.ts";
import { templatePackets } from "./template_packets.ts";

/** Bounds that damaged packets reach. */
const LIMITS = {
  templates: 20,
  fields: 200,
  templatesInAll: 50,
  fieldsInAll: 2000,
  retiredFieldsInAll: 1000,
  facts: 50,
  factsInAll: 100,
  domains: 4,
  elements: 5,
  waitingOctets: 400_000,
  waitingOctetsInAll: 800_000,
};

/** Rows of the batch that is large enough for any packet. */
const MANY_ROWS = 1 << 17;

/** When packets come, Unix milliseconds. */
const NOW = 1_700_000_000_000;

/** Export packets with templates. */
export const TEMPLATES_TARGET: FuzzTarget = {
  name: "templates",
  doc: "NetFlow v9 and IPFIX: sessions, batches of any size, lists and back, dumps, snapshots",
  runs: 50_000,
  prepare: () => new TemplatesSubject(),
};

/** An exporter, as it is remembered. */
interface Exporter {
  readonly codec: TemplateCodec;
  readonly session: TemplateSession;
}

class TemplatesSubject implements FuzzSubject {
  readonly corpus: readonly Uint8Array[] = templatePackets();
  readonly outcomes = new Map<string, number>();
  /** For each version and kind two of the same: sessions of one codec share its bounds. */
  readonly #codecs = [
    [createV9Codec, "record"],
    [createIpfixCodec, "record"],
    [createV9Codec, "split"],
    [createIpfixCodec, "split"],
  ] as const;
  readonly #pairs = this.#codecs.map(([create, biflow]) =>
    [create({ limits: LIMITS, biflow }), create({ limits: LIMITS, biflow })] as const
  );
  readonly #many = new FlowBatch({
    capacity: MANY_ROWS,
    octets: true,
    extras: [{ name: "samplingRate", kind: "u32" }],
  });
  readonly #few = [2, 3, 50].map((capacity) => new FlowBatch({ capacity }));

  check(input: Uint8Array, random: Random): void {
    const split = random.oneIn(4) ? 2 : 0;
    const codecs = this.#pairs[split + (input[1] === 9 ? 0 : 1)];
    const exporters = codecs.map((codec) => ({ codec, session: codec.createSession() }));
    // What another exporter's packet taught, and what comes after the damage.
    const packets = [random.pick(this.corpus), input, random.pick(this.corpus), input];
    for (const [index, octets] of packets.entries()) {
      if (index === 0 && random.oneIn(2)) continue;
      const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
      const packet = {
        view,
        offset: 0,
        length: octets.length,
        exporter: 1,
        receivedAt: NOW + index,
      };
      this.#checkPacket(packet, exporters, random);
    }
    if (random.oneIn(16)) checkSnapshot(exporters[0]);
    for (const { codec, session } of exporters) {
      session.close();
      const { templates, facts, waitingOctets } = codec.store.counters;
      ensure(templates + facts + waitingOctets === 0, "closed sessions left something behind");
    }
  }

  #checkPacket(packet: PduInput, [first, second]: readonly Exporter[], random: Random): void {
    const { codec, session } = first;
    const many = this.#many;
    many.reset();
    if (random.oneIn(8)) checkDump(codec, packet, session);
    const result = codec.decode(packet, many, session);
    tally(this.outcomes, result.reason ?? "faultless");
    ensure(result.rows === many.length, "rows are not what was appended");
    ensure(!session.holds, "a large batch has no room");
    checkResult(result, packet.length);
    this.#checkFew(second, packet, result, random);
    if (random.oneIn(16) && many.length > 0) {
      JSON.stringify(many.flow(random.int(many.length)));
    }
    // Flows of both directions in one record would be rows that are not encoded.
    if (codec === this.#pairs[1][0] && random.oneIn(4)) checkLists(many, session);
    if (random.oneIn(16)) checkSets(codec, packet, result);
    checkBounds(first);
    checkBounds(second);
  }

  /** Batches that are too small give the same rows, one after the other. */
  #checkFew(
    { codec, session }: Exporter,
    packet: PduInput,
    { rows, reason }: PduResult,
    random: Random,
  ): void {
    const few = random.pick(this.#few);
    few.reset();
    const { overflowed } = codec.store.counters;
    const first = codec.decode(packet, few, session);
    ensure(first.reason !== "batch-full", "an empty batch refuses a packet");
    let sum = few.length;
    let at = compareRows(this.#many, 0, few);
    while (session.holds) {
      few.reset();
      const more = session.appendHeld(few);
      ensure(more > 0 || !session.holds, "what is held does not move");
      at = compareRows(this.#many, at, few);
      sum += more;
    }
    if (codec.store.counters.overflowed > overflowed) return;
    ensure(sum === rows, "a small batch gives other rows");
    ensure(first.reason === reason, "a small batch gives another reason");
  }
}

/**
 * Compares what identifies a row; returns where the next batch starts. Times are left out: where an
 * exporter does not tell when it started, they hang on the records that were seen so far.
 */
function compareRows(many: FlowBatch, from: number, few: FlowBatch): number {
  for (const name of ["srcport", "dPkts", "dOctets", "srcaddr"] as const) {
    const [ours, theirs] = [many.column(name), few.column(name)];
    for (let row = 0; row < few.length && from + row < many.length; row++) {
      ensure(ours[from + row] === theirs[row], "a small batch gives other values");
    }
  }
  return from + few.length;
}

function checkResult(result: PduResult, length: number): void {
  const message = pduMessage(result, "10.0.0.1");
  const { reason, offset, units } = result;
  if (reason === undefined) {
    ensure(message === "", "a faultless packet has a message");
    return;
  }
  ensure(reason in PDU_REASONS && reason !== "batch-full", "the reason is not one for the packet");
  ensure(offset !== undefined && offset >= 0 && offset <= length, "the offset is outside");
  ensure(!/undefined|NaN/.test(message), "the message lacks a value");
  ensure(reason === "short-header" || units !== undefined, "units are not told");
}

/** A dump shows every octet once. */
function checkDump(codec: TemplateCodec, packet: PduInput, session: TemplateSession): void {
  const dumps = codec.describe(packet, session);
  let end = 0;
  for (const { offset, width, hex } of dumps) {
    ensure(hex.length === 2 * width, "a dump has too few or too many digits");
    ensure(offset === end, "a dump leaves out octets");
    end = offset + width;
  }
  ensure(end === packet.length, "the dump ends too early");
  // A list may say that how its members belong together is "undefined".
  ensure(dumps.every(({ value }) => value !== undefined), "a dump lacks a value");
  ensure(formatDump(dumps).length > 0 || dumps.length === 0, "a dump is no text");
}

/** Looking at a packet finds as many records as decoding it alone. */
function checkSets(codec: TemplateCodec, packet: PduInput, result: PduResult): void {
  const session = codec.createSession();
  const { sets, resumed } = readPduSets(codec, packet, session);
  const context = {
    dialect: session.dialect,
    findTemplate: (id: number) => session.find(result.header?.source_id ?? 0, id, 0),
  };
  let records = 0;
  for (const set of [...sets, ...resumed]) {
    for (const record of set.records ?? []) {
      records++;
      if (records < 50) readFields(record.template, record.view, record, context);
    }
  }
  session.close();
  const alone = codec.decode(packet, undefined);
  ensure(resumed.length > 0 || (alone.units ?? 0) <= records, "looking finds fewer records");
}

function checkSnapshot({ codec, session }: Exporter): void {
  const snapshot = JSON.stringify(session.snapshot());
  // Another codec, since the sessions of one share its bounds.
  const fresh = codec.version === 9 ? createV9Codec() : createIpfixCodec();
  const restored = fresh.restoreSession(JSON.parse(snapshot));
  ensure(
    JSON.stringify(restored.snapshot()) === snapshot,
    "a restored session knows something else",
  );
  restored.close();
}

function checkBounds({ codec, session }: Exporter): void {
  const { counters } = codec.store;
  ensure(counters.templates <= LIMITS.templatesInAll, "too many templates");
  ensure(counters.facts <= LIMITS.factsInAll, "too many facts");
  ensure(counters.waitingOctets <= LIMITS.waitingOctetsInAll, "too much waits");
  ensure(session.size <= LIMITS.templates, "too many templates of one exporter");
  ensure(session.domains.length <= LIMITS.domains, "too many domains");
  for (const count of Object.values(counters)) {
    ensure(Number.isSafeInteger(count) && count >= 0, "a counter is no count");
  }
}
