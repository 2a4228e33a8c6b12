import type { FlowSchema } from "@flowtools/flow-model";
import {
  createIpfixCodec,
  createPduRegistry,
  createV9Codec,
  type DomainFacts,
  type FactOrigin,
  type NamedFact,
  type NamedKind,
  PDU_CODECS,
  type PduCodec,
  type PduRegistry,
  type PduSession,
  replaceCodecs,
  type TemplateCodec,
  templateOf,
  TemplateSession,
} from "@flowtools/netflow-pdu";
import { FILE_TEMPLATE_LIMITS, PACKET_SESSIONS_MAX } from "../limits.ts";

/** Codecs that share their bounds with nobody: exporters of one memory do not crowd out another's. */
function ownRegistry(): PduRegistry {
  const own = [
    createV9Codec({ limits: FILE_TEMPLATE_LIMITS }),
    createIpfixCodec({ limits: FILE_TEMPLATE_LIMITS }),
  ];
  return createPduRegistry(replaceCodecs(PDU_CODECS, own));
}

/**
 * What is remembered of exporters from packet to packet and from file to file: the templates of
 * NetFlow v9 and IPFIX, what their options told, and records that wait for their template. Each
 * address, port and version has a memory of its own.
 *
 * @example Templates in one packet, records in another
 * ```ts
 * import { FlowPDU, PacketSessions } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * // NetFlow v9: template 256 has one field, protocolIdentifier.
 * const head = [0, 9, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
 * const template = new Uint8Array([...head, 0, 0, 0, 12, 1, 0, 0, 1, 0, 4, 0, 1]);
 * const data = new Uint8Array([...head, 1, 0, 0, 6, 6, 17]);
 *
 * const sessions = new PacketSessions();
 * for (const payload of [template, data]) {
 *   const session = sessions.of(payload, "192.0.2.1", 2055);
 *   const pdu = new FlowPDU("192.0.2.1", payload, { session });
 *   assertEquals([...pdu].map((flow) => flow.prot), payload === data ? [6, 17] : []);
 * }
 * ```
 */
export class PacketSessions {
  /** The codecs. */
  readonly registry: PduRegistry;
  readonly #templateCodecs: readonly TemplateCodec[];
  /** By version, port and address, the one unheard of for longest first. */
  readonly #sessions = new Map<string, PduSession>();
  #newest = "";
  #forgotten = 0;

  /**
   * Makes an empty memory.
   *
   * @param registry The codecs to decode with; default all that `@flowtools/netflow-pdu` has, those
   * that share bounds made for this memory
   */
  constructor(registry: PduRegistry = ownRegistry()) {
    this.registry = registry;
    this.#templateCodecs = registry.codecs.filter(hasTemplates);
  }

  /**
   * The memory that a packet is decoded with.
   *
   * @param payload The packet
   * @param exporter Address of its exporter
   * @param port The port that it came from; 0 where that is not known
   * @returns The session; `undefined` where the version needs none or nobody knows it
   */
  of(payload: Uint8Array, exporter: string, port: number): PduSession | undefined {
    const version = versionOf(payload);
    const codec = this.registry.find(version);
    if (codec?.createSession === undefined) return undefined;
    const key = `${version} ${port} ${exporter}`;
    let session = this.#sessions.get(key);
    if (session === undefined) {
      session = codec.createSession();
      this.#sessions.set(key, session);
      if (this.#sessions.size > PACKET_SESSIONS_MAX) this.#forgetOldest();
    } else if (key !== this.#newest) {
      // A map keeps the order of insertion.
      this.#sessions.delete(key);
      this.#sessions.set(key, session);
    }
    this.#newest = key;
    return session;
  }

  /** Exporters that were forgotten to make room: their templates must come again. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /**
   * The codec of a packet, where packets of its version bring the shape of their records along.
   *
   * @param payload The packet
   * @returns The codec
   */
  templateCodecOf(payload: Uint8Array): TemplateCodec | undefined {
    const version = versionOf(payload);
    return this.#templateCodecs.find((codec) => codec.version === version);
  }

  /**
   * What the exporter of flows told in its options.
   *
   * @param schema The shape of the flows
   * @returns The facts of their domain; `undefined` where nothing is known of it
   */
  factsOf(schema: FlowSchema): DomainFacts | undefined {
    const origin = this.originOf(schema);
    return origin?.source.facts(origin.domain);
  }

  /**
   * Everything of a kind that exporters named.
   *
   * @param kind The kind
   * @returns The names that are remembered, of one domain after the other
   */
  *names(kind: NamedKind): Generator<NamedFact, void, undefined> {
    for (const session of this.#sessions.values()) {
      if (!(session instanceof TemplateSession)) continue;
      for (const domain of session.domains) {
        yield* session.facts(domain)?.names(kind).values() ?? [];
      }
    }
  }

  /**
   * Where flows of a shape came from.
   *
   * @param schema The shape
   * @returns Exporter and domain; `undefined` where they came without a template
   */
  originOf(schema: FlowSchema): FactOrigin | undefined {
    return templateOf(schema)?.origin;
  }

  /** Sets of records whose template has not come, also those that nobody waits for any more. */
  get waiting(): number {
    return this.#templateCodecs.reduce(
      (sum, { store: { counters } }) => sum + counters.waited - counters.resumed,
      0,
    );
  }

  #forgetOldest(): void {
    const [[key, session]] = this.#sessions;
    session.close?.();
    this.#sessions.delete(key);
    this.#forgotten++;
  }
}

/** The export version of a packet; -1 where it is too short for one. */
function versionOf(payload: Uint8Array): number {
  return payload.length < 2 ? -1 : payload[0] * 256 + payload[1];
}

function hasTemplates(codec: PduCodec): codec is TemplateCodec {
  return "store" in codec && "dialect" in codec;
}
