import uplotCode from "uplot/dist/uPlot.esm.js" with { type: "text" };
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import baseStyle from "./page/base.css" with { type: "text" };
import controlsStyle from "./page/controls.css" with { type: "text" };
import panelsStyle from "./page/panels.css" with { type: "text" };
import tablesStyle from "./page/tables.css" with { type: "text" };
import index from "./page/index.html" with { type: "text" };
import appCode from "./page/app.js" with { type: "text" };
import chartCode from "./page/chart.js" with { type: "text" };
import domCode from "./page/dom.js" with { type: "text" };
import formatCode from "./page/format.js" with { type: "text" };
import queryCode from "./page/query.js" with { type: "text" };
import tablesCode from "./page/tables.js" with { type: "text" };
import login from "./page/login.html" with { type: "text" };
import { DIMENSIONS } from "./live/dimensions.ts";
import { QUERY_KEYS } from "./query/query.ts";
import { WHERE_EXAMPLES } from "./query/where.ts";

/** A file of the page. */
export interface Asset {
  readonly type: string;
  readonly text: string;
  /** Whether it is for visitors who are known only. */
  readonly guarded: boolean;
}

const HTML = "text/html; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

/** The login form. */
export const LOGIN_PAGE: Asset = { type: HTML, text: login, guarded: false };

/** What can be chosen on the page, from the tables that the API has it from. */
function withChoices(page: string): string {
  const tabs = DIMENSIONS.map(({ id, title }, index) =>
    `<button type="button" role="tab" id="tab-${id}" data-by="${id}" aria-controls="top-panel" ` +
    `aria-selected="${index === 0}" tabindex="${index === 0 ? 0 : -1}">${title}</button>`
  );
  const stacks = DIMENSIONS.filter(({ stack }) => stack).map(({ id, title }) =>
    `<option value="${id}"${id === STACK_FIRST ? " selected" : ""}>${title}</option>`
  );
  const keys = QUERY_KEYS.map((key) =>
    `<option value="${key}">${key.replace(/^ip-/, "")}</option>`
  );
  const examples = WHERE_EXAMPLES.map(([expression, meaning]) => {
    const text = expression.replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return `<li><code>${text}</code> ${meaning}</li>`;
  });
  return page.replace("<!-- tabs -->", tabs.join(""))
    .replace("<!-- stacks -->", stacks.join(""))
    .replaceAll("<!-- keys -->", keys.join(""))
    .replace("<!-- examples -->", examples.join(""));
}

/** What traffic is stacked by until somebody chooses. */
const STACK_FIRST = "protocol";

function open(type: string, text: string): Asset {
  return { type, text, guarded: false };
}

/** The files of the page by their path: they are part of the program, none is read from disk. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ["/", { type: HTML, text: withChoices(index), guarded: true }],
  ["/login", LOGIN_PAGE],
  ["/assets/icon.svg", open("image/svg+xml", icon)],
  ["/assets/base.css", open(STYLE, baseStyle)],
  ["/assets/panels.css", open(STYLE, panelsStyle)],
  ["/assets/controls.css", open(STYLE, controlsStyle)],
  ["/assets/tables.css", open(STYLE, tablesStyle)],
  ["/assets/uplot.css", open(STYLE, uplotStyle)],
  ["/assets/uplot.js", open(SCRIPT, uplotCode)],
  ["/assets/app.js", open(SCRIPT, appCode)],
  ["/assets/chart.js", open(SCRIPT, chartCode)],
  ["/assets/dom.js", open(SCRIPT, domCode)],
  ["/assets/format.js", open(SCRIPT, formatCode)],
  ["/assets/query.js", open(SCRIPT, queryCode)],
  ["/assets/tables.js", open(SCRIPT, tablesCode)],
]);
