import { FlowSetError } from "@flowtools/flowset/select";
import { FtFormatError } from "@flowtools/ft-format";

/** What files of other programs begin with, in hexadecimal, what they are, and what reads them. */
const FOREIGN: readonly (readonly [start: string, kind: string, reader: string])[] = [
  ["0c a5", "a file of nfcapd", "nfdump -o csv reads it"],
  ["42 5a", "a bzip2 file", "pipe it from bunzip2 -c"],
  ["fd 37", "an xz file", "pipe it from unxz -c"],
  ["28 b5", "a zstd file", "pipe it from unzstd -c"],
];

/** Two letters, digits or signs of ASCII, or what separates these, in hexadecimal. */
const TEXT = /^(?:[2-6][0-9a-f]|7[0-9a-e]|0[9ad]) (?:[2-6][0-9a-f]|7[0-9a-e]|0[9ad])$/;

/** The versions of NetFlow that packets begin with, in hexadecimal. */
const PACKET = /^00 0[156789]$/;

/**
 * What a file that is no flow-tools file may be, and how flows of it are read.
 *
 * @param error What is wrong with the file
 * @returns Such as `it looks like text: flowtools import reads CSV`; nothing where the
 * file is one of flow-tools, or of nobody known
 */
export function foreignFileHint(error: Error): string | undefined {
  if (error instanceof FlowSetError && error.code === "no-messages") {
    return "if it is another file that gzip packed, pipe it from gunzip -c";
  }
  if (!(error instanceof FtFormatError) || error.code !== "bad-magic") return undefined;
  const start = String(error.got);
  const found = FOREIGN.find(([known]) => known === start);
  if (found !== undefined) return `it looks like ${found[1]}: ${found[2]}`;
  if (PACKET.test(start)) {
    return `it looks like packets of NetFlow v${
      Number(start.slice(-1))
    }: flowtools decode reads them`;
  }
  return TEXT.test(start) ? "it looks like text: flowtools import reads CSV" : undefined;
}
