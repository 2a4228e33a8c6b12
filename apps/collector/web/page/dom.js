/** Building the page: text always becomes text nodes, never markup. */

/**
 * An element that must be there.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element "${id}"`);
  return found;
}

/**
 * Makes an element.
 *
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A cell of a table. */
export function cell(...children) {
  return element("td", {}, ...children);
}

/** A cell of a table that holds a number. */
export function numberCell(text, title) {
  return element(
    "td",
    title === undefined ? { class: "number" } : { class: "number", title },
    text,
  );
}

/** The cell that a row is named by. */
export function headCell(...children) {
  return element("th", { scope: "row" }, ...children);
}

/** A row of a table. */
export function row(cells, attributes = {}) {
  return element("tr", attributes, ...cells);
}

/** One row that says that there are none. */
export function noRows(columns, text) {
  return row([element("td", { colspan: String(columns), class: "none" }, text)]);
}

/** Sets the text of an element, where it is another one. */
export function setText(id, text) {
  const target = byId(id);
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Puts rows into a part of a table.
 *
 * @param {string} id The table
 * @param {"thead" | "tbody" | "tfoot"} part
 * @param {readonly Node[]} rows
 */
export function setRows(id, part, rows) {
  byId(id).querySelector(part).replaceChildren(...rows);
}
