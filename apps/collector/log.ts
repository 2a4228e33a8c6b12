/** Facts of a log line, by name. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

/** Where the collector tells what happens. */
export interface Log {
  /** Something that is told always: a start, a file that is complete. */
  info(message: string, facts?: Facts): void;
  /**
   * Trouble. Lines of one reason are sampled, so that a flood of bad packets is no flood of lines;
   * counters count everything.
   */
  warn(reason: string, message: string, facts?: Facts): void;
}
