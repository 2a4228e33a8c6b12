/** Bounds of this package, each with its reason. */

/** Rows of a batch unless told otherwise: columns of a few hundred kilobytes stay in the cache. */
export const BATCH_ROWS_DEFAULT = 8192;

/** Rows of a batch at most: a batch is a step of work, not a store. */
export const BATCH_ROWS_MAX = 1 << 20;

/** Further columns of a batch at most: hostile templates could name a new element each. */
export const EXTRA_COLUMNS_MAX = 1024;

/**
 * Octets of records that a batch keeps beside its columns: the default rows with two kilobytes each,
 * which is far more than any exporter sends for a flow.
 */
export const ROW_OCTETS_MAX = 1 << 24;

/** Octets of a datagram at most. A batch that keeps octets is full when it has no room for so many. */
export const DATAGRAM_OCTETS_MAX = 65_535;

/** Shapes of records in a batch at most: rows have 16 bits to say which is theirs. */
export const SCHEMAS_MAX = 1 << 16;

/** Fields that encoders count lost values of by name; exporters may describe and forge any. */
export const LOST_NAMES_MAX = 256;
