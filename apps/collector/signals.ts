/** What signals ask for. */
export interface SignalHandlers {
  /** SIGTERM, SIGINT, SIGQUIT: end, and finish everything first. */
  stop(signal: Deno.Signal): void;
  /** A further one of them: end at once. */
  abort(signal: Deno.Signal): void;
  /** SIGHUP: close files, read filters again. */
  hangup(): void;
}

/**
 * A further signal within this time is taken for the same request: at a terminal one Ctrl-C comes
 * twice where a task runner passes it on.
 */
const SAME_REQUEST_MS = 500;

const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGTERM", "SIGINT", "SIGQUIT"];

const HANGUP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? [] : ["SIGHUP"];

/**
 * Listens for signals from the moment that it is made. Those that come before somebody handles them,
 * as while sockets and files are being opened, are kept until then.
 */
export class SignalListener implements Disposable {
  readonly #listeners: readonly (readonly [Deno.Signal, () => void])[];
  readonly #exit: (code: number) => void;
  #handlers: SignalHandlers | undefined;
  #stopped: { readonly signal: Deno.Signal; readonly at: number } | undefined;
  #hungUp = false;

  /**
   * Begins to listen.
   *
   * @param exit Ends the process, where nobody handles signals yet and it is asked for the end twice
   */
  constructor(exit: (code: number) => void) {
    this.#exit = exit;
    this.#listeners = [
      ...STOP_SIGNALS.map((signal) => [signal, () => this.#stop(signal)] as const),
      ...HANGUP_SIGNALS.map((signal) => [signal, () => this.#hangup()] as const),
    ];
    for (const [signal, listener] of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  /** Hands signals over, those that have come already at once. */
  handle(handlers: SignalHandlers): void {
    this.#handlers = handlers;
    if (this.#hungUp) handlers.hangup();
    if (this.#stopped !== undefined) handlers.stop(this.#stopped.signal);
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }

  #stop(signal: Deno.Signal): void {
    const at = performance.now();
    if (this.#stopped === undefined) {
      this.#stopped = { signal, at };
      this.#handlers?.stop(signal);
    } else if (at - this.#stopped.at >= SAME_REQUEST_MS) {
      if (this.#handlers === undefined) this.#exit(1);
      else this.#handlers.abort(signal);
    }
  }

  #hangup(): void {
    this.#hungUp = true;
    this.#handlers?.hangup();
  }
}
