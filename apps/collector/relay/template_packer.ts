import { countLost, type FlowBatch } from "@flowtools/flow-model";
import {
  createTemplateEncoder,
  DomainNumbers,
  type TemplateCodec,
  type TemplateEncoder,
} from "@flowtools/netflow-pdu";
import { SOCKETS_PER_TARGET_MAX, STREAMS_MAX } from "./limits.ts";
import type { PacketTaker } from "./packet_packer.ts";
import type { RelayedSource } from "./source_runs.ts";

/** What a packer of NetFlow v9 or IPFIX makes. */
export interface TemplatePackerOptions {
  /** The version of the packets. */
  readonly codec: TemplateCodec;
  /** One sequence for all sources rather than one for each. */
  readonly sharedSequence: boolean;
  /** Whether records go on as they came, where the batch keeps them: not where flows are changed. */
  readonly octets: boolean;
  /** Takes each packet. */
  readonly take: PacketTaker;
  /** Told of rows that no packet can hold. */
  readonly refused: (rows: number) => void;
  /** Told, per field, how many values had no place. */
  readonly misfits: Map<string, number>;
}

/** The packets of one source. */
interface Stream {
  readonly encoder: TemplateEncoder;
  /** Rows refused that were told. */
  refused: number;
}

/**
 * The socket of a target that packets of a source are sent from.
 *
 * @param source Number of the source
 * @returns Number of the socket
 */
export function socketOf(source: number): number {
  return source % SOCKETS_PER_TARGET_MAX;
}

/** The stream of all sources that share one. */
const SHARED = -1;

/**
 * Packs flows into packets of NetFlow v9 or IPFIX, with templates and sequence numbers of their own
 * for each source. A packet goes when it is full, and at a flush. The memory is bounded: beyond the
 * limit the source unheard of for longest is forgotten; its sequence and templates begin anew.
 */
export class TemplatePacker {
  /** Sources that were forgotten. */
  forgotten = 0;
  readonly #options: TemplatePackerOptions;
  /** By number of the source, the one unheard of for longest first. */
  readonly #streams = new Map<number, Stream>();
  /** By socket: sources that share one must not share a domain. */
  readonly #domains = new Map<number, DomainNumbers>();
  #newest = SHARED - 1;

  /** @param options Version, sequences, where packets go */
  constructor(options: TemplatePackerOptions) {
    this.#options = options;
  }

  /**
   * Adds rows of one source.
   *
   * @param batch The flows
   * @param from The first row
   * @param to The row behind the last
   * @param source Where they came from
   */
  add(batch: FlowBatch, from: number, to: number, source: RelayedSource): void {
    const stream = this.#stream(source);
    stream.encoder.add(batch, from, to - from, Date.now());
    const { refused } = stream.encoder.counters;
    if (refused > stream.refused) this.#options.refused(refused - stream.refused);
    stream.refused = refused;
  }

  /** Sends what is not full. */
  flush(): void {
    for (const { encoder } of this.#streams.values()) this.#flush(encoder);
  }

  /** Has templates go again before the next flows. */
  resend(): void {
    for (const { encoder } of this.#streams.values()) encoder.resend();
  }

  #flush(encoder: TemplateEncoder): void {
    encoder.flush();
    const { misfits } = this.#options;
    for (const [field, count] of encoder.lost) {
      countLost(misfits, field, count);
    }
    encoder.lost.clear();
  }

  #stream(source: RelayedSource): Stream {
    const { sharedSequence, codec, octets, take } = this.#options;
    const key = sharedSequence ? SHARED : source.number;
    const known = this.#streams.get(key);
    if (known !== undefined) {
      if (key !== this.#newest) {
        // A map keeps the order of insertion.
        this.#streams.delete(key);
        this.#streams.set(key, known);
        this.#newest = key;
      }
      return known;
    }
    if (this.#streams.size >= STREAMS_MAX) {
      const [[oldest, { encoder }]] = this.#streams;
      this.#flush(encoder);
      this.#streams.delete(oldest);
      this.forgotten++;
    }
    const encoder = createTemplateEncoder(codec, {
      octets,
      domains: this.#domainsOf(key),
      take: (packet, rows) => take(packet, rows, source),
    });
    const stream = { encoder, refused: 0 };
    this.#streams.set(key, stream);
    this.#newest = key;
    return stream;
  }

  #domainsOf(key: number): DomainNumbers {
    const socket = key === SHARED ? SHARED : socketOf(key);
    let domains = this.#domains.get(socket);
    if (domains === undefined) this.#domains.set(socket, domains = new DomainNumbers());
    return domains;
  }
}
