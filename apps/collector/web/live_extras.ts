import type { ColumnSpec, FlowBatch, FlowSchema } from "@flowtools/flow-model";
import { labelKeys } from "@flowtools/flowset";

/**
 * What live data keeps of records with templates beyond the canonical fields, and the elements that
 * have it; the first that a record has counts.
 */
const ELEMENTS = {
  vrf: [...labelKeys("ingressVRFName"), ...labelKeys("egressVRFName")],
  application: labelKeys("applicationName"),
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The name of something that live data keeps beyond the canonical fields. */
export type LiveExtra = keyof typeof ELEMENTS;

/** See {@linkcode LiveExtra}. */
export const LIVE_EXTRAS: readonly LiveExtra[] = Object.keys(ELEMENTS) as LiveExtra[];

/** The column that an element is in: other sinks are to see the records as they came. */
function columnOf(element: string): string {
  return `live ${element}`;
}

/** The columns that batches must keep for it, as numbers: octets of application ids are such, too. */
export const LIVE_COLUMNS: readonly ColumnSpec[] = LIVE_EXTRAS.flatMap((name) =>
  ELEMENTS[name].map((element) => ({ name: columnOf(element), kind: "u32", element } as const))
);

/**
 * The octets of an application's id, in hexadecimal.
 *
 * @param id The number that is in its column
 */
export function applicationOctets(id: number): string {
  return id.toString(16).padStart(8, "0");
}

/**
 * Whether records of a shape have something.
 *
 * @param schema The shape
 * @param name What
 */
export function hasExtra(schema: FlowSchema, name: LiveExtra): boolean {
  return elementOf(schema, name) !== undefined;
}

/**
 * For each shape of a batch, the column that has something.
 *
 * @param batch The flows
 * @param name What
 * @returns `undefined` where records lack it, or the batch does not keep it
 */
export function extraSources(
  batch: FlowBatch,
  name: LiveExtra,
): readonly (Uint32Array | undefined)[] {
  return batch.schemas.map((schema) => {
    const element = elementOf(schema, name);
    const column = element === undefined ? undefined : batch.extra(columnOf(element));
    return column instanceof Uint32Array ? column : undefined;
  });
}

function elementOf(schema: FlowSchema, name: LiveExtra): string | undefined {
  return ELEMENTS[name].find((element) => schema.extras.includes(element));
}
