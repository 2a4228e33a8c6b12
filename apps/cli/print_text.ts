import { Output } from "./output.ts";

/** Writes a text to standard output, at once. */
export function printText(text: string): void {
  const output = Output.open(undefined);
  output.text(text);
  output.close();
}
