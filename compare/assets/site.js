// Lets the reader choose the theme, sorts and filters tables, adds copy buttons to commands, and opens collapsed parts for printing.
"use strict";

(() => {
  function createElement(kind, properties) {
    return Object.assign(document.createElement(kind), properties);
  }

  /** Adds the choice of the theme. Without a script, or without a choice, it is that of the system. */
  function addThemeChoice() {
    const key = "reportgen-theme";
    const select = createElement("select", {});
    select.append(...["auto", "light", "dark"].map((theme) => new Option(theme, theme)));
    const apply = () => {
      if (select.value === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = select.value;
    };
    try {
      const stored = localStorage.getItem(key);
      if (["light", "dark"].includes(stored)) select.value = stored;
    } catch {
      // Some browsers store nothing for a page from a file.
    }
    apply();
    select.addEventListener("change", () => {
      apply();
      try {
        localStorage.setItem(key, select.value);
      } catch {
        // The choice holds for this page.
      }
    });
    const label = createElement("label", { className: "theme", textContent: "Theme " });
    label.append(select);
    const skip = document.querySelector(".skip");
    if (skip) skip.after(label);
    else document.body.prepend(label);
  }

  addThemeChoice();

  /** A text that screen readers announce when it changes. */
  function createStatus() {
    const status = createElement("span", { className: "quiet" });
    status.setAttribute("role", "status");
    return status;
  }

  /** The sort key of a cell: its data-value as a number (NaN if it is not one), otherwise its text. */
  function sortKey(cell) {
    const value = cell?.dataset.value;
    return value === undefined ? (cell?.textContent.trim() ?? "") : Number(value || NaN);
  }

  /** Rows sorted by a column; infinite and unknown values are last in both directions. */
  function sortRows(rows, column, descending) {
    const collator = new Intl.Collator(undefined, { numeric: true });
    const keyed = rows.map((row) => [sortKey(row.cells[column]), row]);
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b));
    const known = keyed.filter(([value]) => typeof value === "string" || Number.isFinite(value));
    known.sort(([a], [b]) => (descending ? compare(b, a) : compare(a, b)));
    return [...known, ...keyed.filter((pair) => !known.includes(pair))].map(([, row]) => row);
  }

  /** Turns the headings of a table into buttons: ascending, descending, original order. */
  function makeSortable(table, announce) {
    const [body] = table.tBodies;
    const original = [...body.rows];
    const headings = [...table.tHead.rows[0].cells];
    const nextOrder = { ascending: "descending", descending: null };
    headings.forEach((heading, column) => {
      const button = createElement("button", { type: "button", className: "sort" });
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const current = heading.getAttribute("aria-sort");
        const order = current ? nextOrder[current] : "ascending";
        for (const other of headings) other.removeAttribute("aria-sort");
        if (order) heading.setAttribute("aria-sort", order);
        body.append(...(order ? sortRows(original, column, order === "descending") : original));
        announce(order ? `Sorted by ${button.textContent.trim()}, ${order}` : "Original order");
      });
    });
  }

  /** Whether a row has a word in its text, or a number close to it among its values. */
  function matches(row, word) {
    if (row.textContent.toLowerCase().includes(word)) return true;
    const number = Number(word);
    const isClose = (cell) => Math.abs(Number(cell.dataset.value) - number) <= 0.005 * Math.abs(number);
    return /e|\./.test(word) && [...row.querySelectorAll("[data-value]")].some(isClose);
  }

  /** Hides the rows of a table that do not have all words in a field. */
  function makeFilterable(table, field, announce) {
    const rows = [...table.tBodies[0].rows];
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) row.hidden = !words.every((word) => matches(row, word));
      announce(`${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`);
    });
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const status = createStatus();
    const announce = (text) => (status.textContent = text);
    const tools = createElement("div", { className: "tools" });
    if (table.classList.contains("cells")) {
      const field = createElement("input", { type: "search", placeholder: "adam 1e-3 diverged" });
      const label = createElement("label", { textContent: "Filter rows " });
      label.append(field);
      tools.append(label);
      makeFilterable(table, field, announce);
    } else {
      status.className = "hidden";
    }
    tools.append(status);
    table.closest(".scroll").before(tools);
    makeSortable(table, announce);
  }

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => (button.textContent = "Copy"), 2500);
  }

  for (const text of document.querySelectorAll("pre")) {
    const button = createElement("button", { type: "button", className: "copy", textContent: "Copy" });
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => copy(text, button));
    text.before(button);
  }

  // On paper they cannot be opened.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });
})();
