import { formatExporter, type PduCodec, type PduSession } from "@flowtools/netflow-pdu";
import type { Sender } from "./sources/source.ts";
import { isTemplateCodec } from "./template_codecs.ts";

/** What a codec remembered of an exporter when that was saved. */
export interface SavedSession {
  /** Address of the exporter, as text. */
  readonly address: string;
  /** Its UDP port. */
  readonly port: number;
  /** Export version. */
  readonly version: number;
  /** When it was heard of last, Unix ms. */
  readonly heardAt: number;
  /** What the session gave, or `JSON.parse` made of it. */
  readonly snapshot: unknown;
}

/**
 * What codecs remembered of exporters before the program started. Each is restored when its
 * exporter is heard of again; until then it is kept as it is.
 */
export class SavedSessions {
  readonly #sessions: Map<string, SavedSession>;
  readonly #refused: (session: SavedSession, reason: string) => void;

  /**
   * @param sessions What was saved
   * @param refused Told of what cannot be restored
   */
  constructor(
    sessions: readonly SavedSession[] = [],
    refused: (session: SavedSession, reason: string) => void = () => {},
  ) {
    this.#sessions = new Map(
      sessions.map((session) => [keyOf(session.address, session.port, session.version), session]),
    );
    this.#refused = refused;
  }

  /** What was not asked for yet. */
  get rest(): readonly SavedSession[] {
    return [...this.#sessions.values()];
  }

  /**
   * Restores what a codec remembered of a sender, once.
   *
   * @param sender The exporter
   * @param codec The codec
   * @returns The session; `undefined` where nothing was saved, or it is damaged
   */
  take(sender: Sender, codec: PduCodec): PduSession | undefined {
    if (this.#sessions.size === 0 || !isTemplateCodec(codec)) return undefined;
    const key = keyOf(formatExporter(sender.address), sender.port, codec.version);
    const saved = this.#sessions.get(key);
    if (saved === undefined) return undefined;
    this.#sessions.delete(key);
    try {
      return codec.restoreSession(saved.snapshot);
    } catch (error) {
      this.#refused(saved, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }
}

function keyOf(address: string, port: number, version: number): string {
  return `${address} ${port} ${version}`;
}
