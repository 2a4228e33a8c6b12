import { countLost, SAMPLING_COLUMN } from "@flowtools/flow-model";
import { SAMPLER_OCTETS } from "./encode_columns.ts";
import { SAMPLERS_MAX } from "./encode_limits.ts";
import { defineTemplate, type Definition, type Told } from "./encode_shape.ts";
import { SAMPLING_ELEMENTS } from "./sampling.ts";

/** The scope of NetFlow v9 that is the whole exporter (RFC 3954, section 6.1). */
const V9_SCOPE_SYSTEM = 1;
/** Sampling modes of NetFlow v9 and algorithms of PSAMP: every n-th packet. */
const DETERMINISTIC = 1;
/** Systematic count-based sampling (RFC 5477, section 6.5.1). */
const SYSTEMATIC_COUNT_BASED = 1;
const SELECTOR_ALGORITHM = 304;
const FLOW_SAMPLER_MODE = 49;
const NUMBER_MAX = 2 ** 32 - 1;
/** The number of a sampler has 16 bits; room is left for those that an encoder makes. */
const ID_MAX = 2 ** 16 - SAMPLERS_MAX;

/** A sampling rate, and the number that records refer to it by. */
export interface Sampler extends Told {
  readonly id: number;
  /** One packet in so many. */
  readonly rate: number;
}

/** The samplers that an encoder tells of in options records. */
export class Samplers {
  readonly #version: 9 | 10;
  readonly #byRate = new Map<string, Sampler>();
  readonly #isTaken: (id: number) => boolean;
  #next = 1;

  /**
   * @param version Export version
   * @param isTaken Whether a number is that of another sampler
   */
  constructor(version: 9 | 10, isTaken: (id: number) => boolean) {
    this.#version = version;
    this.#isTaken = isTaken;
  }

  /**
   * The sampler of a rate.
   *
   * @param element What records refer to it by
   * @param rate One packet in so many
   */
  get(element: number, rate: number): Sampler {
    const key = `${element} ${rate}`;
    let sampler = this.#byRate.get(key);
    if (sampler === undefined) {
      const [oldest] = this.#byRate;
      const full = this.#byRate.size >= SAMPLERS_MAX;
      if (full) this.#byRate.delete(oldest[0]);
      if (!full) { while (this.#isTaken(this.#next) && this.#next < ID_MAX) this.#next++; }
      const id = full ? oldest[1].id : this.#next++;
      sampler = { id, rate, atPacket: -1, atMs: 0 };
      this.#byRate.set(key, sampler);
    }
    return sampler;
  }

  /** Has all of them told again before they are used. */
  forget(): void {
    for (const sampler of this.#byRate.values()) sampler.atPacket = -1;
  }

  /** The options template of samplers. */
  definition(element: number): Definition {
    const field = (id: number, length: number) => ({ enterprise: 0, id, length });
    const sampler = field(element, SAMPLER_OCTETS);
    const { flowSamplerRandomInterval, samplingPacketInterval, samplingPacketSpace } =
      SAMPLING_ELEMENTS;
    const fields = this.#version === 9
      ? [
        field(V9_SCOPE_SYSTEM, 4),
        sampler,
        field(FLOW_SAMPLER_MODE, 1),
        field(flowSamplerRandomInterval, 4),
      ]
      : [
        sampler,
        field(SELECTOR_ALGORITHM, 2),
        field(samplingPacketInterval, 4),
        field(samplingPacketSpace, 4),
      ];
    return defineTemplate(fields, { scopeCount: 1 });
  }

  /**
   * Writes the options record of a sampler.
   *
   * @param sampler The sampler
   * @param view Where it goes
   * @param offset Where it starts
   * @param lost Told of a rate that cannot be held
   */
  write({ id, rate }: Sampler, view: DataView, offset: number, lost: Map<string, number>): void {
    if (this.#version === 9) {
      const interval = Math.min(Math.max(1, Math.round(rate)), NUMBER_MAX);
      if (interval !== rate) countLost(lost, SAMPLING_COLUMN, 1);
      view.setUint32(offset, 0);
      view.setUint16(offset + 4, id);
      view.setUint8(offset + 6, DETERMINISTIC);
      view.setUint32(offset + 7, interval);
      return;
    }
    const { taken, all } = fractionOf(rate);
    if (all / taken !== rate) countLost(lost, SAMPLING_COLUMN, 1);
    view.setUint16(offset, id);
    view.setUint16(offset + 2, SYSTEMATIC_COUNT_BASED);
    view.setUint32(offset + 4, taken);
    view.setUint32(offset + 8, all - taken);
  }
}

/** Octets of the options record of a sampler. */
export const SAMPLER_RECORD_OCTETS: Readonly<Record<9 | 10, number>> = { 9: 11, 10: 12 };

/** The simplest fraction that is a rate: so many packets of so many. */
function fractionOf(rate: number): { taken: number; all: number } {
  // Convergents of the continued fraction.
  let [all, taken, allBefore, takenBefore] = [1, 0, 0, 1];
  let rest = Math.min(Math.max(rate, 1), NUMBER_MAX);
  while (true) {
    const whole = Math.floor(rest);
    const nextAll = whole * all + allBefore;
    const nextTaken = whole * taken + takenBefore;
    if (nextAll > NUMBER_MAX) return { taken: taken || 1, all };
    [allBefore, takenBefore, all, taken] = [all, taken, nextAll, nextTaken];
    if (all / taken === rate || rest === whole) return { taken, all };
    rest = 1 / (rest - whole);
  }
}
