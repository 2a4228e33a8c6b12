/** Bounds of IPFIX files, each with its reason. */

/** Octets that are looked at together: some messages of the greatest length. */
export const FILE_BUFFER_OCTETS: number = 256 * 1024;

/**
 * Inflated octets of a file at most, as for flow-tools files. Memory is bounded by the buffer anyway;
 * this bounds the time that a bomb can take.
 */
export const FILE_INFLATED_OCTETS_MAX: number = 2 ** 40;

/** Faults that are remembered one by one; all are counted. */
export const FILE_FAULTS_MAX = 100;

/** Octets of a message that is written unless told otherwise: what a crash costs at most. */
export const FILE_MESSAGE_OCTETS: number = 16 * 1024;

/** Messages after which templates are written again: what a damaged message can cost. */
export const FILE_RESEND_MESSAGES = 256;

/** Octets of the header of a gzip member at most: the name and comment of a file are short. */
export const GZIP_HEADER_OCTETS_MAX: number = 1 << 16;
