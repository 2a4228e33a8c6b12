/** The query box. */
import { byId, cell, element, headCell, numberCell, row, setRows, setText } from "./dom.js";
import { bytes, count, whole } from "./format.js";

/**
 * Makes the form work.
 *
 * @param {(path: string) => Promise<unknown>} ask Asks the API
 */
export function startQuery(ask) {
  const form = byId("query-form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = byId("query-run");
    if (button.getAttribute("aria-disabled") === "true") return;
    // A button that is disabled for good would lose the focus.
    button.setAttribute("aria-disabled", "true");
    byId("query-error").hidden = true;
    setText("query-status", "Looking…");
    try {
      show(await ask(`/api/v1/query?${parameters(new FormData(form))}`));
    } catch (error) {
      setText("query-status", "");
      // Below the first line the place of the fault is drawn.
      const [fault, ...place] = error.message.split("\n");
      setText("query-fault", fault);
      setText("query-place", place.join("\n"));
      byId("query-place").hidden = place.length === 0;
      byId("query-error").hidden = false;
      byId("query-result").hidden = true;
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
}

function parameters(form) {
  const text = (name) => String(form.get(name) ?? "");
  const chosen = new URLSearchParams({
    keys: [...new Set([text("key"), text("key2")])].filter((key) => key !== "").join(","),
    source: text("source"),
    sort: text("sort"),
    limit: text("limit"),
  });
  if (text("where").trim() !== "") {
    chosen.set("where", text("where").trim());
    chosen.set("tz", Intl.DateTimeFormat().resolvedOptions().timeZone ?? "local");
  }
  for (const name of ["from", "to"]) {
    // Times of the form are local ones.
    const at = Date.parse(text(name));
    if (!Number.isNaN(at)) chosen.set(name, String(Math.floor(at / 1000)));
  }
  return chosen;
}

function show(answer) {
  const { keys, rows, total, groups, scanned, matched, files, skipped, notes } = answer;
  const heads = keys.map((key) => element("th", { scope: "col" }, key.replace(/^ip-/, "")));
  const sums = ["Bytes", "Packets", "Flows"].map((name) => {
    return element("th", { scope: "col", class: "number" }, name);
  });
  setRows("query-table", "thead", [row([...heads, ...sums])]);
  setRows(
    "query-table",
    "tbody",
    rows.map(({ key, octets, packets, flows }) => {
      const [first, ...more] = key.map(String);
      return row([
        headCell(first),
        ...more.map((text) => cell(text)),
        ...sumCells(octets, packets, flows),
      ]);
    }),
  );
  const foot = [element("th", { scope: "row", colspan: String(keys.length) }, "Total")];
  setRows("query-table", "tfoot", [
    row([...foot, ...sumCells(total.octets, total.packets, total.flows)], { class: "sum" }),
  ]);
  const where = files > 0 ? ` in ${whole(files)} file${files === 1 ? "" : "s"}` : "";
  const left = leftOut(skipped);
  const parts = [
    `${whole(matched)} of ${whole(scanned)} flows${where} count`,
    `${whole(rows.length)} of ${whole(groups)} groups shown`,
    ...left.length > 0 ? [`not looked at: ${left.join("; ")}`] : [],
    ...notes,
  ];
  setText("query-status", `${parts.join(", ")}.`);
  byId("query-result").hidden = false;
}

/** What was not looked at: many files mostly have one reason. */
function leftOut(skipped) {
  const byReason = Map.groupBy(skipped, ({ reason }) => reason);
  return [...byReason].map(([reason, rows]) => {
    const [{ source }] = rows;
    const more = rows.length > 1 ? ` and ${whole(rows.length - 1)} more` : "";
    return `${source}${more}: ${reason}`;
  });
}

function sumCells(octets, packets, flows) {
  return [
    numberCell(bytes(octets), whole(octets)),
    numberCell(count(packets), whole(packets)),
    numberCell(count(flows), whole(flows)),
  ];
}
