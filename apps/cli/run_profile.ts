/** What `-d` of the classic programs shows at the end: how many flows, and how fast. */
export class RunProfile {
  readonly #program: string;
  readonly #start = performance.now();

  constructor(program: string) {
    this.#program = program;
  }

  /** Prints the profile where the level asks for it. */
  report(level: number | undefined, flows: number): void {
    if (!level) return;
    const seconds = (performance.now() - this.#start) / 1000;
    console.error(`flow-${this.#program}: processed ${flows} flows`);
    console.error(
      `  sys: seconds=${seconds.toFixed(3)} flows/second=${(flows / seconds).toFixed(6)}`,
    );
  }
}
