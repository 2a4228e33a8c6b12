import type { PduCodec, PduHeaderName, PduInput, PduResult, PduSession } from "../codec.ts";
import { dumpHeader, type PduFieldDump } from "../dump.ts";
import { createElementRegistry, type ElementRegistry } from "../elements/registry.ts";
import { compileHeader, type HeaderLayout, type HeaderRow } from "../header_layout.ts";
import { BatchPlanner, type Biflow } from "./batch_plan.ts";
import { describeSets } from "./describe_packet.ts";
import { encodeOnePacket } from "./encode_one.ts";
import { TEMPLATE_LIMITS, type TemplateLimits } from "./limits.ts";
import type { TemplateDialect } from "./read_templates.ts";
import { TemplateSession } from "./session.ts";
import { restoreInto } from "./session_snapshot.ts";
import { type PacketFrame, TemplateDecoder } from "./template_codec.ts";
import { TemplateStore } from "./template_store.ts";
import type { SetFault } from "./walk_sets.ts";

/** What codecs with templates may be told. */
export interface TemplateCodecOptions {
  /** Bounds other than the usual. */
  readonly limits?: Partial<TemplateLimits>;
  /** The elements that are known. */
  readonly elements?: ElementRegistry;
  /**
   * What becomes of records that tell of both directions (RFC 5103, NSEL): `record`, the default,
   * makes one row, whose reverse counters are read by their names; `split` makes a second row for
   * what goes back, where anything does.
   */
  readonly biflow?: Biflow;
}

/** What a codec with templates is made from. */
export interface TemplateCodecInit {
  readonly version: 9 | 10;
  readonly title: string;
  readonly reference: string;
  readonly sequenceUnit: "flows" | "packets";
  readonly headerRows: readonly HeaderRow[];
  readonly headerSize: number;
  readonly lacking: readonly PduHeaderName[];
}

/**
 * Makes a codec of a version whose packets bring the shape of their records along.
 *
 * @param init The version and its header
 * @param options Bounds and elements
 * @returns The codec
 */
export function defineTemplateCodec(
  init: TemplateCodecInit,
  options: TemplateCodecOptions = {},
): TemplateCodec {
  return new Codec(init, options);
}

/** A codec whose packets bring the shape of their records along. */
export interface TemplateCodec extends PduCodec {
  /** What all its sessions share: bounds and counters. */
  readonly store: TemplateStore;
  /** How the version reads templates. */
  readonly dialect: TemplateDialect;
  /** The elements that are known. */
  readonly elements: ElementRegistry;
  /** The header of its packets. */
  readonly header: HeaderLayout;
  /** Octets of the header of its packets. */
  readonly headerSize: number;

  /**
   * Makes the memory of one exporter.
   *
   * @returns A new session
   */
  createSession(): TemplateSession;

  /**
   * Makes the memory of an exporter that was heard of before.
   *
   * @param snapshot What `TemplateSession.snapshot` gave, or what `JSON.parse` made of it
   * @returns A new session that knows what the snapshot has, as far as the limits go
   * @throws {SessionSnapshotError} The snapshot is damaged, or of another format or version; nothing
   * of it is taken
   */
  restoreSession(snapshot: unknown): TemplateSession;

  /**
   * Finds header and sets of a packet.
   *
   * @internal
   * @param input The packet
   * @returns Where they lie, or what is wrong where the header is not whole
   */
  frame(input: PduInput): PacketFrame | PduResult;

  /**
   * Says what became of a packet whose sets were looked at one by one.
   *
   * @internal
   * @param frame The packet
   * @param start Where it starts in the view
   * @param fault What is wrong with its sets
   * @param rows Rows appended
   * @param units Data records; -1 where they could not be counted
   * @returns As `decode` returns it
   */
  result(
    frame: PacketFrame,
    start: number,
    fault: SetFault | undefined,
    rows: number,
    units: number,
  ): PduResult;
}

class Codec implements TemplateCodec {
  readonly version: 9 | 10;
  readonly title: string;
  readonly reference: string;
  readonly sequenceUnit: "flows" | "packets";
  readonly headerSize: number;
  readonly maxRecords = MESSAGE_OCTETS_MAX;
  readonly lacking: readonly PduHeaderName[];
  readonly store: TemplateStore;
  readonly dialect: TemplateDialect;
  readonly elements: ElementRegistry;
  readonly header: HeaderLayout;
  readonly decode: PduCodec["decode"];
  readonly encode: PduCodec["encode"];
  readonly frame: TemplateCodec["frame"];
  readonly result: TemplateCodec["result"];
  readonly #planner: BatchPlanner;

  constructor(init: TemplateCodecInit, options: TemplateCodecOptions) {
    const { version, title, headerSize, headerRows, lacking } = init;
    this.version = version;
    this.title = title;
    this.headerSize = headerSize;
    this.reference = init.reference;
    this.sequenceUnit = init.sequenceUnit;
    this.lacking = lacking;
    this.store = new TemplateStore({ ...TEMPLATE_LIMITS, ...options.limits });
    const elements = options.elements ?? createElementRegistry();
    this.dialect = {
      version,
      findElement: (enterprise, id) => elements.find(enterprise, id),
    };
    this.#planner = new BatchPlanner({ version, biflow: options.biflow ?? "record" });
    const header = compileHeader(`${title} header`, headerSize, headerRows, lacking);
    this.header = header;
    this.elements = elements;
    const decoder = new TemplateDecoder({
      codec: this,
      dialect: this.dialect,
      header,
      store: this.store,
      planner: this.#planner,
    });
    this.encode = (...asked) => encodeOnePacket({ version, title, header, elements }, ...asked);
    this.decode = (input, batch, session) => decoder.decode(input, batch, session);
    this.frame = (input) => decoder.frame(input);
    this.result = (frame, ...rest) => decoder.result(frame, ...rest);
  }

  createSession(): TemplateSession {
    const { dialect, store } = this;
    return new TemplateSession({ dialect, store, planner: this.#planner });
  }

  restoreSession(snapshot: unknown): TemplateSession {
    const session = this.createSession();
    restoreInto(session, snapshot);
    return session;
  }

  describe(input: PduInput, session?: PduSession): PduFieldDump[] {
    const { view, offset: start } = input;
    const source = { view, start, end: Math.min(start + input.length, view.byteLength) };
    const dumps = dumpHeader(source, this.header);
    const frame = this.frame(input);
    if (!("from" in frame)) return dumps;
    const known = session instanceof TemplateSession ? session : undefined;
    const domain = frame.header.source_id ?? 0;
    const sets = describeSets({
      input,
      frame,
      dialect: known?.dialect ?? this.dialect,
      find: (id) => known?.peek(domain, id),
    });
    return dumps.concat(sets);
  }
}

/** Octets of a UDP payload or an IPFIX message at most; a record has one at least. */
const MESSAGE_OCTETS_MAX = 65_535;
