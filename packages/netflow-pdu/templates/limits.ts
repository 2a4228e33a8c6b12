/** Bounds of what is remembered of exporters that send templates, each with its reason. */
export interface TemplateLimits {
  /** Templates of one exporter (address, port, version), over all its domains. */
  readonly templates: number;
  /** Fields of one template. */
  readonly fields: number;
  /** Fields of one template that have no octets. */
  readonly emptyFields: number;
  /** Templates of all exporters of a codec together. */
  readonly templatesInAll: number;
  /** Fields of the templates of all exporters of a codec together. */
  readonly fieldsInAll: number;
  /**
   * Fields of templates of all exporters of a codec that are no more, and are kept for lists of flows
   * that came before; each template counts as 8 more.
   */
  readonly retiredFieldsInAll: number;
  /** Names, samplers and rates of interfaces that one exporter told, over all its domains. */
  readonly facts: number;
  /** The same of all exporters of a codec together. */
  readonly factsInAll: number;
  /** Observation domains of one exporter of which facts are remembered. */
  readonly domains: number;
  /** Elements that one exporter described (RFC 5610). */
  readonly elements: number;
  /** Octets of data of one exporter that are kept until they can be decoded. */
  readonly waitingOctets: number;
  /** The same of all exporters of a codec together. */
  readonly waitingOctetsInAll: number;
  /** Milliseconds that data waits for its template at most. */
  readonly waitingMs: number;
  /** Milliseconds after which a template that was not sent again is forgotten; 0 for never. */
  readonly lifetimeMs: number;
}

/**
 * The limits unless told otherwise.
 *
 * @example
 * ```ts
 * import { createIpfixCodec, TEMPLATE_LIMITS } from "@flowtools/netflow-pdu";
 * import { assertEquals } from "@std/assert";
 *
 * const codec = createIpfixCodec({ limits: { templates: 16 } });
 * assertEquals(codec.store.limits, { ...TEMPLATE_LIMITS, templates: 16 });
 * ```
 */
export const TEMPLATE_LIMITS: TemplateLimits = {
  // The busiest capture known has some hundred; a router with many line cards a few thousand.
  templates: 4096,
  // The longest template seen has 73. A message of 65,535 octets holds at most 16,383.
  fields: 4096,
  // Exporters blank out a few fields that they cannot fill (13 of 60 were seen). Without a bound, a
  // record of one octet could have thousands of fields.
  emptyFields: 64,
  // Two thousand exporters with thirty templates each.
  templatesInAll: 65_536,
  // Sixteen for each of them, some hundred megabytes: the largest templates cannot come in numbers.
  fieldsInAll: 1 << 20,
  // Twenty exporters that start anew at once, with twenty templates each; a few megabytes.
  retiredFieldsInAll: 1 << 13,
  // NBAR knows some two thousand applications; a large chassis has as many interfaces.
  facts: 32_768,
  // Some hundred megabytes: names are short.
  factsInAll: 1 << 19,
  // Line cards and virtual routers are domains of their own.
  domains: 64,
  // The largest tables of enterprises have some five hundred.
  elements: 4096,
  // A few seconds of a busy exporter; templates come every few minutes at the latest.
  waitingOctets: 1 << 20,
  waitingOctetsInAll: 1 << 26,
  // Exporters send templates again every thirty minutes at the latest (RFC 7011 leaves it open).
  waitingMs: 30 * 60_000,
  // Exporters over UDP repeat their templates; one unheard of for a day is of another era.
  lifetimeMs: 24 * 3_600_000,
};

/** What a set that waits costs beyond its octets: objects that know what and whose it is. */
export const WAITING_SET_OCTETS = 256;

/** Lists within lists that are taken apart; deeper ones stay octets. No exporter nests beyond three. */
export const LIST_DEPTH_MAX = 8;

/**
 * Values in the lists of one record that are taken apart; lists with more stay octets. A message has
 * no more octets: only fields without any could make more values of it.
 */
export const LIST_VALUES_MAX: number = 1 << 16;

/** Characters of a name or a description that are remembered; SNMP's names have at most 255. */
export const FACT_TEXT_MAX = 255;
