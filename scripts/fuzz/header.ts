/** Fuzz target: headers of flow files, read and written again. */
import {
  decodeFtHeader,
  describeTlvs,
  encodeFtHeader,
  FtFormatError,
  type FtHeader,
} from "@flowtools/ft-format";
import { headers } from "./flow_files.ts";
import { ensure, type FuzzSubject, type FuzzTarget, sameBytes, tally } from "./target.ts";

/** Headers of flow files. */
export const HEADER_TARGET: FuzzTarget = {
  name: "header",
  doc: "headers of flow files: what is read and written again stays the same from then on",
  runs: 200_000,
  prepare: () => new HeaderSubject(),
};

class HeaderSubject implements FuzzSubject {
  readonly corpus = headers();
  readonly outcomes = new Map<string, number>();

  check(input: Uint8Array): void {
    let header: FtHeader;
    try {
      header = decodeFtHeader(input);
    } catch (error) {
      if (!(error instanceof FtFormatError)) throw error;
      tally(this.outcomes, error.code);
      ensure(error.offset >= 0 && error.offset <= input.length, "the offset is outside");
      ensure(!/undefined|NaN/.test(error.message), "the message lacks a value");
      return;
    }
    ensure(header.size <= input.length, "the header is longer than the input");
    describeTlvs(header.tlvs, header.byteOrder);
    const written = writeAgain(header);
    tally(this.outcomes, written === undefined ? "too long to write" : "faultless");
    if (written === undefined) return;
    const second = decodeFtHeader(written);
    ensure(meaning(header) === meaning(second), "a header means something else once written");
    ensure(sameBytes(written, encodeFtHeader(second)), "a header changes each time it is written");
    ensure(
      sameBytes(written, encodeFtHeader(second, second.size)),
      "a header cannot be rewritten in place",
    );
  }
}

/** The header written, unless a text grew beyond what a field can hold by the NUL it lacked. */
function writeAgain(header: FtHeader): Uint8Array | undefined {
  try {
    return encodeFtHeader(header);
  } catch (error) {
    if (!(error instanceof RangeError) || !error.message.includes("at most 65535")) throw error;
    return undefined;
  }
}

/** What a header tells, apart from how it is stored. */
function meaning(header: FtHeader): string {
  const { tlvs: _tlvs, size: _size, streamVersion: _version, ifNames, ifAliases, ...rest } = header;
  // Reading repairs the damaged layout of the reference, so that it is gone after writing.
  const names = ifNames.map(({ damaged: _, ...name }) => name);
  const aliases = ifAliases.map(({ damaged: _, ...alias }) => alias);
  const entries = Object.entries({ ...rest, ifNames: names, ifAliases: aliases });
  return JSON.stringify(
    entries.filter(([, value]) => value !== undefined).toSorted(([a], [b]) => a < b ? -1 : 1),
  );
}
