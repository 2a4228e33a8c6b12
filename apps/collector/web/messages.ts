import type { LabelChanges } from "../label_feed.ts";
import type { Facts } from "../log.ts";
import type { CollectorSnapshot } from "../snapshot.ts";
import type { ServerSettings } from "./settings.ts";

/** Sums of everything that came. */
export interface LiveTotals {
  readonly octets: number;
  readonly packets: number;
  readonly flows: number;
  /** Octets and packets of each flow, multiplied by its rate of sampling. */
  readonly scaledOctets: number;
  readonly scaledPackets: number;
  /** Records: some stand for several flows. */
  readonly records: number;
}

/** What the main thread tells the web worker. */
export type WebCommand =
  | { readonly kind: "start"; readonly settings: ServerSettings }
  | {
    readonly kind: "rows";
    readonly buffer: ArrayBuffer;
    /** Rows in use. */
    readonly length: number;
    readonly mixed: boolean;
    /** Sums that are to be added, of flows that are in no rows too. */
    readonly totals: LiveTotals;
    /** When they came, Unix ms. */
    readonly at: number;
  }
  | { readonly kind: "totals"; readonly totals: LiveTotals; readonly at: number }
  | {
    readonly kind: "snapshot";
    readonly snapshot: CollectorSnapshot;
    /** What exporters told of themselves since the snapshot before. */
    readonly labels: LabelChanges;
  }
  | { readonly kind: "close" };

/** What the web worker tells the main thread. */
export type WebAnswer =
  | { readonly kind: "started"; readonly url: string }
  | { readonly kind: "failed"; readonly message: string }
  /** Rows are taken in; their memory comes back. */
  | {
    readonly kind: "rows";
    readonly buffer: ArrayBuffer;
    readonly length: number;
    /** How long they took. */
    readonly ms: number;
  }
  /** The snapshot is taken in. */
  | { readonly kind: "snapshot" }
  | { readonly kind: "warn"; readonly reason: string; readonly message: string; facts?: Facts }
  | { readonly kind: "closed" };
