import { type Flag, type ParsedArguments, UsageError } from "@flowtools/common/flags";
import { parseSize } from "@flowtools/common/parse_size";
import type { Nesting } from "@flowtools/ft-format";
import {
  PIPELINE_OPTIONS,
  type PipelineSettings,
  pipelineSettings,
} from "../../pipeline/options.ts";
import type { FsyncPolicy } from "./capture_file.ts";
import { CLIENTS_MAX, DRAIN_MS_DEFAULT, QUEUE_BYTES_DEFAULT, QUEUE_BYTES_MIN } from "./limits.ts";

/** What flow-capture takes for granted; the nesting is that of its code, not its manual. */
const DEFAULTS = { rotations: 95, nesting: 3, compressionLevel: 6 } as const;

const NESTINGS: readonly Nesting[] = [-3, -2, -1, 0, 1, 2, 3];
const FSYNC_POLICIES: readonly FsyncPolicy[] = ["never", "rotate", "flush"];

/** Options of the capture files, with flow-capture's letters. */
export const FILE_OPTIONS: readonly Flag[] = [
  { name: "directory", letter: "w", value: "DIR", doc: "Directory for the files" },
  {
    name: "rotations",
    letter: "n",
    value: "N",
    range: [0, 1439],
    doc: `Files a day beyond the first (default: ${DEFAULTS.rotations}, a file each 15 minutes)`,
  },
  {
    name: "nesting",
    letter: "N",
    value: "N",
    choices: NESTINGS.map(String),
    doc: `Nesting of directories, -3 to 3 (default: ${DEFAULTS.nesting}, YYYY/YYYY-MM/YYYY-MM-DD)`,
  },
  {
    name: "expire-count",
    letter: "e",
    value: "N",
    range: [0, 2 ** 32 - 1],
    doc: "Complete files to keep at most, 0 for any number (default: 0)",
  },
  {
    name: "expire-size",
    letter: "E",
    value: "SIZE",
    doc: "Bytes to keep at most: a number and b (512 bytes), K, M or G; 0 for any (default: 0)",
  },
  {
    name: "compress",
    letter: "z",
    value: "LEVEL",
    range: [0, 9],
    doc:
      `Level of zlib, 0 for none (default: ${DEFAULTS.compressionLevel}); flows that come faster` +
      " than that are compressed less rather than lost",
  },
  {
    name: "byte-order",
    letter: "b",
    value: "ORDER",
    choices: ["little", "big"],
    doc: "Byte order of the files (default: little)",
  },
  { name: "comment", letter: "C", value: "TEXT", doc: "Comment for the file headers" },
  ...PIPELINE_OPTIONS,
  {
    name: "clients",
    letter: "c",
    value: "N",
    range: [0, CLIENTS_MAX],
    doc: "TCP clients at most that get a live stream from the port of the first listener" +
      " (default: 0)",
  },
  {
    name: "run",
    letter: "R",
    value: "PROGRAM",
    doc:
      "Run a program for each complete file; it runs in the directory of -w, its argument is the " +
      "path from there",
  },
  { name: "keep-umask", letter: "u", doc: "Keep the umask (default: files readable by all)" },
  {
    name: "debug",
    letter: "d",
    value: "LEVEL",
    range: [0, 99],
    doc: "Above 0, tell which files would expire, and remove none (default: 0)",
  },
  {
    name: "fsync",
    value: "WHEN",
    choices: FSYNC_POLICIES,
    doc: "Have data on the disk itself: never, rotate (complete files), flush (each second)" +
      " (default: never)",
  },
  {
    name: "queue-size",
    value: "SIZE",
    doc:
      "Memory for flows that wait for the disk: a number and b, K, M or G (default: 256M, at least 8M)",
  },
];

/** How flows become files. */
export interface FileSettings {
  /** Directory for the files. */
  readonly directory: string;
  /** Files a day beyond the first: `86400 / (rotations + 1)` seconds each. */
  readonly rotations: number;
  /** How directories nest. */
  readonly nesting: Nesting;
  /** zlib level, 0 for none. */
  readonly compressionLevel: number;
  /** Byte order of the files. */
  readonly byteOrder: "little" | "big";
  /** Comment in the headers. */
  readonly comments?: string;
  /** Complete files to keep at most, 0 for any number. */
  readonly expireCount: number;
  /** Bytes to keep at most, 0 for any. */
  readonly expireBytes: number;
  /** Tell which files would expire, and remove none. */
  readonly expireDry: boolean;
  /** Leave permissions to the process's umask. */
  readonly keepUmask: boolean;
  /** TCP clients at most that get a live stream. */
  readonly clients: number;
  /** When data must be on the disk itself. */
  readonly fsync: FsyncPolicy;
  /** Program to run for each complete file. */
  readonly program?: string;
  /** Bytes of records that may wait for the disk. */
  readonly queueBytes: number;
  /** How long `close()` waits for the disk, ms. */
  readonly drainMs: number;
  /** What happens to flows before they are stored. */
  readonly pipeline: PipelineSettings;
}

/**
 * The settings that the arguments ask for.
 *
 * @throws {UsageError} The directory is missing, or a value is not allowed
 */
export function fileSettings(args: ParsedArguments): FileSettings {
  const directory = args.value("directory");
  if (directory === undefined || directory === "") {
    throw new UsageError("--directory is missing, expected -w DIR");
  }
  const queueBytes = sizeOf(args, "queue-size") ?? QUEUE_BYTES_DEFAULT;
  if (queueBytes < QUEUE_BYTES_MIN) {
    throw new UsageError(
      `--queue-size is "${args.value("queue-size")}", expected ${QUEUE_BYTES_MIN} bytes or more`,
    );
  }
  const nesting = args.value("nesting");
  return {
    directory: directory.replace(/(?<=.)\/+$/, ""),
    rotations: args.number("rotations") ?? DEFAULTS.rotations,
    nesting: NESTINGS.find((known) => String(known) === nesting) ?? DEFAULTS.nesting,
    compressionLevel: args.number("compress") ?? DEFAULTS.compressionLevel,
    byteOrder: args.value("byte-order") === "big" ? "big" : "little",
    comments: args.value("comment"),
    expireCount: args.number("expire-count") ?? 0,
    expireBytes: sizeOf(args, "expire-size") ?? 0,
    expireDry: (args.number("debug") ?? 0) > 0,
    clients: args.number("clients") ?? 0,
    keepUmask: args.on("keep-umask"),
    fsync: FSYNC_POLICIES.find((known) => known === args.value("fsync")) ?? "never",
    program: args.value("run"),
    queueBytes,
    drainMs: DRAIN_MS_DEFAULT,
    pipeline: pipelineSettings(args),
  };
}

function sizeOf(args: ParsedArguments, name: string): number | undefined {
  const text = args.value(name);
  return text === undefined ? undefined : parseSize(name, text);
}
