/** What can be wrong with an IPFIX file, and what it means. */
export const IPFIX_FILE_FAULTS = {
  "bad-message": "Octets that are no message were passed over, up to the next message",
  "cut-message": "The file ends within a message",
  "bad-compression": "The compressed data is damaged, or nothing was given that inflates",
  "cut-compression": "The compressed data ends too early",
  "inflated-too-large": "The compressed data inflates to more than the limit",
} as const;

/** Why octets of an IPFIX file are no messages; {@linkcode IPFIX_FILE_FAULTS} explains each. */
export type IpfixFileFaultReason = keyof typeof IPFIX_FILE_FAULTS;

/** A fault of an IPFIX file. */
export interface IpfixFileFault {
  /** What is wrong. */
  readonly reason: IpfixFileFaultReason;
  /** Octets from the start of the file (inflated, for messages) to the fault. */
  readonly offset: number;
  /** Octets that were passed over, as far as is known. */
  readonly octets: number;
  /** The same for people. */
  readonly detail: string;
}
