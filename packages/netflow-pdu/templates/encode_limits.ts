/** Bounds of the encoders of NetFlow v9 and IPFIX, each with its reason. */

/** Octets of a packet unless told otherwise: what an Ethernet takes with room for tunnels. */
export const ENCODE_OCTETS_DEFAULT = 1400;

/** Octets of a packet at most: what a UDP datagram over IPv4 holds. */
export const ENCODE_OCTETS_MAX = 65_507;

/** Octets of a packet at least: the smallest that every network carries (RFC 791). */
export const ENCODE_OCTETS_MIN = 512;

/** Octets of a message of an IPFIX file at most: its length has 16 bits. */
export const FILE_MESSAGE_OCTETS_MAX = 65_535;

/**
 * Packets after which a template that is in use is sent again: a collector that starts late waits
 * for as many at most.
 */
export const RESEND_PACKETS_DEFAULT = 100;

/** Milliseconds after which a template that is in use is sent again. */
export const RESEND_MS_DEFAULT = 60_000;

/**
 * Templates that an encoder sends under numbers of their own; the one used least recently gives its
 * number to the next. Exporters that relays know have some hundred.
 */
export const ENCODED_TEMPLATES_MAX = 4096;

/** Sampling rates that an encoder has samplers for; the oldest gives its number to the next. */
export const SAMPLERS_MAX = 1024;

/**
 * Widths of the text of one record that is made a NetFlow v9 field: more often means templates that
 * are used once. Longer text is cut, and counted.
 */
export const V9_TEXT_OCTETS_MAX = 1024;

/**
 * Templates that the lists of one record may refer to: all of them go before it. The meters that use
 * lists have some twenty.
 */
export const NESTED_TEMPLATES_MAX = 256;

/**
 * Observation domains that an encoder writes at once, each with its templates and one packet that is
 * being filled: line cards of exporters, or exporters in a file. Beyond that the one used least
 * recently ends, and its flows go on in another.
 */
export const ENCODED_DOMAINS_MAX = 1024;

/**
 * Numbers of domains that are not given to others after their end. Receivers know names by them:
 * flows of another exporter would get those. Forged exporters can use up more.
 */
export const DOMAINS_TAKEN_MAX = 1 << 16;
