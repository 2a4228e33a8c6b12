/** Bounds of the web part, each with its reason. */

/** Rows that are posted to the web worker at once: as many as a batch has, 1.5 MB. */
export const LIVE_ROWS = 8_192;

/** Messages of rows that wait for the web worker at most; more means that it is behind. */
export const LIVE_MESSAGES_MAX = 16;

/** Flows a second that live tables look at unless told otherwise: finer ones tell nobody more. */
export const LIVE_FLOWS_PER_SECOND = 1_000_000;

/** The share of a core that live tables may take: receiving and storing need two of them. */
export const LIVE_SHARE: number = navigator.hardwareConcurrency <= 2 ? 0.25 : 0.75;

/** What a row of live tables costs before that is known, ns: code is slow before it is compiled. */
export const LIVE_ROW_NS = 2_000;

/** Flows that are kept whole, for lists and for queries of live data: some 23 MB. */
export const FLOW_RING_ROWS: number = 1 << 17;

/** Groups of a table of ten seconds at most; then the smaller ones are cut: they are in the sums only. */
export const TOP_GROUPS_MAX: number = 1 << 15;

/** Groups of a table of one second at most, of dimensions that traffic is stacked by. */
export const STACK_GROUPS_MAX: number = 1 << 12;

/** Groups that a table keeps when its time is over. */
export const TOP_GROUPS_KEPT = 1_024;

/** Groups of a moment of the time series: what is shown, and some more so that sums are right. */
export const SERIES_GROUPS = 16;

/** Groups that traffic is stacked by at most: more colours tell nobody anything. */
export const SERIES_SHOWN_MAX = 12;

/** Rows of a top table at most. */
export const TOP_SHOWN_MAX = 1_000;

/** Flows of an answer at most. */
export const FLOWS_SHOWN_MAX = 1_000;

/** Exporters that live tables tell apart: as many as the collector does; others are one. */
export const EXPORTER_NAMES_MAX = 10_000;

/** Names of one interface that are shown, where the domains of its exporter do not agree. */
export const LABEL_NAMES_SHOWN = 3;

/** Domains whose names of an application are looked at: they mostly agree, and there may be many. */
export const LABEL_DOMAINS_MAX = 100;

/** Names that exporters told of an answer at most. */
export const LABELS_SHOWN_MAX = 10_000;

/** Characters of an address at most: IPv6 with IPv4 at its end has 45. */
export const ADDRESS_LENGTH_MAX = 45;

/** Exporters of an answer at most. */
export const EXPORTERS_SHOWN_MAX = 10_000;

/** Characters of a request's address at most; the longest filter and then some. */
export const URL_LENGTH_MAX = 8_192;

/** Characters of a filter expression. */
export const WHERE_LENGTH_MAX = 4_096;

/** Characters of the name of a time zone: the longest has 38. */
export const ZONE_LENGTH_MAX = 64;

/** Bytes of a request's body: the form of a login. */
export const BODY_BYTES_MAX = 4_096;

/** How long the body of a login may take, ms. */
export const BODY_MS_MAX = 5_000;

/** Characters of a token at least: it must not be guessed by trying. */
export const TOKEN_LENGTH_MIN = 16;

/** How long an answer that many ask for is good for, ms. */
export const ANSWER_MS = 900;

/** Answers that are kept for that long: every choice of a page that is at work. */
export const ANSWERS_KEPT_MAX = 64;

/** Downloads of files at the same time: each holds a file open, however slowly it is read. */
export const DOWNLOADS_MAX = 16;

/** Listeners to live events at the same time, unless told otherwise. */
export const LIVE_CLIENTS = 64;

/** Files that the listing holds; the newest ones. */
export const FILES_MAX = 20_000;

/** Directory entries that a walk looks at: a wrong directory must not keep it busy for ever. */
export const WALK_ENTRIES_MAX = 200_000;

/** How deep the walk goes: flow-capture's nesting is three levels. */
export const WALK_DEPTH_MAX = 4;

/** How long a listing is good for, ms. */
export const LISTING_MS = 3_000;

/** Files of an answer at most. */
export const FILES_SHOWN_MAX = 1_000;

/** Queries that wait while one runs. */
export const QUERIES_WAITING_MAX = 8;

/** How long a query may run, seconds, unless told otherwise. */
export const QUERY_SECONDS = 30;

/** Files that one query reads at most. */
export const QUERY_FILES_MAX = 5_000;

/** Rows of a query's answer at most. */
export const QUERY_ROWS_MAX = 1_000;

/** Bytes of the group table of a query. */
export const QUERY_TABLE_BYTES_MAX: number = 1 << 28;

/** A collector that has not told of itself for so long is stuck, ms. */
export const SNAPSHOT_STALE_MS = 5_000;

/** Losses count as recent for so long, ms. */
export const LOSS_RECENT_MS = 60_000;

/** How long closing waits for answers on their way, ms. */
export const CLOSE_MS = 2_000;
