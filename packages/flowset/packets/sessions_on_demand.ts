import type { PduRegistry } from "@flowtools/netflow-pdu";
import type { PacketSessions } from "./packet_sessions.ts";

/**
 * A memory of exporters that is made when the first packets are met, so that who reads nothing but
 * flow-tools files need not load what decodes packets.
 *
 * @example
 * ```ts
 * import { FlowSet, SessionsOnDemand } from "@flowtools/flowset/select";
 * import { assertEquals } from "@std/assert";
 *
 * const sessions = new SessionsOnDemand();
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft", { sessions });
 * assertEquals([sessions.made, sessions.waiting], [undefined, 0]);
 * ```
 */
export class SessionsOnDemand {
  readonly #registry: (() => Promise<PduRegistry>) | undefined;
  #making: Promise<PacketSessions> | undefined;
  #made: PacketSessions | undefined;

  /**
   * Makes nothing yet.
   *
   * @param registry The codecs to decode with; default as `PacketSessions` has them
   */
  constructor(registry?: () => Promise<PduRegistry>) {
    this.#registry = registry;
  }

  /** The memory; nothing as long as no packets were met. */
  get made(): PacketSessions | undefined {
    return this.#made;
  }

  /** Sets of records that wait for their template. */
  get waiting(): number {
    return this.#made?.waiting ?? 0;
  }

  /** The memory, made with the first call. */
  async get(): Promise<PacketSessions> {
    this.#making ??= this.#make();
    return this.#made = await this.#making;
  }

  async #make(): Promise<PacketSessions> {
    const { PacketSessions } = await import("./packet_sessions.ts");
    return new PacketSessions(await this.#registry?.());
  }
}

/**
 * What is said of records whose template never came.
 *
 * @param sets Sets of records
 * @returns The sentence
 */
export function waitingText(sets: number): string {
  return `${sets} set${sets === 1 ? "" : "s"} of records left out: their templates did not come`;
}
