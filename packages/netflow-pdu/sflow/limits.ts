/** Bounds of the sFlow decoder, each with its reason. */

/** Bytes that a sample or a record takes at least: its format and its length. */
export const SFLOW_TAG_BYTES = 8;

/**
 * Samples of a datagram at most: so many empty ones fill the largest UDP payload. Counts above what
 * the bytes hold need no limit of their own, since nothing is made by count.
 */
export const SFLOW_SAMPLES_MAX = 8188;

/**
 * Tunnels within tunnels that are looked into. Two occur (VXLAN over IPsec or GRE); each costs
 * another walk over the header.
 */
export const SFLOW_TUNNELS_MAX = 4;

/**
 * Records within records that are taken apart; deeper ones stay hexadecimal. 802.11 aggregation has
 * one level, and a datagram of nothing but levels would exhaust the stack.
 */
export const SFLOW_NESTING_MAX = 4;

/** ASs of a path or communities that a column keeps of one flow; real paths have a dozen. */
export const SFLOW_PATH_MAX = 256;
