/** What a codec counts of all its exporters. */
export interface TemplateCounters {
  /** Templates that are known. */
  templates: number;
  /** Templates that took the place of another one of the same number. */
  changed: number;
  /** Templates that their exporter took back. */
  withdrawn: number;
  /** Templates that were forgotten to make room. */
  evicted: number;
  /** Templates that were not sent again for too long. */
  expired: number;
  /** Templates that were not taken: too many fields, or none with octets. */
  refused: number;
  /** Sets that came before their templates and were kept. */
  waited: number;
  /** Sets that were decoded when their templates came. */
  resumed: number;
  /** Octets of what is kept, for its template or for room in a batch. */
  waitingOctets: number;
  /** Sets that were kept and whose templates did not come in time, or before their exporter was forgotten. */
  overdue: number;
  /** Sets that were dropped since there was no room to keep them. */
  overflowed: number;
  /** Sets that were kept and end within a record; the records before it were decoded. */
  damaged: number;
  /** Names, samplers and rates that are known. */
  facts: number;
  /** Names, samplers and rates that were forgotten, or not taken, for want of room. */
  factsForgotten: number;
  /** Observation domains whose facts were forgotten to make room for another. */
  domainsForgotten: number;
  /** Descriptions of elements (RFC 5610) that were not taken: no name, no type, or too many. */
  elementsRefused: number;
}

/**
 * Counters that are all 0.
 *
 * @returns New counters
 */
export function zeroTemplateCounters(): TemplateCounters {
  return {
    templates: 0,
    changed: 0,
    withdrawn: 0,
    evicted: 0,
    expired: 0,
    refused: 0,
    waited: 0,
    resumed: 0,
    waitingOctets: 0,
    overdue: 0,
    overflowed: 0,
    damaged: 0,
    facts: 0,
    factsForgotten: 0,
    domainsForgotten: 0,
    elementsRefused: 0,
  };
}
