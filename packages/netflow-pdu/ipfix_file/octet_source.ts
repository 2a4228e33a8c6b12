import type { Inflater, InflaterProvider } from "@flowtools/flow-model";
import type { IpfixFileFault } from "./faults.ts";
import { compressionOf, GzipInflater } from "./inflate.ts";

const NO_OCTETS = new Uint8Array(0);

/** The octets of a file that comes chunk by chunk, inflated where they are compressed. */
export class OctetSource {
  /** What is wrong with the compressed octets; none come after it. */
  fault: IpfixFileFault | undefined;
  readonly #zlib: InflaterProvider | undefined;
  readonly #inflatedMax: number;
  #kind: "gzip" | "zlib" | "none" | undefined;
  #inflater: Inflater | undefined;
  #chunk: Uint8Array = NO_OCTETS;
  #at = 0;
  /** Octets of the chunks before. */
  #before = 0;
  #inflated = 0;
  /** The output was full after the last step: more may come without input. */
  #more = false;

  /**
   * Makes a source.
   *
   * @param zlib What inflates; without it compressed files are a fault
   * @param inflatedMax Inflated octets at most
   */
  constructor(zlib: InflaterProvider | undefined, inflatedMax: number) {
    this.#zlib = zlib;
    this.#inflatedMax = inflatedMax;
  }

  /** Whether octets of the chunk are left. */
  get unread(): boolean {
    return this.fault === undefined && this.#kind !== undefined &&
      (this.#at < this.#chunk.length || this.#more);
  }

  /** Takes the next octets of the file; those before were read. */
  push(chunk: Uint8Array): void {
    if (this.#kind !== undefined) {
      this.#before += this.#chunk.length;
      this.#chunk = chunk;
      this.#at = 0;
      return;
    }
    // The file may begin with a chunk of one octet, which tells nothing.
    const whole = new Uint8Array(this.#chunk.length + chunk.length);
    whole.set(this.#chunk);
    whole.set(chunk, this.#chunk.length);
    this.#chunk = whole;
    if (whole.length >= 2) this.#kind = compressionOf(whole[0], whole[1]);
  }

  /**
   * Gives octets out.
   *
   * @param output Where they go
   * @param offset Where they start
   * @returns How many; 0 where more chunks are needed, or there is a fault
   */
  read(output: Uint8Array, offset: number): number {
    if (this.fault !== undefined || this.#kind === undefined) return 0;
    if (this.#kind === "none") {
      const part = this.#chunk.subarray(this.#at, this.#at + output.length - offset);
      output.set(part, offset);
      this.#at += part.length;
      return part.length;
    }
    const start = offset;
    while (this.unread && offset < output.length) offset += this.#inflate(output, offset);
    return offset - start;
  }

  /** Tells that there are no more chunks. */
  end(): void {
    if (this.fault !== undefined) return;
    if (this.#inflater !== undefined && !this.#inflater.ended()) {
      this.#fail("cut-compression", "compressed data ends too early");
    }
    this.close();
  }

  /** Frees what inflates. */
  close(): void {
    this.#inflater?.close();
    this.#inflater = undefined;
  }

  /** The octet that a file of one octet has. */
  get rest(): Uint8Array {
    return this.#kind === undefined ? this.#chunk : NO_OCTETS;
  }

  #inflate(output: Uint8Array, offset: number): number {
    const inflater = this.#inflater ??= this.#createInflater();
    if (inflater === undefined) return 0;
    const left = this.#chunk.length - this.#at;
    const room = output.length - offset;
    const step = inflater.step(this.#chunk, this.#at, left, output, offset, room);
    this.#at += step.read;
    this.#inflated += step.written;
    this.#more = step.written === room && !step.done;
    if (step.error !== undefined) {
      this.#fail("bad-compression", `compressed data is damaged: ${step.error}`);
    } else if (this.#inflated > this.#inflatedMax) {
      this.#fail("inflated-too-large", `data inflates to more than ${this.#inflatedMax} octets`);
    } else if (step.done) {
      // Members may follow one another: files are appended to each other.
      this.close();
    }
    return step.written;
  }

  #createInflater(): Inflater | undefined {
    if (this.#zlib === undefined) {
      this.#fail("bad-compression", "the file is compressed, and nothing was given that inflates");
      return undefined;
    }
    const inflater = this.#zlib.createInflater();
    return this.#kind === "gzip" ? new GzipInflater(inflater) : inflater;
  }

  #fail(reason: IpfixFileFault["reason"], detail: string): void {
    this.#more = false;
    const octets = this.#chunk.length - this.#at;
    this.fault = { reason, offset: this.#before + this.#at, octets, detail };
    this.close();
  }
}
