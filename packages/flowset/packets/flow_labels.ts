import { type Flow, type FlowFieldName, type FlowValue, valueText } from "@flowtools/flow-model";
import type { NamedFact, NamedKind } from "@flowtools/netflow-pdu";
import type { PacketSessions } from "./packet_sessions.ts";

/** A name that goes with a flow. */
export interface FlowLabel {
  /** What the name is called. */
  readonly name: string;
  /** What it is the name of. */
  readonly kind: NamedKind;
  /** The attributes of the flow that may tell its number; the first that is there counts. */
  readonly keys: readonly (FlowFieldName | string)[];
}

/** The names that exporters tell in their options, and which attribute of a flow each belongs to. */
export const FLOW_LABELS: readonly FlowLabel[] = [
  { name: "inputName", kind: "interfaces", keys: ["input"] },
  { name: "outputName", kind: "interfaces", keys: ["output"] },
  { name: "ingressVRFName", kind: "vrfs", keys: ["ingressVRFID"] },
  { name: "egressVRFName", kind: "vrfs", keys: ["egressVRFID"] },
  { name: "applicationName", kind: "applications", keys: ["applicationId"] },
  { name: "samplerName", kind: "samplers", keys: ["samplerId", "selectorId"] },
];

/**
 * The attributes of flows that tell the number of what has a name.
 *
 * @param label What the name is called, one of `FLOW_LABELS`
 * @returns The attributes, of which the first that is there counts
 */
export function labelKeys(label: string): readonly string[] {
  return FLOW_LABELS.find(({ name }) => name === label)?.keys ?? [];
}

/**
 * The names of what a flow refers to by number: interfaces, routing instances, its application, its
 * sampler. Only flows of NetFlow v9 and IPFIX have them, where their exporter told.
 *
 * @param flow The flow; its batch must keep octets (`octets: true`), else some numbers are not known
 * @param sessions What is remembered of exporters
 * @returns Names by what they are called (`FLOW_LABELS`); those that are not known are left out
 *
 * @example
 * ```ts
 * import { flowLabels, FlowSet, PacketSessions } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * const sessions = new PacketSessions();
 * await using set = await FlowSet.open("fixtures/ft/v5-le.ft", { sessions });
 * for await (const flow of set) assertEquals(flowLabels(flow, sessions), {});
 * ```
 */
export function flowLabels(flow: Flow, sessions: PacketSessions): Record<string, string> {
  const labels: Record<string, string> = {};
  const facts = sessions.factsOf(flow.schema);
  if (facts === undefined) return labels;
  for (const { name, kind, keys } of FLOW_LABELS) {
    // Most exporters tell few kinds of names: the others cost no look at the flow.
    if (facts.names(kind).size === 0) continue;
    const key = keys.find((key) => flow.has(key));
    const value = key === undefined ? undefined : flow.get(key);
    if (value === undefined) continue;
    const text = labelText(facts.name(kind, labelKey(value)));
    if (text !== undefined) labels[name] = text;
  }
  return labels;
}

/**
 * The key by which exporters name what a value of a flow refers to.
 *
 * @param value The value
 * @returns The number as text; of octets their hexadecimal digits
 */
export function labelKey(value: FlowValue): string {
  return valueText(value);
}

/**
 * What is shown of what an exporter calls something: its name, or else its description.
 *
 * @param fact What it told
 * @returns The text; `undefined` where it told neither
 */
export function labelText(fact: NamedFact | undefined): string | undefined {
  return fact === undefined ? undefined : fact.name || fact.description || undefined;
}
