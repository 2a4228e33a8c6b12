import type { TimeZone } from "@flowtools/flowset/groups";
import type { TimeWindow, WindowInputs } from "./input_window.ts";

/** The text that a note shows a moment as: to the second, where that is enough. */
function momentText(zone: TimeZone, ms: number): string {
  return zone.text(ms, ms % 1000 === 0 ? 0 : 3);
}

/**
 * Says on standard error that no flow ended in the window that a call asks for, which may well be
 * a slip of the pen; a call without a window says nothing.
 *
 * @param window What was asked for
 * @param zone The time zone that times are shown in
 * @param inputs What there was to read
 * @returns Whether there was a window
 */
export function noteEmptyWindow(
  { since, until }: TimeWindow,
  zone: TimeZone,
  { byName, byHeader }: WindowInputs,
): boolean {
  if (since === undefined && until === undefined) return false;
  const from = since === undefined ? "" : ` at ${momentText(zone, since)} or later`;
  const to = until === undefined ? "" : ` before ${momentText(zone, until)}`;
  const left = byName + byHeader;
  const files = left === 0
    ? ""
    : `; ${left} ${left === 1 ? "file is" : "files are"} of other times`;
  const place = zone.name === "local" ? "local time" : zone.name;
  console.error(
    `flowtools: no flow ended${from}${
      from !== "" && to !== "" ? " and" : ""
    }${to} (${place})${files}`,
  );
  return true;
}
