import { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { IPFIX_SUFFIX } from "./limits.ts";
import { type FileSettings, fileSettings } from "../files/options.ts";

/** Stores flows in IPFIX files beside what else is done with them. */
export const IPFIX_SINK_FLAG: Flag = {
  name: "ipfix",
  value: "DIRECTORY",
  doc: "Store flows in IPFIX files (RFC 5655), too, which hold all of them: IPv6, large numbers, " +
    "fields that no record has; -n, -N, -z, -e, -E, --fsync and --queue-size hold for these as well",
};

/** How flows become IPFIX files. */
export type IpfixSettings =
  & Pick<
    FileSettings,
    | "directory"
    | "rotations"
    | "nesting"
    | "compressionLevel"
    | "expireCount"
    | "expireBytes"
    | "expireDry"
    | "keepUmask"
    | "fsync"
    | "queueBytes"
  >
  & {
    /** What names of files end in. */
    readonly suffix: string;
    /** Seconds that closing may take. */
    readonly drainSeconds: number;
  };

/**
 * The settings that the arguments ask for.
 *
 * @param args The call, with {@linkcode IPFIX_SINK_FLAG}
 * @param drainSeconds Seconds that closing may take
 * @throws {UsageError} The directory is missing, or a value is not allowed
 */
export function ipfixSettings(args: ParsedArguments, drainSeconds: number): IpfixSettings {
  const directory = args.value(IPFIX_SINK_FLAG.name);
  if (directory === undefined || directory === "") {
    throw new UsageError("--ipfix is empty, expected a directory");
  }
  const { rotations, nesting, compressionLevel, keepUmask, fsync, queueBytes, ...rest } =
    fileSettings(args);
  const { expireCount, expireBytes, expireDry } = rest;
  return {
    directory: directory.replace(/(?<=.)\/+$/, ""),
    rotations,
    nesting,
    compressionLevel,
    expireCount,
    expireBytes,
    expireDry,
    keepUmask,
    fsync,
    queueBytes,
    suffix: IPFIX_SUFFIX,
    drainSeconds,
  };
}
