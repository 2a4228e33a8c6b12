/** Bounds of this package, each with its reason. */

/** Rows of a batch unless told otherwise: columns of a few hundred kilobytes stay in the cache. */
export const BATCH_ROWS_DEFAULT = 8192;

/** Rows of a batch at most: a batch is a step of work, not a store. */
export const BATCH_ROWS_MAX = 1 << 20;

/** Further columns of a batch at most: hostile templates could name a new element each. */
export const EXTRA_COLUMNS_MAX = 1024;
