// What pages have beside their text: tables that sort and filter, commands that can be copied, and all of it in print.
"use strict";

(() => {
  function made(kind, properties) {
    return Object.assign(document.createElement(kind), properties);
  }

  /** A line that is read out when it changes. */
  function spoken() {
    const line = made("span", { className: "quiet" });
    line.setAttribute("role", "status");
    return line;
  }

  /** What a cell is sorted by: its data-value as a number (NaN where that is none), or else its text. */
  function key(cell) {
    const value = cell?.dataset.value;
    return value === undefined ? (cell?.textContent.trim() ?? "") : Number(value || NaN);
  }

  /** Rows in order of a column; what is infinite or not known comes last, whichever way. */
  function ordered(rows, column, descending) {
    const words = new Intl.Collator(undefined, { numeric: true });
    const keyed = rows.map((row) => [key(row.cells[column]), row]);
    const apart = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : words.compare(a, b));
    const known = keyed.filter(([value]) => typeof value === "string" || Number.isFinite(value));
    known.sort(([a], [b]) => (descending ? apart(b, a) : apart(a, b)));
    return [...known, ...keyed.filter((pair) => !known.includes(pair))].map(([, row]) => row);
  }

  /** Makes buttons of the headings of a table: up, down, and as it was. */
  function sortable(table, say) {
    const [body] = table.tBodies;
    const original = [...body.rows];
    const headings = [...table.tHead.rows[0].cells];
    const then = { ascending: "descending", descending: null };
    headings.forEach((heading, column) => {
      const button = made("button", { type: "button", className: "sort" });
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const now = heading.getAttribute("aria-sort");
        const next = now ? then[now] : "ascending";
        for (const other of headings) other.removeAttribute("aria-sort");
        if (next) heading.setAttribute("aria-sort", next);
        body.append(...(next ? ordered(original, column, next === "descending") : original));
        say(next ? `Sorted by ${button.textContent.trim()}, ${next}` : "In the original order");
      });
    });
  }

  /** Whether a word occurs in a row, or the number that it says among its values. */
  function matches(row, word) {
    if (row.textContent.toLowerCase().includes(word)) return true;
    const number = Number(word);
    const near = (cell) => Math.abs(Number(cell.dataset.value) - number) <= 0.005 * Math.abs(number);
    return /e|\./.test(word) && [...row.querySelectorAll("[data-value]")].some(near);
  }

  /** Puts a field before a table that leaves the rows in which all of its words occur. */
  function filterable(table, field, say) {
    const rows = [...table.tBodies[0].rows];
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) row.hidden = !words.every((word) => matches(row, word));
      say(`${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`);
    });
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const line = spoken();
    const say = (text) => (line.textContent = text);
    const tools = made("div", { className: "tools" });
    if (table.classList.contains("cells")) {
      const field = made("input", { type: "search", placeholder: "adam 1e-3 diverged" });
      const label = made("label", { textContent: "Filter rows " });
      label.append(field);
      tools.append(label);
      filterable(table, field, say);
    } else {
      line.className = "hidden";
    }
    tools.append(line);
    table.closest(".scroll").before(tools);
    sortable(table, say);
  }

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = "Selected: now press Ctrl+C";
    }
    setTimeout(() => (button.textContent = "Copy"), 2500);
  }

  for (const text of document.querySelectorAll("pre")) {
    const button = made("button", { type: "button", className: "copy", textContent: "Copy" });
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => copy(text, button));
    text.before(button);
  }

  // Print has no way to open them.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });
})();
