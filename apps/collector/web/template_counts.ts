import type { TemplateCounters } from "@flowtools/netflow-pdu";

/** What a counter of templates counts, and what it means where something is lost. */
export interface TemplateCount {
  /** The counter. */
  readonly name: keyof TemplateCounters;
  /** What it is called in metrics, behind `template_`; counters end in `_total`. */
  readonly metric: string;
  /** What it counts. */
  readonly help: string;
  /** Its cause in the list of losses, where it is in there. */
  readonly cause?: string;
  /** What it counts, there. */
  readonly unit?: "sets" | "events";
  /** Whether data were lost, or it is only worth knowing. */
  readonly severity?: "loss" | "note";
}

/** Every counter of templates. Metrics, the list of losses and the schema of the API derive from it. */
export const TEMPLATE_COUNTS: readonly TemplateCount[] = [
  { name: "templates", metric: "known", help: "Templates that are known" },
  {
    name: "changed",
    metric: "changed_total",
    help: "Templates that took the place of another one of the same number",
  },
  {
    name: "withdrawn",
    metric: "withdrawn_total",
    help: "Templates that their exporter took back",
  },
  {
    name: "evicted",
    metric: "evicted_total",
    help: "Templates that were forgotten to make room",
    cause: "template-evicted",
    unit: "events",
    severity: "note",
  },
  {
    name: "expired",
    metric: "expired_total",
    help: "Templates that were not sent again for too long",
    cause: "template-expired",
    unit: "events",
    severity: "note",
  },
  {
    name: "refused",
    metric: "refused_total",
    help: "Templates that were not taken: too many fields, or none with octets",
    cause: "template-refused",
    unit: "events",
    severity: "note",
  },
  {
    name: "waited",
    metric: "sets_waited_total",
    help: "Sets that came before their templates and were kept",
    cause: "template-waited",
    unit: "sets",
    severity: "note",
  },
  {
    name: "resumed",
    metric: "sets_resumed_total",
    help: "Sets that were decoded when their templates came",
  },
  { name: "waitingOctets", metric: "waiting_bytes", help: "Memory of sets that wait" },
  {
    name: "overdue",
    metric: "sets_overdue_total",
    help: "Sets whose templates did not come in time",
    cause: "template-overdue",
    unit: "sets",
    severity: "loss",
  },
  {
    name: "overflowed",
    metric: "sets_overflowed_total",
    help: "Sets that were dropped since there was no room to keep them",
    cause: "template-overflow",
    unit: "sets",
    severity: "loss",
  },
  {
    name: "damaged",
    metric: "sets_damaged_total",
    help: "Sets that were kept and end within a record; the records before it were decoded",
    cause: "template-damaged",
    unit: "sets",
    severity: "loss",
  },
  { name: "facts", metric: "facts", help: "Names, samplers and rates that are known" },
  {
    name: "factsForgotten",
    metric: "facts_forgotten_total",
    help: "Names, samplers and rates that were forgotten, or not taken, for want of room",
    cause: "facts-forgotten",
    unit: "events",
    severity: "note",
  },
  {
    name: "domainsForgotten",
    metric: "domains_forgotten_total",
    help: "Observation domains whose facts were forgotten to make room",
    cause: "domain-forgotten",
    unit: "events",
    severity: "note",
  },
  {
    name: "elementsRefused",
    metric: "elements_refused_total",
    help: "Descriptions of elements that were not taken: no name, no type, or too many",
    cause: "element-refused",
    unit: "events",
    severity: "note",
  },
];
