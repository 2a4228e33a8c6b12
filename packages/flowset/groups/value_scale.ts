import { GroupError } from "./errors.ts";

/** What of a flow falls into classes. */
export const MEASURES = ["octets", "packets", "duration", "bpp", "bps", "pps"] as const;

/** The name of a measure: duration is in milliseconds, bpp octets a packet. */
export type MeasureName = (typeof MEASURES)[number];

/** How classes follow each other. */
export type ScaleName = "log2" | "log10" | "linear";

/** Classes of a linear scale at most; values above fall into the last. */
const LINEAR_CLASSES_MAX = 10_000;

/** Classes of values: which class a value is in, and where each class begins. */
export interface ValueScale {
  /** How classes follow each other. */
  readonly name: ScaleName;
  /** Width of the classes of a linear scale; 0 for others. */
  readonly width: number;
  /** The lower bounds of the classes of a logarithmic scale, inclusive; none for a linear one. */
  readonly bounds: Float64Array;
  /** Classes at most. */
  readonly classes: number;
}

/**
 * Makes a scale.
 *
 * `log2` has the classes 0, 1, 2–3, 4–7, …; `log10` has 0, 1, 2–4, 5–9, 10–19, …; `linear` has
 * classes of one width.
 *
 * @param name Which
 * @param width Width of the classes of a linear scale
 * @returns The scale
 * @throws {GroupError} The width is not above 0
 *
 * @example
 * ```ts
 * import { classRange, createScale } from "@flowtools/flowset";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(classRange(createScale("log2"), 3), [4, 8]);
 * assertEquals(classRange(createScale("linear", 100), 3), [300, 400]);
 * ```
 */
export function createScale(name: ScaleName, width = 0): ValueScale {
  if (name === "linear") {
    if (!(width > 0)) {
      throw new GroupError("bad-width", `Cannot make classes: width is ${width}, expected above 0`);
    }
    return { name, width, bounds: new Float64Array(0), classes: LINEAR_CLASSES_MAX };
  }
  const bounds = [0];
  if (name === "log2") { for (let power = 0; power <= 53; power++) bounds.push(2 ** power); }
  else {
    for (let power = 0; power <= 15; power++) {
      for (const step of [1, 2, 5]) bounds.push(step * 10 ** power);
    }
  }
  return { name, width: 0, bounds: new Float64Array(bounds), classes: bounds.length };
}

/** Where a class begins, and where the next one does; the last one has no end. */
export function classRange(scale: ValueScale, index: number): readonly [number, number] {
  const last = index >= scale.classes - 1;
  if (scale.name === "linear") {
    return [index * scale.width, last ? Infinity : (index + 1) * scale.width];
  }
  return [scale.bounds[index], last ? Infinity : scale.bounds[index + 1]];
}

/** The class of each value. */
export function classify(
  scale: ValueScale,
  values: Float64Array,
  rows: number,
  out: Uint32Array,
): void {
  const { bounds, width, classes } = scale;
  if (scale.name === "linear") {
    for (let row = 0; row < rows; row++) {
      out[row] = Math.min(classes - 1, Math.max(0, Math.floor(values[row] / width)));
    }
    return;
  }
  for (let row = 0; row < rows; row++) {
    const value = values[row];
    let low = 0;
    let high = classes;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (bounds[middle] <= value) low = middle;
      else high = middle;
    }
    out[row] = low;
  }
}
