/** Bounds of the relay sinks, each with its reason. */

/** Bytes of packets that go to the sending thread at a time: some forty full packets. */
export const CHUNK_BYTES = 1 << 16;

/** Packets of a chunk at most: packets of one v1 flow have 68 bytes. */
export const CHUNK_PACKETS_MAX = 1024;

/**
 * Bytes that wait for one target unless told otherwise: 680,000 flows, seconds of a busy router, and
 * more than those at which the reading of a file makes a pause.
 */
export const TARGET_QUEUE_BYTES = 32 * 2 ** 20;

/**
 * Chunks that are handed on before they are full. While more are under way nothing is gained by
 * haste, and the next ones are filled up.
 */
export const EAGER_CHUNKS = 2;

/** Exporters whose sequences are kept; the one unheard of for longest makes place. */
export const SOURCES_MAX = 10_000;

/**
 * Streams (an engine of an exporter) that one target counts; the one unheard of for longest makes
 * place. Senders and engines can be forged.
 */
export const STREAMS_MAX = 10_000;

/** Packets of one target that are being filled at once; beyond that they go before they are full. */
export const OPEN_PACKETS_MAX = 1024;

/**
 * Sockets of one target. Each exporter is sent from a port of its own, so that receivers can tell
 * them apart; with more exporters than this, some share a port.
 */
export const SOCKETS_PER_TARGET_MAX = 64;

/** Milliseconds until a full socket buffer is tried again: the least that timers know. */
export const BUSY_WAIT_MS = 1;

/** Milliseconds that one target may send in a row before timers, messages and others have a turn. */
export const SEND_TURN_MS = 5;

/** Milliseconds after which a target with a delay tells what it has sent of a chunk. */
export const PROGRESS_MS = 200;

/**
 * Milliseconds after which the last packet counts as sent. That nobody listens is told when the
 * next one is sent; until then it is not known, and the answer of a host comes sooner than this.
 */
export const CONFIRM_MS = 50;

/** Milliseconds that the sending thread may take to close its sockets: one turn of all targets. */
export const STOP_MS = 1000;

/** Times that a packet is sent again where the error was about the one before it. */
export const REFUSED_RETRIES_MAX = 3;

/** Bytes of socket send buffer that are asked for: bursts of a few hundred packets. */
export const SEND_BUFFER_BYTES = 4 * 2 ** 20;

/** Bytes that wait to be written to standard output or a file, unless told otherwise. */
export const OUTPUT_QUEUE_BYTES = 64 * 2 ** 20;
