import type { ExporterAddress } from "../exporter.ts";
import type { DomainFacts } from "./domain_facts.ts";

/** What all records of a packet share. */
export interface PacketFacts {
  /** Who sent it. */
  readonly exporter: ExporterAddress;
  /** When it was sent, Unix seconds. */
  readonly unixSecs: number;
  /** Uptime when it was sent, milliseconds; see {@linkcode UPTIME_UNKNOWN}. */
  readonly sysUpTime: number;
  /** What its observation domain told before. */
  readonly domain: DomainFacts;
}

/**
 * Uptime of packets that tell none, milliseconds: half of what 32 bits hold, so that moments up to
 * 24 days before and behind the packet have uptimes, too.
 */
export const UPTIME_UNKNOWN = 2 ** 31;

/** When a packet was sent, which the steps of its set look at. */
export interface Moment {
  /** Unix milliseconds. */
  sentMs: number;
  /** Uptime, milliseconds. */
  sysUpTime: number;
}
