import { FLOW_ATTRIBUTE_NAMES } from "@flowtools/flow-model";
import type { Flag, ParsedArguments } from "@flowtools/common/flags";

/** Flags with the same meaning in several commands. */

export const FIELDS_FLAG: Flag = {
  name: "fields",
  value: "NAMES",
  words: FLOW_ATTRIBUTE_NAMES,
  list: true,
  group: "output",
  doc: "Attributes to show, comma separated, in this order; flowtools help fields has all",
};

export const OUTPUT_FLAG: Flag = {
  name: "output",
  letter: "o",
  value: "FILE",
  group: "output",
  doc: "Write to a file instead of standard output",
};

export const BYTE_ORDER_FLAG: Flag = {
  name: "byte-order",
  letter: "b",
  value: "ORDER",
  choices: ["little", "big"],
  anyCase: true,
  group: "output",
  doc: "Byte order of the output (default: little)",
};

/** The byte order that {@linkcode BYTE_ORDER_FLAG} asks for. */
export function byteOrderOf(args: ParsedArguments): "little" | "big" {
  return args.value(BYTE_ORDER_FLAG.name)?.toLowerCase() === "big" ? "big" : "little";
}

export const COMPRESS_FLAG: Flag = {
  name: "compress",
  letter: "z",
  value: "LEVEL",
  range: [0, 9],
  group: "output",
  doc: "Level of zlib compression, 0 for none (default: 0)",
};

export const COMMENT_FLAG: Flag = {
  name: "comment",
  letter: "C",
  value: "TEXT",
  group: "output",
  doc: "Comment for the header of the output",
};

export const TMP_FLAG: Flag = {
  name: "all",
  letter: "a",
  group: "selection",
  doc: "Read the unfinished files (tmp-*) of a directory too",
};

export const GLOBAL_SORT_FLAG: Flag = {
  name: "global-sort",
  letter: "g",
  group: "selection",
  doc: "Order all inputs by the start of their capture, not those of each directory alone",
};

export const NO_MMAP_FLAG: Flag = {
  name: "no-mmap",
  letter: "m",
  group: "classic",
  doc: "Accepted for the sake of old scripts: files are never mapped into memory",
};

export const DEBUG_FLAG: Flag = {
  name: "debug",
  letter: "d",
  value: "LEVEL",
  range: [0, 99],
  group: "classic",
  doc: "Above 0, tell at the end how many flows were processed, and how fast (default: 0)",
};

/** The same of programs that have nothing to tell. */
export const SILENT_DEBUG_FLAG: Flag = {
  ...DEBUG_FLAG,
  doc: "Accepted for the sake of old scripts: does nothing",
};

export const NO_PROGRESS_FLAG: Flag = {
  name: "no-progress",
  group: "output",
  doc: "No bar on the terminal while it takes long; there is none where a pipe is written to",
};

export const SCALED_FLAG: Flag = {
  name: "scaled",
  group: "output",
  doc: "Multiply octets and packets by the rate of sampling, where packets tell it (default: raw)",
};
