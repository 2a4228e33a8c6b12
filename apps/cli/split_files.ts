import type { RecordLayout } from "@flowtools/flow-model";
import {
  encodeFtHeader,
  FT_FLAGS,
  type FtHeaderFields,
  FtStreamEncoder,
} from "@flowtools/ft-format";
import type { RecordBlock } from "@flowtools/ft-format";
import { NATIVE_ZLIB } from "@flowtools/ft-format/deno";
import type { SplitPart, SplitSink } from "@flowtools/flowset/select";
import { NewFile } from "./new_file.ts";
import { outputError } from "./output.ts";

/** Files open at once: each tag has one, and systems allow a process about a thousand. */
const OPEN_FILES_MAX = 256;

/** Bytes held back for each file, so that flows of many tags in turn do not cost a write each. */
const BUFFER_BYTES = 1 << 14;

const U32_MAX = 0xffffffff;

/** How to write the parts. */
export interface SplitFileOptions {
  readonly layout: RecordLayout;
  readonly byteOrder: "little" | "big";
  /** 0 for plain records, 1 to 9 for zlib. */
  readonly level: number;
  readonly comments: string | undefined;
  /** The name of the file of a part. */
  readonly nameOf: (part: SplitPart) => string;
}

/** A part as a file. */
interface PartFile {
  readonly name: string;
  readonly newFile: NewFile;
  readonly encoder: FtStreamEncoder;
  readonly headerSize: number;
  readonly buffer: Uint8Array;
  used: number;
  /** Open, or closed for the time being. */
  file: Deno.FsFile | undefined;
}

/** Writes the parts of a split as flow-tools files; any number may grow at once. */
export class SplitFiles implements SplitSink {
  readonly #options: SplitFileOptions;
  readonly #files = new Map<SplitPart, PartFile>();
  /** Those that are open, longest unused first. */
  readonly #open = new Set<PartFile>();

  constructor(options: SplitFileOptions) {
    this.#options = options;
  }

  open(part: SplitPart): void {
    const { layout, byteOrder, level: compressionLevel, nameOf } = this.#options;
    const { version, aggregation } = layout.schema;
    const header = encodeFtHeader(this.#header());
    const name = nameOf(part);
    const file: PartFile = {
      name,
      newFile: NewFile.begin(name),
      encoder: new FtStreamEncoder({
        version,
        aggregation,
        byteOrder,
        compressionLevel,
        zlib: NATIVE_ZLIB,
      }),
      headerSize: header.length,
      buffer: new Uint8Array(BUFFER_BYTES),
      used: 0,
      file: undefined,
    };
    this.#files.set(part, file);
    this.#write(file, header);
  }

  write(part: SplitPart, block: RecordBlock): void {
    const file = this.#files.get(part)!;
    for (const bytes of file.encoder.encodeBlock(block)) this.#add(file, bytes);
  }

  close(part: SplitPart): void {
    const file = this.#files.get(part)!;
    this.#add(file, file.encoder.finish());
    this.#flush(file);
    const header = encodeFtHeader(this.#header(part), file.headerSize);
    this.#closeFile(file);
    this.#openFile(file, { write: true });
    this.#write(file, header);
    this.#closeFile(file);
    file.newFile.commit();
    this.#files.delete(part);
  }

  /** Closes what is open; parts that are not complete are removed. */
  abort(): void {
    for (const file of this.#files.values()) {
      file.encoder.close();
      this.#closeFile(file);
      file.newFile.discard();
    }
  }

  /** The header of a complete part, or the one that a part begins with. */
  #header(part?: SplitPart): FtHeaderFields {
    const { layout, byteOrder, level, comments } = this.#options;
    const { version, aggregation } = layout.schema;
    const compress = level > 0 ? FT_FLAGS.COMPRESS : 0;
    return {
      byteOrder,
      exportVersion: version,
      aggregation,
      aggregationVersion: version === 8 ? 2 : undefined,
      captureStart: part?.captureStart ?? 0,
      captureEnd: part?.captureEnd ?? 0,
      flags: compress | (part === undefined ? FT_FLAGS.STREAMING : FT_FLAGS.DONE),
      flowCount: Math.min(part?.flows ?? 0, U32_MAX),
      comments,
      ifNames: [],
      ifAliases: [],
      unknown: [],
    };
  }

  #add(file: PartFile, bytes: Uint8Array): void {
    if (file.used + bytes.length > BUFFER_BYTES) this.#flush(file);
    if (bytes.length > BUFFER_BYTES) return this.#write(file, bytes);
    file.buffer.set(bytes, file.used);
    file.used += bytes.length;
  }

  #flush(file: PartFile): void {
    if (file.used > 0) this.#write(file, file.buffer.subarray(0, file.used));
    file.used = 0;
  }

  #write(file: PartFile, bytes: Uint8Array): void {
    try {
      const target = this.#openFile(file, APPEND);
      for (let at = 0; at < bytes.length;) at += target.writeSync(bytes.subarray(at));
    } catch (error) {
      throw outputError(file.name, error);
    }
  }

  /** The file, opened where it is not, at the cost of the one longest unused. */
  #openFile(file: PartFile, how: Deno.OpenOptions): Deno.FsFile {
    if (file.file !== undefined) {
      this.#open.delete(file);
      this.#open.add(file);
      return file.file;
    }
    if (this.#open.size >= OPEN_FILES_MAX) {
      for (const oldest of this.#open) {
        this.#closeFile(oldest);
        break;
      }
    }
    file.file = Deno.openSync(file.newFile.path, how);
    this.#open.add(file);
    return file.file;
  }

  #closeFile(file: PartFile): void {
    file.file?.close();
    file.file = undefined;
    this.#open.delete(file);
  }
}

const APPEND: Deno.OpenOptions = { write: true, append: true };
