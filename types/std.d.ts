/**
 * Types of the library functions that reach this workspace without types of their own.
 *
 * The Deno standard library comes from npm here (`deno-std`), which ships JavaScript only.
 * The declarations stand under the bare names that source files import, so that a move to
 * `jsr:@std/*` is a change of the import map and the removal of this file.
 */

declare module "@std/assert" {
  // deno-lint-ignore no-explicit-any
  type Constructor = abstract new (...args: any[]) => unknown;
  export function assert(expr: unknown, msg?: string): asserts expr;
  export function assertFalse(expr: unknown, msg?: string): void;
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): void;
  export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
  export function assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    msg?: string,
  ): void;
  export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertLess<T>(actual: T, expected: T, msg?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertInstanceOf<T extends Constructor>(
    actual: unknown,
    expected: T,
    msg?: string,
  ): asserts actual is InstanceType<T>;
  export function assertObjectMatch(
    actual: object,
    expected: object,
    msg?: string,
  ): void;
  export function assertThrows(fn: () => unknown, msg?: string): unknown;
  export function assertThrows<E extends Error>(
    fn: () => unknown,
    // deno-lint-ignore no-explicit-any
    errorClass: abstract new (...args: any[]) => E,
    msgIncludes?: string,
    msg?: string,
  ): E;
  export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  export function assertRejects<E extends Error>(
    fn: () => PromiseLike<unknown>,
    // deno-lint-ignore no-explicit-any
    errorClass: abstract new (...args: any[]) => E,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  export function fail(msg?: string): never;
}

declare module "@std/bytes" {
  export function concat(buffers: readonly Uint8Array[]): Uint8Array<ArrayBuffer>;
  export function equals(a: Uint8Array, b: Uint8Array): boolean;
  export function copy(src: Uint8Array, dst: Uint8Array, offset?: number): number;
  export function indexOfNeedle(source: Uint8Array, needle: Uint8Array, start?: number): number;
}

declare module "@std/cli/parse-args" {
  /** What `parseArgs` is told about the flags. */
  export interface ParseOptions {
    boolean?: readonly string[];
    string?: readonly string[];
    collect?: readonly string[];
    negatable?: readonly string[];
    alias?: Readonly<Record<string, string | readonly string[]>>;
    default?: Readonly<Record<string, unknown>>;
    stopEarly?: boolean;
    "--"?: boolean;
    unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }
  /** Flag values by name, and the arguments that are no flag. */
  export interface Args {
    _: (string | number)[];
    [name: string]: unknown;
  }
  export function parseArgs(args: readonly string[], options?: ParseOptions): Args;
}

declare module "@std/streams/to-text" {
  export function toText(stream: ReadableStream<Uint8Array | string>): Promise<string>;
}

declare module "pako" {
  /** The part of zlib's stream state that a caller needs after an error. */
  export interface ZStream {
    input: Uint8Array;
    next_in: number;
    avail_in: number;
    output: Uint8Array;
    next_out: number;
    avail_out: number;
    msg: string;
  }
  export class Inflate {
    constructor(options?: { chunkSize?: number; windowBits?: number });
    err: number;
    msg: string;
    ended: boolean;
    strm: ZStream;
    onData: (chunk: Uint8Array) => void;
    onEnd: (status: number) => void;
    push(data: Uint8Array, flush?: boolean | number): boolean;
  }
  export class Deflate {
    constructor(options?: { level?: number; chunkSize?: number });
    err: number;
    msg: string;
    onData: (chunk: Uint8Array) => void;
    onEnd: (status: number) => void;
    push(data: Uint8Array, flush?: boolean | number): boolean;
  }
}
