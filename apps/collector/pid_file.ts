import { UsageError } from "@flowtools/common/flags";

/**
 * Writes the number of this process to a file, as flow-capture does: the port is part of the name,
 * so that several collectors may share one path.
 *
 * @param path Such as `/run/flow-capture.pid`
 * @param port The UDP port that the collector listens on; without one the name stays as it is
 * @returns What removes the file again, if it still is of this process
 * @throws {UsageError} The file cannot be written
 */
export function writePidFile(path: string, port: number | undefined): () => void {
  const file = port === undefined ? path : `${path}.${port}`;
  const text = `${Deno.pid}\n`;
  try {
    Deno.writeTextFileSync(file, text, { mode: 0o644 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot write the pid file "${file}": ${reason}`);
  }
  return () => {
    try {
      if (Deno.readTextFileSync(file) === text) Deno.removeSync(file);
    } catch {
      // It is gone already, or cannot be removed any more; the process ends all the same.
    }
  };
}
