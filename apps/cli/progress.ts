import type { ParsedArguments } from "@flowtools/common/flags";
import { beforeEnding, notBeforeEnding } from "./ending.ts";

/** Work that takes less than this is not worth a word. */
const QUIET_MS = 1000;

/** Time between two looks of the bar: more often makes it flicker. */
const EVERY_MS = 100;

const BAR_COLUMNS = 24;

/** Eighths of a character. */
const PARTS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

const MEBIBYTE = 1 << 20;

/** What a bar is written to. */
export interface ProgressTarget {
  /** Writes text at once. */
  write(text: string): void;
  /** Milliseconds since some moment. */
  now(): number;
}

/** The bar that is on the terminal. */
let visible: Progress | undefined;

/** Takes the bar off the terminal before something else is written there; it comes back by itself. */
export function hideProgress(): void {
  visible?.hide();
}

/** The descriptor of standard output. */
const STANDARD_OUTPUT = 1;

/**
 * Whether a call is to show a bar where it takes long. It does where standard error is a terminal,
 * but not where
 *
 * - standard output is a pipe: the next program may have the terminal, as pagers do;
 * - the text itself goes to the same terminal while it is found;
 * - `--no-progress` is given.
 *
 * @param args The call
 * @param atEnd Whether nothing is written before all is read
 */
export function wantsProgress(args: ParsedArguments, atEnd: boolean): boolean {
  if (args.on("no-progress") || !Deno.stderr.isTerminal()) return false;
  const output = args.value("output");
  if (output !== undefined && output !== "-") return true;
  return Deno.stdout.isTerminal() ? atEnd : !isPipe(STANDARD_OUTPUT);
}

/** The part of Node's `process` that finds its modules. */
interface BuiltinModules {
  getBuiltinModule(name: "node:fs"): typeof import("node:fs");
}

/** An import would start Node's part of Deno in every call, also where there is no terminal. */
function isPipe(descriptor: number): boolean {
  const { process } = globalThis as unknown as { process: BuiltinModules };
  const info = process.getBuiltinModule("node:fs").fstatSync(descriptor);
  return info.isFIFO() || info.isSocket();
}

/** The terminal of standard error, where that is one. */
function terminal(): ProgressTarget | undefined {
  if (!Deno.stderr.isTerminal()) return undefined;
  const encoder = new TextEncoder();
  return {
    write: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
    now: () => performance.now(),
  };
}

/**
 * A bar on standard error that says how far the work is, how fast it goes and how long it takes:
 * only on a terminal, and only where the work lasts.
 */
export class Progress implements Disposable {
  readonly #bytes: number;
  readonly #target: ProgressTarget | undefined;
  readonly #start: number;
  #next: number;
  #shown = false;

  /**
   * Begins to watch.
   *
   * @param bytes Bytes to be read; 0 where nobody knows
   * @param wanted Whether a bar is wanted at all
   * @param target Where it goes; default the terminal
   */
  constructor(bytes: number, wanted = true, target: ProgressTarget | undefined = terminal()) {
    this.#bytes = bytes;
    this.#target = wanted ? target : undefined;
    this.#start = this.#target?.now() ?? 0;
    this.#next = this.#start + QUIET_MS;
  }

  /** Shows how far it is, if it is time to. */
  show(bytesRead: number): void {
    const now = this.#target?.now();
    if (now === undefined || now < this.#next) return;
    this.#next = now + EVERY_MS;
    this.#shown = true;
    visible = this;
    // Whoever ends the program finds a clean line.
    beforeEnding(hideProgress);
    this.#target!.write(`\r${progressText(this.#bytes, bytesRead, now - this.#start)}\x1b[K`);
  }

  /** Takes the bar away until it is shown again. */
  hide(): void {
    if (this.#shown) this.#target!.write("\r\x1b[K");
    this.#shown = false;
  }

  /** Takes the bar away for good. */
  end(): void {
    this.hide();
    if (visible !== this) return;
    visible = undefined;
    notBeforeEnding(hideProgress);
  }

  /** Takes the bar away for good. */
  [Symbol.dispose](): void {
    this.end();
  }
}

/**
 * The text of a bar.
 *
 * @param bytes Bytes to be read; 0 where nobody knows
 * @param bytesRead Bytes that were read
 * @param ms Milliseconds since the work began
 */
export function progressText(bytes: number, bytesRead: number, ms: number): string {
  const rate = bytesRead / MEBIBYTE / (ms / 1000);
  const speed = `${rate.toFixed(rate < 10 ? 1 : 0)} MiB/s`;
  if (bytes === 0 || bytesRead === 0) return `${(bytesRead / MEBIBYTE).toFixed(0)} MiB  ${speed}`;
  const share = Math.min(1, bytesRead / bytes);
  const eighths = Math.round(share * BAR_COLUMNS * 8);
  const bar = ("█".repeat(eighths >> 3) + PARTS[eighths & 7]).padEnd(BAR_COLUMNS);
  const left = Math.ceil(ms / 1000 * (1 - share) / share);
  return `${String(Math.floor(share * 100)).padStart(3)}% ▕${bar}▏ ${speed}  ${clock(left)} left`;
}

function clock(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours === 0 ? rest : `${hours}:${rest}`;
}
