/** Bounds of this package, each with its reason. */
import type { TemplateLimits } from "@flowtools/netflow-pdu";

/** Rows of the batches that `batches()` fills: as many v5 records as a megabyte has. */
export const READ_BATCH_ROWS = 16_384;

/**
 * Rows of the batches behind the flows that iteration gives. Such batches are not used again, so
 * that a flow stays valid as long as somebody keeps it: one flow keeps this many rows in memory.
 */
export const FLOW_BATCH_ROWS = 1_024;

/** Bytes of the blocks that a merge hands out: like those that files are read in. */
export const MERGE_BLOCK_BYTES: number = 1 << 20;

/**
 * Bytes of a report's group table at most: some 16 million pairs of addresses. Hostile or merely
 * scanning traffic makes a new group of every flow.
 */
export const GROUP_TABLE_BYTES_MAX: number = 2 ** 30;

/**
 * Groups that one of several threads keeps: a table of as many stays in the caches of a processor.
 * Once there are more, each thread has a part of the groups.
 */
export const SPILL_GROUPS: number = 1 << 16;

/** Bytes of the blocks in which threads hand groups to each other. */
export const GROUP_BLOCK_BYTES: number = 1 << 17;

/** Bytes that an export collects before it hands them on. */
export const EXPORT_BUFFER_BYTES: number = 1 << 18;

/** Flows that are gathered into packets at a time. */
export const EXPORT_BATCH_ROWS = 4_096;

/** Sources that a scan detector remembers at most, 18 bytes each: the reference has no bound. */
export const SCAN_HOSTS_MAX: number = 2 ** 22;

/** Destinations of all sources that a scan detector remembers at most, 16 bytes each. */
export const SCAN_DESTINATIONS_MAX: number = 2 ** 24;

/** Destinations with several low ports that a scan detector remembers at most, 130 bytes each. */
export const SCAN_PORT_MAPS_MAX: number = 2 ** 20;

/** Records that an import builds at a time. */
export const IMPORT_BLOCK_ROWS = 4_096;

/** Characters of a line of text at most: a file without line ends must not fill the memory. */
export const IMPORT_LINE_BYTES_MAX: number = 1 << 16;

/** Characters of a `where` expression at most: room for long lists of addresses, and no more. */
export const WHERE_LENGTH_MAX: number = 1 << 18;

/** Parentheses and negations within each other at most: each is a level of the parser's stack. */
export const WHERE_DEPTH_MAX = 100;

/** Conditions of a `where` expression at most: each may keep a table of 64 KiB. */
export const WHERE_CONDITIONS_MAX = 512;

/**
 * Bounds of what is remembered of one exporter in files: an IPFIX file has a domain for each exporter
 * and domain that its flows came from, with templates of its own, and is one exporter to who reads it.
 */
export const FILE_TEMPLATE_LIMITS: Partial<TemplateLimits> = {
  domains: 4096,
  templates: 65_536,
  elements: 65_536,
  facts: 1 << 19,
};

/**
 * Names of fields that records have no place for and that are counted each by itself: whoever forges
 * templates could make up new ones for ever.
 */
export const LOST_COLUMNS_MAX = 1_024;

/** Such names in one message: with more of them nobody reads it. */
export const LOST_COLUMNS_SHOWN = 24;

/**
 * Exporters of a file of packets that are remembered at most; whoever forges addresses could make a
 * new one of every packet.
 */
export const PACKET_SESSIONS_MAX = 16_384;
