/**
 * Bytes of records that go to the worker at once: large enough that posting costs nothing beside
 * encoding, small enough that a file of few flows takes little memory.
 */
export const CHUNK_BYTES: number = 1 << 19;

/** Bytes of records that may wait for the disk: some seconds of the heaviest traffic. */
export const QUEUE_BYTES_DEFAULT: number = 256 * 2 ** 20;

/**
 * Bytes of records after which compressed data is flushed, second or no second: what a crash can
 * leave behind the last flush stays small enough to be kept in memory when the file is recovered.
 */
export const FLUSH_BYTES: number = 8 * 2 ** 20;

/** Records behind the last flush that recovery keeps in memory: those, and some of others' files. */
export const RECOVERED_TAIL_BYTES: number = 64 * 2 ** 20;

/** The smallest queue: a few chunks for each of some versions. */
export const QUEUE_BYTES_MIN: number = 16 * CHUNK_BYTES;

/** How long to wait before the disk is tried again: doubled each time, up to the highest. */
export const RETRY_MS: { readonly first: number; readonly highest: number } = {
  first: 500,
  highest: 5000,
};

/** How long `close()` waits for the disk, unless told otherwise. */
export const DRAIN_MS_DEFAULT = 10_000;

/** Programs of `-R` that run at once; more wait. */
export const PROGRAMS_RUNNING_MAX = 4;

/** Files whose program waits: beyond that it is not run for them, and that is told. */
export const PROGRAMS_WAITING_MAX = 1000;

/** How long `close()` waits for programs; they go on without the collector after that. */
export const PROGRAMS_CLOSE_MS = 5000;

/** Clients of the live stream that can be allowed: each may have a full buffer. */
export const CLIENTS_MAX = 100;

/**
 * Bytes that wait for one client; a client that lets more come up is let go. It is a third of a
 * second of the heaviest traffic. Clients that lag alike share the memory of what waits.
 */
export const CLIENT_BUFFER_BYTES: number = 32 * 2 ** 20;

/**
 * Quiet seconds before compression that was made faster goes back: first, and at most; it is twice
 * as long after a return that did not last so many seconds, since each costs some of the queue.
 */
export const LEVEL_PAUSE_TICKS: {
  readonly first: number;
  readonly highest: number;
  readonly lasting: number;
} = { first: 5, highest: 320, lasting: 60 };
