import { TEMPLATE_LIMITS } from "@flowtools/netflow-pdu";
import { COLLECTOR_LIMITS } from "./limits.ts";
import type { Log } from "./log.ts";
import { type SavedSession, SavedSessions } from "./saved_sessions.ts";

/** The format of the file; files of other formats are not read. */
const FORMAT = 1;

/** What was not heard of for so long is of no use: templates are forgotten after the same time. */
const HEARD_MS = TEMPLATE_LIMITS.lifetimeMs;

/** Bytes of a file that is read at most: all templates of all exporters take less. */
const FILE_BYTES_MAX: number = 256 * 2 ** 20;

/** How often the file is written where something was learned. */
const CHANGED_MS = 30_000;

/** How often it is written anyway, since it tells when templates were last sent. */
const UNCHANGED_MS = 3_600_000;

/**
 * How long the file is worked at before reception has its turn: a thousand exporters with ten
 * templates each take some 40 ms, in which a busy socket's buffer fills up.
 */
const SLICE_MS = 4;

/** What is known of exporters, as the collector gives it to be kept. */
export interface Knowledge {
  /** Another text where something has changed. */
  readonly mark: string;
  /** All of it. */
  sessions(): Iterable<SavedSession>;
}

/**
 * Keeps what codecs know of exporters in a file, so that a restart loses nothing: templates, and
 * what options data told. The file is written beside its place and moved there, so it is always
 * whole.
 */
export class SessionFile {
  /** What the file held at the start. */
  readonly saved: SavedSessions;
  readonly #path: string;
  readonly #log: Log;
  #mark: string;
  #writtenAt: number;
  #writing: Promise<void> | undefined;

  private constructor(path: string, saved: SavedSessions, log: Log, now: number) {
    this.#path = path;
    this.saved = saved;
    this.#log = log;
    this.#mark = "";
    this.#writtenAt = now;
  }

  /**
   * Reads the file. One that is damaged, or cannot be read, is told of, and the collector begins
   * with nothing.
   *
   * @param path Where it is; it need not be there
   * @param log Told of trouble
   * @param now Unix ms
   */
  static async open(path: string, log: Log, now: number = Date.now()): Promise<SessionFile> {
    const refused = ({ address, port, version }: SavedSession, reason: string) =>
      log.warn("state-file", `"${path}": templates of ${address}:${port} (v${version}): ${reason}`);
    let sessions: SavedSession[] = [];
    try {
      const { size } = await Deno.stat(path);
      if (size > FILE_BYTES_MAX) {
        throw new Error(`${size} bytes, expected ${FILE_BYTES_MAX} or less`);
      }
      sessions = readState(JSON.parse(await Deno.readTextFile(path)))
        .filter(({ heardAt }) => now - heardAt <= HEARD_MS);
      log.info("templates of the last run", { path, exporters: sessions.length });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) {
        log.warn(
          "state-file",
          `"${path}" is not used, templates must come again: ${textOf(error)}`,
        );
      }
    }
    return new SessionFile(path, new SavedSessions(sessions, refused), log, now);
  }

  /**
   * Writes the file if that is due.
   *
   * @param knowledge What is known
   * @param now Unix ms
   */
  tick(knowledge: Knowledge, now: number): void {
    if (this.#writing !== undefined) return;
    const { mark } = knowledge;
    // Somebody may have set the clock back.
    const elapsed = Math.abs(now - this.#writtenAt);
    if (elapsed < (mark === this.#mark ? UNCHANGED_MS : CHANGED_MS)) return;
    this.#mark = mark;
    this.#writtenAt = now;
    this.#writing = this.#put(inSlices(fileText(this.#parts(knowledge, now), now)))
      .finally(() => this.#writing = undefined);
  }

  /** Writes the file a last time. */
  async close(knowledge: Knowledge, now: number = Date.now()): Promise<void> {
    // What is told at the end must be what was known then, whatever is forgotten while this waits.
    const parts = [...this.#parts(knowledge, now)];
    await this.#writing;
    // Nothing is known, and nothing was before.
    if (parts.length === 0 && this.#mark === "") return;
    await this.#put(fileText(parts, now));
  }

  /** What is known, one exporter after the other: each as it is when its turn comes. */
  *#parts(knowledge: Knowledge, now: number): Generator<string> {
    let left = COLLECTOR_LIMITS.exporters;
    // An exporter that is heard of while this goes on is either behind the others or in the rest.
    for (const sessions of [() => knowledge.sessions(), () => this.saved.rest]) {
      for (const session of sessions()) {
        if (now - session.heardAt > HEARD_MS) continue;
        if (left-- === 0) return;
        yield JSON.stringify(session);
      }
    }
  }

  async #put(text: AsyncIterable<string> | Iterable<string>): Promise<void> {
    const temporary = `${this.#path}.tmp`;
    try {
      await Deno.writeTextFile(temporary, ReadableStream.from(text));
      await Deno.rename(temporary, this.#path);
    } catch (error) {
      this.#log.warn("state-file", `cannot write "${this.#path}": ${textOf(error)}`);
    }
  }
}

/** The file, of the texts of its sessions. */
function* fileText(sessions: Iterable<string>, savedAt: number): Generator<string> {
  yield `{"format":${FORMAT},"savedAt":${savedAt},"sessions":[`;
  let first = true;
  for (const session of sessions) {
    yield first ? session : `,${session}`;
    first = false;
  }
  yield "]}";
}

/** Joins parts as they come, and rests each time that took its share of the thread. */
async function* inSlices(parts: Iterable<string>): AsyncGenerator<string> {
  let slice: string[] = [];
  let since = performance.now();
  for (const part of parts) {
    slice.push(part);
    if (performance.now() - since < SLICE_MS) continue;
    yield slice.join("");
    slice = [];
    await new Promise((resolve) => setTimeout(resolve, 0));
    since = performance.now();
  }
  yield slice.join("");
}

/** Looks at every member of a file that may be damaged; what sessions hold, their codecs look at. */
function readState(state: unknown): SavedSession[] {
  if (!isObject(state) || state.format !== FORMAT) {
    const got = isObject(state) ? JSON.stringify(state.format) : typeof state;
    throw new Error(`format is ${got}, expected ${FORMAT}`);
  }
  if (!Array.isArray(state.sessions)) throw new Error("there is no list of sessions");
  return state.sessions.slice(0, COLLECTOR_LIMITS.exporters).map((session: unknown, index) => {
    const { address, port, version, heardAt, snapshot } = isObject(session) ? session : {};
    if (
      typeof address !== "string" || typeof port !== "number" || typeof version !== "number" ||
      typeof heardAt !== "number"
    ) throw new Error(`sessions[${index}] lacks address, port, version or heardAt`);
    return { address, port, version, heardAt, snapshot };
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
