import type { FlowBatch } from "@flowtools/flow-model";
import type { StatText } from "./stat_text.ts";

/** Characters of a number. */
const NUMBER_WIDTH = 10;

/** What the two plots differ in. */
interface PlotKind {
  readonly field: "dOctets" | "dPkts";
  readonly head: readonly [start: string, end: string];
  /** Spaces between the numbers of a line. */
  readonly gap: number;
}

/** The plots by flow-stat's number. */
export const STAT_PLOTS: ReadonlyMap<number, PlotKind> = new Map([
  [13, { field: "dOctets", head: ["start      octets", "end        octets"], gap: 3 }],
  [14, { field: "dPkts", head: ["start     packets", "end       packets"], gap: 4 }],
]);

/** Lines to plot: each flow from its start to its end, at the height of its octets or packets. */
export class StatPlot {
  readonly #text: StatText;
  readonly #kind: PlotKind;
  readonly #comment: string;
  #xMin = 0xffffffff;
  #xMax = 0;
  #yMin = 0xffffffff;
  #yMax = 0;

  constructor(text: StatText, kind: PlotKind, comment: string) {
    this.#text = text;
    this.#kind = kind;
    this.#comment = comment;
    const c = comment;
    text.text(`${c}\n${c} ${kind.head[0]}\n${c} ${kind.head[1]}\n${c}\n`);
  }

  /** Adds flows. */
  add(batch: FlowBatch): void {
    const first = batch.column("first");
    const last = batch.column("last");
    const octets = batch.column("dOctets");
    const heights = batch.column(this.#kind.field);
    for (let row = 0; row < batch.length; row++) {
      if (last[row] > this.#xMax) this.#xMax = last[row];
      if (first[row] < this.#xMin) this.#xMin = first[row];
      // Octets are compared for packets too: the reference's bounds of that plot are not extremes.
      if (octets[row] > this.#yMax) this.#yMax = heights[row];
      if (octets[row] < this.#yMin) this.#yMin = heights[row];
      this.#point(first[row], heights[row]);
      this.#point(last[row], heights[row]);
      this.#text.endLine();
    }
  }

  /** Adds the bounds. */
  end(): void {
    const number = (value: number) => String(value).padEnd(NUMBER_WIDTH);
    this.#text.text(
      `${this.#comment} xmin=${number(this.#xMin)}   ymin=${number(this.#yMin)}   ` +
        `xmax=${number(this.#xMax)}   ymax=${number(this.#yMax)}\n`,
    );
  }

  #point(x: number, y: number): void {
    this.#text.integer(x, NUMBER_WIDTH);
    this.#text.spaces(this.#kind.gap);
    this.#text.integer(y, NUMBER_WIDTH);
    this.#text.endLine();
  }
}
