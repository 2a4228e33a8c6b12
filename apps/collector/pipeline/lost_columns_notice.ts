import type { FlowSchema } from "@flowtools/flow-model";
import { lossText, LostColumns } from "@flowtools/flowset";
import type { Log } from "../log.ts";

/** How often it is told again: fields that records lack are no fault that passes. */
const AGAIN_MS = 3_600_000;

/**
 * Counts what flows tell and records have no place for, and tells of it: soon after the first, once
 * an hour where there is more, and at the end.
 */
export class LostColumnsNotice {
  readonly #name: string;
  readonly #log: Log;
  /** By the shape of the records: a sink may write several versions. */
  readonly #lost = new Map<FlowSchema, LostColumns>();
  #toldAt = -Infinity;
  /** Whether flows were counted since it was told. */
  #new = false;

  /**
   * @param name Whose records they are
   * @param log Told of them
   */
  constructor(name: string, log: Log) {
    this.#name = name;
    this.#log = log;
  }

  /**
   * Counts flows that become records.
   *
   * @param from The shape of the flows
   * @param to The shape of the records
   * @param flows How many
   */
  add(from: FlowSchema, to: FlowSchema, flows: number): void {
    if (from === to || flows === 0) return;
    let lost = this.#lost.get(to);
    if (lost === undefined) this.#lost.set(to, lost = new LostColumns(to));
    lost.add(from, flows);
    this.#new = true;
  }

  /**
   * Tells, if it is time.
   *
   * @param now Unix ms
   */
  tell(now: number): void {
    // Somebody may have set the clock back.
    if (this.#new && Math.abs(now - this.#toldAt) >= AGAIN_MS) this.#tell(now);
  }

  /** Tells what was not told yet. */
  end(): void {
    if (this.#new) this.#tell(Date.now());
  }

  #tell(now: number): void {
    this.#new = false;
    for (const [{ label }, lost] of this.#lost) {
      const { flows } = lost;
      if (flows.size === 0) continue;
      this.#toldAt = now;
      const text = `${label} records have no place for ${lossText(flows)}`;
      this.#log.warn("lost-fields", `${this.#name}: ${text}`);
    }
  }
}
