import type { RecordLayout } from "@flowtools/flow-model";
import {
  encodeFtHeader,
  FT_FLAGS,
  type FtHeaderFields,
  type RecordBlock,
  recordBytes,
} from "@flowtools/ft-format";
import { RecordShaper } from "@flowtools/flowset/select";
import { NewFile } from "./new_file.ts";
import { outputError } from "./output.ts";
import { tellConverted } from "./record_inputs.ts";
import { byteOrderOf, COMPRESS_FLAG, OUTPUT_FLAG } from "./shared_flags.ts";
import type { ParsedArguments } from "@flowtools/common/flags";
import { ParallelDeflate } from "@flowtools/common/parallel_deflate";
import { WriteBehind } from "./write_behind.ts";

/** What of a header the programs decide; flags that follow from the output are added. */
export type StreamHeader = Partial<Omit<FtHeaderFields, "byteOrder" | "exportVersion">>;

/** How to write a stream. */
export interface StreamOptions {
  /** A file; standard output where it is `-` or not given. */
  readonly path: string | undefined;
  readonly byteOrder: "little" | "big";
  /** 0 for plain records, 1 to 9 for zlib. */
  readonly level: number;
}

const U32_MAX = 0xffffffff;

/** What a header tells of the start of a capture where no file was read. */
export const NO_CAPTURE_START = 0xffffffff;

/**
 * A flow-tools stream with exactly the header that a classic program gives it. The output is opened
 * at once, the header is written when the version is known. In a file the header is rewritten at
 * the end; other outputs keep the mark of a stream.
 */
export class StreamOutput {
  readonly #options: StreamOptions;
  readonly #newFile: NewFile | undefined;
  readonly #file: Deno.FsFile | undefined;
  /** The output can be rewritten. */
  readonly rewritable: boolean;
  readonly #deflate: ParallelDeflate | undefined;
  /** Files are written while the next records are read; other outputs show them at once. */
  readonly #behind: WriteBehind | undefined;
  #shaper: RecordShaper | undefined;
  #header: FtHeaderFields | undefined;
  #headerSize = 0;
  #flowCount = 0;
  #closed = false;

  private constructor(options: StreamOptions, newFile: NewFile | undefined) {
    this.#options = options;
    this.#newFile = newFile;
    this.#file = newFile?.open();
    this.rewritable = newFile?.regular ?? false;
    if (options.level > 0) {
      this.#deflate = new ParallelDeflate(options.level, (bytes) => this.#write(bytes));
    } else if (this.rewritable) {
      this.#behind = new WriteBehind({ write: (bytes) => this.#writeFile(bytes) });
    }
  }

  /** Opens the output that the flags for output, byte order and compression ask for. */
  static fromFlags(args: ParsedArguments): StreamOutput {
    return StreamOutput.open({
      path: args.value(OUTPUT_FLAG.name),
      byteOrder: byteOrderOf(args),
      level: args.number(COMPRESS_FLAG.name) ?? 0,
    });
  }

  /** Opens the output. */
  static open(options: StreamOptions): StreamOutput {
    const { path } = options;
    const newFile = path === undefined || path === "-" ? undefined : NewFile.begin(path);
    return new StreamOutput(options, newFile);
  }

  /** Whether the header is written. */
  get begun(): boolean {
    return this.#header !== undefined;
  }

  /** Flows written. */
  get flowCount(): number {
    return this.#flowCount;
  }

  /** Writes the header; the records will be of this layout. */
  begin({ schema }: RecordLayout, header: StreamHeader): void {
    const { version, aggregation } = schema;
    const { byteOrder, level } = this.#options;
    this.#shaper = new RecordShaper({ version, aggregation, byteOrder });
    this.#header = {
      ifNames: [],
      ifAliases: [],
      unknown: [],
      ...header,
      byteOrder,
      exportVersion: version,
      aggregation,
      aggregationVersion: version === 8 ? 2 : undefined,
      flags: (header.flags ?? 0) | FT_FLAGS.STREAMING | (level > 0 ? FT_FLAGS.COMPRESS : 0),
    };
    const bytes = encodeFtHeader(this.#header);
    this.#headerSize = bytes.length;
    this.#write(bytes);
  }

  /** Writes records, which are converted where that is needed. */
  async write(block: RecordBlock): Promise<void> {
    const bytes = recordBytes(this.#shaper!.shape(block));
    this.#flowCount += block.count;
    if (this.#deflate !== undefined) await this.#deflate.add(bytes);
    else if (this.#behind === undefined) this.#write(bytes);
    else await this.#behind.add(bytes);
  }

  /** Ends the stream, with these fields in the header where it can be rewritten. */
  async close(final: StreamHeader = {}): Promise<void> {
    try {
      if (this.#header !== undefined) await this.#finish(this.#header, final);
      this.#newFile?.commit();
      if (this.#shaper !== undefined) tellConverted(this.#shaper);
    } finally {
      this.abort();
    }
  }

  /** Closes the output; a file that was not completed is removed. */
  abort(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deflate?.close();
    this.#file?.close();
    this.#newFile?.discard();
  }

  async #finish(begun: FtHeaderFields, final: StreamHeader): Promise<void> {
    await this.#deflate?.finish();
    await this.#behind?.finish();
    if (!this.rewritable) return;
    const header = {
      ...begun,
      ...final,
      flags: (begun.flags & ~FT_FLAGS.STREAMING) | FT_FLAGS.DONE,
      flowCount: Math.min(this.#flowCount, U32_MAX),
    };
    this.#file!.seekSync(0, Deno.SeekMode.Start);
    this.#write(encodeFtHeader(header, this.#headerSize));
  }

  async #writeFile(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) at += await this.#file!.write(bytes.subarray(at));
    } catch (error) {
      throw outputError(this.#options.path ?? "-", error);
    }
  }

  #write(bytes: Uint8Array): void {
    try {
      const target = this.#file ?? Deno.stdout;
      for (let at = 0; at < bytes.length;) at += target.writeSync(bytes.subarray(at));
    } catch (error) {
      throw outputError(this.#options.path ?? "-", error);
    }
  }
}
