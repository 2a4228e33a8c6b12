/** A terminal for programs that look whether they have one: tmux, without a window of its own. */

/** How often the screen is looked at, and how long at most: as long as slow machines need. */
const LOOK_MS = 50;
const LOOKS_MAX = 600;

/** Whether a program is installed. */
export function isInstalled(program: string): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.some((folder) => {
    try {
      return Deno.statSync(`${folder}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}

/** How a terminal is made. */
export interface TerminalOptions {
  /** Its width. */
  readonly columns: number;
  /** Its height. */
  readonly rows?: number;
  /** Where its program runs. */
  readonly cwd?: string;
  /** Variables of its program; of ours it has the path and the home alone. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One terminal in which a program runs. */
export class Terminal implements AsyncDisposable {
  /** The folder of the socket, since tmux leaves sockets behind. */
  readonly #folder = Deno.makeTempDirSync({ prefix: "flowtools-test-" });

  readonly #env: Readonly<Record<string, string>>;

  private constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  /**
   * Starts a program in a terminal; the screen stays when it has ended.
   *
   * @param command What a shell is told to run
   */
  static async start(command: string, options: TerminalOptions): Promise<Terminal> {
    const { columns, rows = 60, cwd = ".", env = {} } = options;
    const terminal = new Terminal(env);
    await terminal.#tmux(
      ...["new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, "-c", cwd],
      // A terminal that forgets the screen at once shows nothing of a program that ends.
      `${command}; printf '[%s]' $?; exec sleep 1000`,
    );
    return terminal;
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text);
  }

  /** Presses a key, by its name: `Tab`, `Enter`, `C-d`. */
  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  /** What is on the screen, without the spaces at the ends of lines. */
  async screen(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p")).trimEnd();
  }

  /** What is on the screen, with the sequences that colour it. */
  async coloredScreen(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p", "-e")).trimEnd();
  }

  /**
   * The screen as soon as it shows something.
   *
   * @throws {Error} It never does; the message has the screen
   */
  async shows(pattern: RegExp): Promise<string> {
    let screen = "";
    for (let look = 0; look < LOOKS_MAX; look++) {
      screen = await this.screen();
      if (pattern.test(screen)) return screen;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new Error(`The terminal never showed ${pattern}, but\n${screen}`);
  }

  /** Ends the program and the terminal. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
    // It ends after it has answered; until then it may still use its folder.
    for (let look = 0; look < LOOKS_MAX && (await this.#run(["list-sessions"])).success; look++) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #tmux(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await this.#run(args);
    const decoder = new TextDecoder();
    if (!success) throw new Error(`tmux ${args[0]} failed: ${decoder.decode(stderr)}`);
    return decoder.decode(stdout);
  }

  #run(args: readonly string[]): Promise<Deno.CommandOutput> {
    return new Deno.Command("tmux", {
      args: ["-S", `${this.#folder}/socket`, "-f", "/dev/null", ...args],
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: Deno.env.get("HOME") ?? "/",
        LANG: "C.UTF-8",
        TZ: "UTC",
        // The first call starts the server, whose variables its programs have.
        ...this.#env,
      },
    }).output();
  }
}
