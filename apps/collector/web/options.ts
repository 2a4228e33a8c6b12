import type { Flag } from "@flowtools/common/flags";
import { LIVE_CLIENTS, LIVE_FLOWS_PER_SECOND, QUERY_SECONDS, TOKEN_LENGTH_MIN } from "./limits.ts";

/** Where the page is unless told otherwise: this host only. */
export const HTTP_DEFAULT = "127.0.0.1:9990";

/** The options of the web page, the API and the metrics. */
export const WEB_OPTIONS: readonly Flag[] = [
  {
    name: "http",
    value: "HOST:PORT",
    doc: `Where the web page, the API and the metrics are, or "off" (default: ${HTTP_DEFAULT})`,
  },
  {
    name: "http-token-file",
    value: "FILE",
    doc: `File with the token that visitors must have, ${TOKEN_LENGTH_MIN} characters at least`,
  },
  {
    name: "http-insecure",
    doc: "Let anybody who reaches the address of --http see everything, without a token",
  },
  {
    name: "http-live-flows",
    value: "N",
    range: [1_000, 100_000_000],
    doc: "Flows a second that live tables look at, fewer where that takes too much of a core; of " +
      `more, some are taken and stand for the others (default: ${LIVE_FLOWS_PER_SECOND})`,
  },
  {
    name: "http-live-clients",
    value: "N",
    range: [0, 10_000],
    doc: `Listeners to live events at the same time (default: ${LIVE_CLIENTS})`,
  },
  {
    name: "http-query-seconds",
    value: "N",
    range: [1, 3_600],
    doc: `Seconds that a query may run (default: ${QUERY_SECONDS})`,
  },
];
