import type { NumberColumn } from "@flowtools/flow-model";
import type { DomainFacts } from "./domain_facts.ts";
import { readNumber } from "./number.ts";
import type { Template } from "./template.ts";

/** Elements that tell how packets were sampled, and which sampler did it. */
export const SAMPLING_ELEMENTS = {
  samplingInterval: 34,
  flowSamplerId: 48,
  flowSamplerRandomInterval: 50,
  selectorId: 302,
  samplingPacketInterval: 305,
  samplingPacketSpace: 306,
  samplingSize: 309,
  samplingPopulation: 310,
  samplingProbability: 311,
} as const;

/** Where in a record it stands how packets were sampled; -1 where it does not. */
export interface SamplingFields {
  /** One packet in so many. */
  readonly interval: number;
  /** So many packets are taken, */
  readonly taken: number;
  /** then so many are left out. */
  readonly skipped: number;
  /** So many packets are taken */
  readonly size: number;
  /** of so many. */
  readonly population: number;
  /** The share of packets that is taken. */
  readonly probability: number;
  /** Which sampler it was. */
  readonly sampler: number;
}

/** Finds the fields of a template that tell of sampling; `undefined` where there are none. */
export function samplingFields(template: Template): SamplingFields | undefined {
  const at = (...ids: number[]): number => {
    for (const id of ids) {
      const index = template.fields.findIndex((field) =>
        field.id === id && field.enterprise === 0 && (!field.scope || field.element !== undefined)
      );
      if (index >= 0) return index;
    }
    return -1;
  };
  const ids = SAMPLING_ELEMENTS;
  const fields: SamplingFields = {
    interval: at(ids.flowSamplerRandomInterval, ids.samplingInterval),
    taken: at(ids.samplingPacketInterval),
    skipped: at(ids.samplingPacketSpace),
    size: at(ids.samplingSize),
    population: at(ids.samplingPopulation),
    probability: at(ids.samplingProbability),
    sampler: at(ids.selectorId, ids.flowSamplerId),
  };
  return Object.values(fields).some((index) => index >= 0) ? fields : undefined;
}

/**
 * How packets were sampled, as a record tells.
 *
 * @param fields Where it tells
 * @param view Octets that hold the record
 * @param offsets For each field, where its octets start
 * @param lengths For each field, its octets
 * @param base What the offsets count from
 * @returns One packet in so many; `undefined` where the record does not tell
 */
export function samplingRate(
  fields: SamplingFields,
  view: DataView,
  offsets: Int32Array,
  lengths: Int32Array,
  base = 0,
): number | undefined {
  const read = (index: number) =>
    index < 0 ? 0 : readNumber(view, base + offsets[index], lengths[index]);
  const interval = read(fields.interval);
  if (interval > 0) return interval;
  // Cisco tells n of N, and beside it that one packet is taken at a time: the former counts.
  const size = read(fields.size);
  const population = read(fields.population);
  if (size > 0 && population >= size) return population / size;
  const taken = read(fields.taken);
  if (taken > 0) return (taken + read(fields.skipped)) / taken;
  const { probability } = fields;
  if (probability < 0 || lengths[probability] < 4) return undefined;
  const share = lengths[probability] === 8
    ? view.getFloat64(base + offsets[probability])
    : view.getFloat32(base + offsets[probability]);
  return share >= SHARE_MIN && share <= 1 ? 1 / share : undefined;
}

/** A share that is less is none: the rate would be no number that a column holds. */
const SHARE_MIN = 2 ** -32;

/**
 * Fills in rates of sampling: those of the record, of its sampler, its interface, its template, its
 * domain.
 */
export class SamplingStep {
  readonly #fields: SamplingFields | undefined;
  readonly #rates: NumberColumn;
  readonly #input: number;
  readonly #template: number;

  /**
   * Makes the step of a template.
   *
   * @param template The shape of the records
   * @param rates The column
   * @param input The field that has the interface, or -1
   */
  constructor(template: Template, rates: NumberColumn, input: number) {
    this.#fields = samplingFields(template);
    this.#rates = rates;
    this.#input = input;
    this.#template = template.id;
  }

  /**
   * Fills in the rates of some rows, as far as they are the same for all.
   *
   * @param at The first row
   * @param count Rows
   * @param domain What the observation domain told
   * @returns Whether they were; else each row must be looked at
   */
  fill(at: number, count: number, domain: DomainFacts): boolean {
    if (this.#fields !== undefined || domain.interfaceRates.size > 0) return false;
    const rate = domain.templateRates.get(this.#template) ?? domain.rate ?? 1;
    this.#rates.fill(rate, at, at + count);
    return true;
  }

  /**
   * Fills in the rate of a row.
   *
   * @param row The row
   * @param domain What the observation domain told
   * @param view Octets that hold its record
   * @param offsets For each field, where its octets start
   * @param lengths For each field, its octets
   * @param base What the offsets count from
   */
  run(
    row: number,
    domain: DomainFacts,
    view: DataView,
    offsets: Int32Array,
    lengths: Int32Array,
    base: number,
  ): void {
    const fields = this.#fields;
    const number = (index: number) => readNumber(view, base + offsets[index], lengths[index]);
    let rate = fields && samplingRate(fields, view, offsets, lengths, base);
    if (rate === undefined && fields !== undefined && fields.sampler >= 0) {
      rate = domain.samplerRates.get(number(fields.sampler));
    }
    if (rate === undefined && this.#input >= 0 && domain.interfaceRates.size > 0) {
      rate = domain.interfaceRates.get(number(this.#input));
    }
    this.#rates[row] = rate ?? domain.templateRates.get(this.#template) ?? domain.rate ?? 1;
  }
}
