import { UsageError } from "@flowtools/common/flags";
import { messageOf } from "./life_cycle.ts";
import type { Log } from "./log.ts";
import { startWeb, type Web, type WebSettings } from "./web/mod.ts";

/**
 * Starts the page. Where nobody asked for it and its usual port is taken, as by another collector
 * on the host, the collector does without: receiving matters more.
 *
 * @param insisted Whether a setting says where the page is
 * @throws {UsageError} A setting says where, and there it cannot be
 */
export async function startPage(
  settings: WebSettings,
  log: Log,
  insisted: boolean,
): Promise<Web | undefined> {
  try {
    return await startWeb(settings, log);
  } catch (error) {
    if (insisted) throw new UsageError(messageOf(error));
    log.warn("page", `there is no web page: ${messageOf(error)}; --http says where it may be`);
    return undefined;
  }
}
