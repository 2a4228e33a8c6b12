/** The page: it listens to live events, and asks the API for what is shown. */
import { Chart } from "./chart.js";
import { byId, element, setText } from "./dom.js";
import { bytes, count, rate, span, whole } from "./format.js";
import { startQuery } from "./query.js";
import { lossReasons, showExporters, showFiles, showLosses, showSinks, showTop } from "./tables.js";

/** How often each part is asked for, ms. */
const EVERY_MS = { series: 2_000, top: 3_000, status: 2_000, exporters: 3_000, files: 15_000 };
/** Without a live event for so long the connection is lost, ms. */
const SILENT_MS = 6_000;
/** What was sampled so long ago is in no top table any more, ms. */
const SAMPLED_MS = 3_600_000;
/** How soon a connection that the browser gives up is tried again, ms. */
const RETRY_MS = 4_000;
const RECONNECT = "The page asks again every few seconds; what it shows is the last it knew.";

const HEALTH = {
  starting: "Starting",
  stuck: "Not responding",
  losing: "Losing data",
  waiting: "Waiting for exporters",
  silent: "No packets at present",
  receiving: "Receiving",
};

const chart = new Chart();
const asked = new Map();
const busy = new Set();
let heardAt = performance.now();
let connected = false;
let startedAt = null;
let events;

/** Asks the API. */
async function ask(path) {
  const response = await fetch(path);
  if (response.status === 401) location.assign("/login");
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error?.message ?? `The answer is ${response.status}`);
  return answer;
}

/** Shows a part anew, unless that is being done. */
async function refresh(part) {
  if (busy.has(part)) return;
  busy.add(part);
  asked.set(part, performance.now());
  try {
    await PARTS[part]();
  } catch {
    // Live events tell whether the connection is lost; what is shown stays.
  } finally {
    busy.delete(part);
  }
}

function refreshDue() {
  if (!connected || document.hidden) return;
  for (const [part, every] of Object.entries(EVERY_MS)) {
    if (performance.now() - (asked.get(part) ?? -Infinity) >= every - 100) refresh(part);
  }
}

const choice = (form, name) => String(new FormData(byId(form)).get(name));

const scaled = () => choice("counters-form", "scaled");

function seriesQuery() {
  const chosen = ["unit", "range", "stack"].map((name) => [name, choice("series-form", name)]);
  return new URLSearchParams([...chosen, ["scaled", scaled()]]).toString();
}

function topQuery() {
  const chosen = ["minutes", "sort"].map((name) => [name, choice("top-form", name)]);
  const by = selectedTab().dataset.by;
  return new URLSearchParams([["by", by], ...chosen, ["scaled", scaled()], ["limit", "15"]])
    .toString();
}

const PARTS = {
  series: async () => {
    const query = seriesQuery();
    const answer = await ask(`/api/v1/series?${query}`);
    // Somebody may have chosen something else meanwhile.
    if (seriesQuery() === query) chart.show(answer);
    else setTimeout(() => refresh("series"));
  },
  top: async () => {
    const query = topQuery();
    const answer = await ask(`/api/v1/top?${query}`);
    if (topQuery() === query) {
      showTop(answer, choice("top-form", "sort"), selectedTab().textContent);
    } else setTimeout(() => refresh("top"));
  },
  status: async () => {
    const status = await ask("/api/v1/status");
    // An answer that was under way when the connection was lost must not say that all is well.
    if (!connected) return;
    showStatus(status);
    showBrief(status);
  },
  exporters: async () => showExporters(await ask("/api/v1/exporters?limit=100"), Date.now()),
  files: async () => showFiles(await ask("/api/v1/files?limit=100")),
};

/** The rates of the last live event. */
let lastRates;

function showRates() {
  if (lastRates === undefined) return;
  const { scaledBits, scaledPackets, ...plain } = lastRates;
  const shown = scaled() === "true"
    ? { ...plain, bits: scaledBits, packets: scaledPackets }
    : plain;
  for (const [unit, value] of Object.entries(shown)) setText(`rate-${unit}`, rate(value, unit));
}

/** Shows what live events tell. */
function showBrief({ health, rates }) {
  lastRates = rates;
  byId("health").dataset.state = health.state;
  setText("health-text", HEALTH[health.state] ?? health.state);
  showRates();
  if (health.state !== "losing" && health.state !== "stuck") byId("trouble").hidden = true;
}

/** Shows what is wrong, where something is. */
function showTrouble({ state, reasons }, losses) {
  if (state !== "losing" && state !== "stuck") return;
  const shown = state === "losing" ? lossReasons(losses) : reasons;
  setText("trouble-title", state === "losing" ? "Data is being lost" : "The collector is stuck");
  const list = byId("trouble-reasons");
  if (list.dataset.shown !== shown.join("\n")) {
    list.dataset.shown = shown.join("\n");
    list.replaceChildren(...shown.map((reason) => element("li", {}, reason)));
  }
  byId("trouble").hidden = false;
}

function showStatus(status) {
  const { received, losses, sources, sinks, forwarders, live } = status;
  startedAt = status.startedAt;
  setText("version", status.version);
  setText("uptime", startedAt === null ? "" : `up ${span(status.at - startedAt)}`);
  setText("sum-octets", `${bytes(received.octets)} in all`);
  setText("sum-packets", `${count(received.flowPackets)} in all`);
  setText("sum-flows", `${count(received.flows)} in all`);
  setText("sum-datagrams", `${count(received.packets)} in all, ${bytes(received.bytes)}`);
  showTrouble(status.health, losses);
  showLost(losses);
  showLosses(losses);
  showSinks(sinks, forwarders);
  const empty = received.packets === 0 && status.health.state !== "starting";
  byId("empty").hidden = !empty;
  for (const id of ["counters-form", "traffic", "top"]) byId(id).hidden = empty;
  if (empty) showEmpty(sources);
  showSampling(live, status.at);
}

/** Says so where tables do not look at every flow, or did not in the time that they show. */
function showSampling({ scale, sampledAt }, now) {
  byId("sampled").hidden = sampledAt === null || now - sampledAt > SAMPLED_MS;
  if (byId("sampled").hidden) return;
  const number = scale < 10 ? scale.toFixed(1) : whole(scale);
  const what = scale > 1.05 ? `Sampled 1 in ${number} at this load` : "Sampled a while ago";
  setText("sampled", `${what}: what stands beside a name is an estimate. Totals are exact.`);
}

function showLost(losses) {
  const sums = { recent: {}, count: {} };
  for (const loss of losses) {
    if (loss.severity !== "loss") continue;
    for (const [which, sum] of Object.entries(sums)) {
      if (loss[which] > 0) sum[loss.unit] = (sum[loss.unit] ?? 0) + loss[which];
    }
  }
  const text = (sum, none) =>
    Object.entries(sum).map(([unit, value]) => `${count(value)} ${unit}`).join(", ") || none;
  setText("lost-recent", text(sums.recent, "Nothing"));
  setText("lost-total", `${text(sums.count, "Nothing")} in all`);
  byId("lost-figure").dataset.state = Object.keys(sums.recent).length > 0 ? "losing" : "receiving";
}

/** Says where exporters may send to. */
function showEmpty(sources) {
  const names = sources.map(({ description }) => description);
  byId("empty-sources").replaceChildren(...names.map((name) => element("li", {}, name)));
  const port = /:(\d+)\b/.exec(names[0] ?? "")?.[1];
  if (port !== undefined) {
    setText("empty-port", port);
    setText("empty-send-port", port);
  }
}

function showConnection(lost, text) {
  connected = !lost;
  const banner = byId("connection");
  if (banner.hidden === lost || (lost && banner.textContent !== text)) banner.textContent = text;
  banner.hidden = !lost;
  document.body.classList.toggle("stale", lost);
  if (lost) {
    byId("health").dataset.state = "lost";
    setText("health-text", "Connection lost");
  }
}

function listen() {
  events?.close();
  events = new EventSource("/api/v1/live");
  events.onmessage = ({ data }) => {
    heardAt = performance.now();
    if (!connected) {
      showConnection(false, "");
      asked.clear();
    }
    showBrief(JSON.parse(data));
    refreshDue();
  };
  events.onerror = () => {
    const refused = events.readyState === EventSource.CLOSED;
    if (refused) events.close();
    if (refused) poll();
    else showConnection(true, `The connection to the collector is lost. ${RECONNECT}`);
  };
}

/** Where there is no place among the listeners, the page asks in longer intervals. */
async function poll() {
  setTimeout(listen, RETRY_MS);
  try {
    const status = await ask("/api/v1/status");
    heardAt = performance.now();
    showConnection(false, "");
    showStatus(status);
    showBrief(status);
    refreshDue();
  } catch {
    showConnection(true, `The collector does not answer. ${RECONNECT}`);
  }
}

const tabs = [...document.querySelectorAll("[role=tab]")];
const selectedTab = () => tabs.find((tab) => tab.getAttribute("aria-selected") === "true");

function selectTab(chosen) {
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
  }
  byId("top-panel").setAttribute("aria-labelledby", chosen.id);
  refresh("top");
}

const TAB_STEPS = { ArrowLeft: -1, ArrowRight: 1 };

for (const tab of tabs) {
  tab.addEventListener("click", () => selectTab(tab));
  tab.addEventListener("keydown", ({ key }) => {
    const at = tabs.indexOf(tab);
    const step = TAB_STEPS[key];
    const next = key === "Home"
      ? tabs[0]
      : key === "End"
      ? tabs.at(-1)
      : step === undefined
      ? undefined
      : tabs[(at + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    selectTab(next);
    next.focus();
  });
}

byId("series-form").addEventListener("change", () => refresh("series"));
byId("top-form").addEventListener("change", () => refresh("top"));
byId("counters-form").addEventListener("change", () => {
  showRates();
  refresh("series");
  refresh("top");
});
for (const id of ["series-form", "top-form", "counters-form"]) {
  byId(id).addEventListener("submit", (event) => event.preventDefault());
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  heardAt = performance.now();
  refreshDue();
});
setInterval(() => {
  const silent = performance.now() - heardAt > SILENT_MS;
  if (connected && silent && !document.hidden) {
    showConnection(true, `Nothing has come from the collector for a while. ${RECONNECT}`);
    listen();
  }
}, 1_000);

startQuery(ask);
listen();
