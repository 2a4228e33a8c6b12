/** What names of IPFIX files end in, compressed ones too: readers see by themselves. */
export const IPFIX_SUFFIX = ".ipfix";

/** Octets of messages that are compressed together: enough to compress well, and little to lose. */
export const MEMBER_OCTETS: number = 1 << 20;

/** How long to wait before the disk is tried again. */
export const IPFIX_RETRY_MS = 1000;

/** Octets that are read at once to find the last whole message of a file. */
export const WALK_OCTETS: number = 1 << 20;
