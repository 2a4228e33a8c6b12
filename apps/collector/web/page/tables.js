/** The tables of the page, from what the API answers. */
import { byId, cell, element, headCell, noRows, numberCell, row, setRows, setText } from "./dom.js";
import { bytes, count, share, span, time, whole } from "./format.js";

/** Shows who has most of the traffic. */
export function showTop({ rows, other, total }, sort, title) {
  setText("top-key", title);
  const line = (key, sums, attributes) =>
    row([
      headCell(...keyTexts(sums, key)),
      element("td", { class: "share-column" }, shareBar(sums[sort], total[sort])),
      numberCell(bytes(sums.octets), whole(sums.octets)),
      numberCell(count(sums.packets), whole(sums.packets)),
      numberCell(count(sums.flows), whole(sums.flows)),
    ], attributes);
  const lines = rows.map((sums) => line(sums.key, sums, {}));
  setRows("top-table", "tbody", lines.length > 0 ? lines : [noRows(5, "No traffic in this time")]);
  const foot = rows.length === 0
    ? []
    : [line("Everything else", other, { class: "other" }), line("Total", total, { class: "sum" })];
  setRows("top-table", "tfoot", foot);
}

/** A key, and before it what its exporter calls it. */
function keyTexts({ label }, key) {
  return label === undefined ? [key] : [label, element("span", { class: "light" }, ` ${key}`)];
}

/** What exporters tell names of, in words. */
const KINDS = {
  interfaces: ["interface", "interfaces"],
  vrfs: ["VRF", "VRFs"],
  applications: ["application", "applications"],
};

/** Samplers of an exporter that are shown; a tip has them all. */
const SAMPLERS_SHOWN = 3;

/** What an exporter told of itself: how many names, and how its samplers sample. */
function labelsLine({ names, samplers }) {
  const told = Object.entries(KINDS).filter(([kind]) => names[kind] > 0).map(([kind, words]) => {
    return `${whole(names[kind])} ${words[names[kind] === 1 ? 0 : 1]}`;
  });
  const rates = samplers.map(({ id, name, rate }) => {
    return `${name ?? `sampler ${id}`}: 1 in ${whole(rate)}`;
  });
  const more = rates.length > SAMPLERS_SHOWN ? ["…"] : [];
  const parts = [...told, ...rates.slice(0, SAMPLERS_SHOWN), ...more];
  return element("span", { class: "light told", title: rates.join(", ") }, parts.join(", "));
}

function shareBar(part, all) {
  const text = share(part, all);
  const bar = element("span", { class: "bar-fill" });
  bar.style.setProperty("width", `${all > 0 ? Math.min(100, 100 * part / all) : 0}%`);
  return element(
    "span",
    { class: "share" },
    element("span", { class: "bar-track", "aria-hidden": "true" }, bar),
    element("span", { class: "share-text" }, text),
  );
}

const EXPORTER_STATES = { receiving: "Receiving", losing: "Losing", silent: "Silent" };

/** Shows the exporters, each with how it is. */
export function showExporters({ exporters, total, forgotten }, now) {
  const shown = exporters.length < total ? `${whole(exporters.length)} of ` : "";
  const gone = forgotten > 0 ? `, ${whole(forgotten)} forgotten to make room` : "";
  setText("exporters-note", total === 0 ? "" : `${shown}${whole(total)}${gone}`);
  const lines = exporters.map((exporter) => {
    const { sequence } = exporter;
    const name = exporter.address.includes(":") ? `[${exporter.address}]` : exporter.address;
    const agent = exporter.agent === undefined ? "" : ` agent ${exporter.agent}`;
    const source = agent + (exporter.source === 0 ? "" : ` source ${exporter.source}`);
    return row([
      headCell(
        `${name}:${exporter.port}`,
        element("span", { class: "light" }, source),
        ...exporter.labels === undefined ? [] : [labelsLine(exporter.labels)],
      ),
      cell(badge(exporter.state, EXPORTER_STATES[exporter.state])),
      cell(/^\d/.test(exporter.version) ? `v${exporter.version}` : exporter.version),
      numberCell(count(exporter.flowRate)),
      numberCell(count(exporter.packets), whole(exporter.packets)),
      numberCell(count(exporter.flows), whole(exporter.flows)),
      numberCell(bytes(exporter.octets), whole(exporter.octets)),
      lossCell(sequence.lost),
      zeroCell(sequence.reordered),
      zeroCell(sequence.duplicate),
      zeroCell(sequence.reset),
      lossCell(exporter.malformed),
      numberCell(exporter.sampling === 1 ? "none" : `1 in ${whole(exporter.sampling)}`),
      cell(`${span(now - exporter.lastSeen)} ago`),
    ]);
  });
  setRows(
    "exporters-table",
    "tbody",
    lines.length > 0 ? lines : [noRows(14, "No exporter has been heard of yet")],
  );
}

function badge(state, text) {
  return element("span", { class: "badge", "data-state": state }, text);
}

function lossCell(value) {
  const made = zeroCell(value);
  if (value > 0) made.classList.add("bad");
  return made;
}

function zeroCell(value) {
  const made = numberCell(count(value), whole(value));
  if (value === 0) made.classList.add("zero");
  return made;
}

/** What causes are called. */
const CAUSES = {
  "kernel-drop": "Receive buffer full",
  "sequence-gap": "Lost on the network",
  "malformed": "Malformed packet",
  "truncated": "Packet too long",
  "receive-error": "Receive error",
  "not-allowed": "Sender not let in",
  "reordered": "Came late",
  "duplicate": "Came twice",
  "reset": "Exporter restarted",
  "exporter-forgotten": "Exporter forgotten",
  "exporter-expired": "Exporter silent for a day",
  "filtered": "Left out on purpose",
  "template-overdue": "Template never came",
  "template-overflow": "No room to wait for a template",
  "template-damaged": "Set cut within a record",
  "template-waited": "Came before its template",
};

/** What a cause is called; of a sink it is the sink's own word. */
function causeName(cause) {
  const words = cause.replace(/^(sink|forward)-/, "").replaceAll("-", " ");
  return CAUSES[cause] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** What is being lost, in words. */
export function lossReasons(losses) {
  return losses.filter(({ severity, recent }) => severity === "loss" && recent > 0)
    .map(({ cause, where, unit, recent }) =>
      `${causeName(cause)} (${where}): ${whole(recent)} ${unit} in the last minute`
    );
}

/** Shows what was lost, by cause: all losses, and what is worth knowing where there is any. */
export function showLosses(losses) {
  const shown = losses.filter(({ severity, count }) => severity === "loss" || count > 0);
  shown.sort((a, b) =>
    Number(b.severity === "loss") - Number(a.severity === "loss") || b.recent - a.recent ||
    b.count - a.count
  );
  const lines = shown.map((loss) => {
    const isLoss = loss.severity === "loss";
    const numbers = [loss.recent, loss.count].map((value) => {
      const made = isLoss ? lossCell(value) : zeroCell(value);
      if (value > 0) made.append(element("span", { class: "light" }, ` ${loss.unit}`));
      return made;
    });
    return row(
      [headCell(causeName(loss.cause)), element("td", { class: "where" }, loss.where), ...numbers],
      isLoss ? {} : { class: "aside" },
    );
  });
  setRows("losses-table", "tbody", lines.length > 0 ? lines : [noRows(4, "Nothing is known yet")]);
  const lost = losses.some(({ severity, count }) => severity === "loss" && count > 0);
  setText("losses-note", losses.length > 0 && !lost ? "Nothing was lost" : "");
}

/** Shows what became of the flows in each sink, and of the packets in what passes them on. */
export function showSinks(sinks, forwarders) {
  const all = [
    ...sinks.map((sink) => [sink, ""]),
    ...forwarders.map((forwarder) => [forwarder, " packets"]),
  ];
  const lines = all.map(([{ name, given, done, queued, filtered, dropped }, unit]) => {
    const reasons = Object.entries(dropped).filter(([, flows]) => flows > 0);
    const lost = reasons.reduce((sum, [, flows]) => sum + flows, 0);
    const why = reasons.map(([reason]) => reason).join(", ");
    const last = lossCell(lost);
    if (why !== "") last.append(element("span", { class: "light" }, ` ${why}`));
    return row([
      headCell(name, element("span", { class: "light" }, unit)),
      numberCell(count(given), whole(given)),
      numberCell(count(done), whole(done)),
      zeroCell(queued),
      zeroCell(filtered),
      last,
    ]);
  });
  setRows("sinks-table", "tbody", lines.length > 0 ? lines : [noRows(6, "There is none")]);
}

let filesShown = "";

/** Shows the capture files; where nothing has changed they stay, and with them the focus. */
export function showFiles(answer) {
  const text = JSON.stringify(answer);
  if (text === filesShown) return;
  filesShown = text;
  const { files, total, truncated } = answer;
  const shown = files.length < total ? `the newest ${whole(files.length)} of ` : "";
  const more = truncated ? ", and more than can be listed" : "";
  setText("files-note", total === 0 ? "" : `${shown}${whole(total)}${more}`);
  const focused = document.activeElement?.getAttribute("href");
  const lines = files.map((file) => {
    const href = `/api/v1/files/${file.path.split("/").map(encodeURIComponent).join("/")}`;
    const cut = file.path.lastIndexOf("/") + 1;
    const folder = element("span", { class: "folder" }, file.path.slice(0, cut));
    const base = file.path.slice(cut);
    return row([
      headCell(folder, file.complete ? element("a", { href, download: "" }, base) : base),
      cell(time(file.startedAt)),
      cell(file.version),
      numberCell(bytes(file.size), whole(file.size)),
      cell(file.complete ? "Complete" : badge("open", "Being written")),
    ]);
  });
  setRows("files-table", "tbody", lines.length > 0 ? lines : [noRows(5, "There are no files yet")]);
  if (focused?.startsWith("/api/v1/files/")) {
    const links = byId("files-table").querySelectorAll("a");
    [...links].find((link) => link.getAttribute("href") === focused)?.focus();
  }
}
