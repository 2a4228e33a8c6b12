import type { Facts } from "../log.ts";
import type { Settlement } from "./ledger.ts";

/** What every output thread tells, whatever it writes. */
export type OutputAnswer =
  /** It is there, and its output is open. */
  | { readonly kind: "open" }
  /** A piece is written, or lost; its memory comes back. */
  | ({ readonly kind: "done"; readonly id: number; readonly buffer: ArrayBuffer } & Settlement)
  /**
   * Nothing more can be written. Without a message whoever read it has gone, which is no fault.
   */
  | { readonly kind: "ended"; readonly message?: string }
  /** Something worth telling: with a reason it is trouble. */
  | {
    readonly kind: "told";
    readonly message: string;
    readonly reason?: string;
    readonly facts?: Facts;
  }
  /** Everything is written and closed. */
  | { readonly kind: "finished" };

/** One piece of work for an output thread. */
export interface OutputPiece {
  readonly id: number;
  readonly flows: number;
  readonly buffer: ArrayBuffer;
}
