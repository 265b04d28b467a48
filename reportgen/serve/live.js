// Reloads the page when its report changes, and shows errors of the edited files over it.
"use strict";

(() => {
  const key = `reportgen-live:${location.pathname}`;
  const { built } = document.currentScript.dataset;
  let version = 0;

  function openParts() {
    return [...document.querySelectorAll("details")].map((part) => part.open);
  }

  /** What the reader has done to the page: position, open parts, and the content of fields. */
  function remember() {
    const fields = [...document.querySelectorAll("input, select")].map((field) =>
      field.type === "checkbox" ? field.checked : field.value,
    );
    sessionStorage.setItem(key, JSON.stringify({ y: scrollY, parts: openParts(), fields }));
  }

  function restore() {
    const stored = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    if (!stored) return;
    const { y, parts, fields } = JSON.parse(stored);
    document.querySelectorAll("details").forEach((part, place) => {
      part.open = parts[place] ?? part.open;
    });
    document.querySelectorAll("input, select").forEach((field, place) => {
      const value = fields[place];
      if (value === undefined || field.type === "file") return;
      if (field.type === "checkbox") field.checked = value;
      else field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
    scrollTo({ top: y, behavior: "instant" });
  }

  function showError(text) {
    let box = document.querySelector("#reportgen-error");
    if (!text) {
      box?.remove();
      return;
    }
    if (!box) {
      box = document.createElement("pre");
      box.id = "reportgen-error";
      box.setAttribute("role", "alert");
      Object.assign(box.style, {
        position: "fixed", inset: "auto 0 0 0", zIndex: 99, margin: 0, padding: "1rem 1.5rem", maxHeight: "50vh",
        overflow: "auto", whiteSpace: "pre-wrap", background: "#5c1018", color: "#fff", font: "14px/1.5 monospace",
      });
      document.body.append(box);
    }
    box.textContent = text;
  }

  async function follow() {
    for (;;) {
      try {
        const response = await fetch(`/-/status?version=${version}`);
        const status = await response.json();
        showError(status.error);
        version = status.version;
        if (String(status.built) !== built) {
          remember();
          location.reload();
          return;
        }
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  addEventListener("load", () => {
    restore();
    follow();
  });
})();
