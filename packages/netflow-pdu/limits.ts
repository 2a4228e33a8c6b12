/** Bounds of this package, each with its reason. */

/**
 * Units (flows or packets) that a sequence may jump ahead and still count as lost. A jump further
 * than that is an exporter that started anew: a million flows are seconds of the busiest routers.
 */
export const SEQUENCE_GAP_MAX = 1 << 20;

/**
 * Units that a packet may be late and still be looked up among the missing ones. A network
 * reorders within milliseconds; this is a hundred full v5 packets.
 */
export const SEQUENCE_WINDOW = 3000;

/**
 * Late packets in a row, each continuing the one before, that mean a restarted exporter rather
 * than duplicates. A network that doubles packets sends each copy right behind its original.
 */
export const SEQUENCE_RESTART_RUN = 16;

/** Sequences tracked at once; the one unheard of for longest makes place. Hosts can be forged. */
export const SEQUENCE_STREAMS_MAX = 4096;

/** Missing ranges remembered per sequence; the oldest is given up (its units stay lost). */
export const SEQUENCE_RANGES_MAX = 64;

/** Octets that a dump shows of one field in hexadecimal; trailing bytes may be thousands. */
export const DUMP_HEX_OCTETS_MAX = 16;
