import type { Log } from "../../log.ts";
import { PROGRAMS_CLOSE_MS, PROGRAMS_RUNNING_MAX, PROGRAMS_WAITING_MAX } from "./limits.ts";

/** Runs a program for each complete file, a few at a time, and tells where one fails. */
export class ProgramRunner {
  readonly #program: string;
  readonly #directory: string;
  readonly #log: Log;
  readonly #waiting: string[] = [];
  readonly #running = new Set<Promise<void>>();

  /**
   * @param program Path of the program; its one argument is the path of the file
   * @param directory Where the program runs, and below which the files are: it gets their paths from
   * there, as flow-capture gives them
   */
  constructor(program: string, directory: string, log: Log) {
    this.#program = program;
    this.#directory = directory;
    this.#log = log;
  }

  /** Runs the program for a file, now or when others have ended. */
  add(path: string): void {
    if (this.#waiting.length >= PROGRAMS_WAITING_MAX) {
      const state = `${PROGRAMS_WAITING_MAX} files wait already`;
      this.#log.warn("program-queue-full", `"${this.#program}" is not run for "${path}": ${state}`);
      return;
    }
    this.#waiting.push(path);
    this.#start();
  }

  /** Waits for the programs, for a while. */
  async close(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<"timeout">((resolve) => {
      timer = setTimeout(() => resolve("timeout"), PROGRAMS_CLOSE_MS);
    });
    while (this.#running.size > 0) {
      if (await Promise.race([timeout, ...this.#running]) !== "timeout") continue;
      const left = this.#waiting.length;
      this.#waiting.length = 0;
      const state = `${this.#running.size} run on, ${left} files are left out`;
      this.#log.warn("program-slow", `"${this.#program}" is not waited for: ${state}`);
      break;
    }
    clearTimeout(timer);
  }

  #start(): void {
    while (this.#running.size < PROGRAMS_RUNNING_MAX) {
      const path = this.#waiting.shift();
      if (path === undefined) return;
      const run = this.#run(path).then(() => {
        this.#running.delete(run);
        this.#start();
      });
      this.#running.add(run);
    }
  }

  async #run(path: string): Promise<void> {
    try {
      const child = new Deno.Command(this.#program, {
        args: [path.slice(this.#directory.length).replace(/^\/+/, "")],
        cwd: this.#directory,
        stdin: "null",
      }).spawn();
      const { code, signal } = await child.status;
      if (code === 0) return;
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      this.#log.warn("program-failed", `"${this.#program}" ended with ${how} for "${path}"`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.warn("program-failed", `cannot run "${this.#program}" for "${path}": ${reason}`);
    }
  }
}
