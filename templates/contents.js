// Marks the section in view in the table of contents, and shows only the sections of its page.
"use strict";

(() => {
  const contents = document.querySelector(".contents");
  if (!contents) return;
  const details = contents.querySelector("details");
  const summary = details.querySelector("summary");
  const wide = matchMedia("(min-width: 64rem)");
  const links = [...contents.querySelectorAll("a")];
  const targets = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
  const here = Object.assign(document.createElement("span"), { className: "here" });
  summary.append(here);
  contents.classList.add("short");
  let current = null;

  /** The place of the last section that begins above a line near the top of the window; at the ends, the line moves. */
  function placeInView() {
    const rest = document.documentElement.scrollHeight - innerHeight - scrollY;
    const line = Math.max(Math.min(100, scrollY), innerHeight - rest);
    let low = 0;
    let high = targets.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (targets[middle].getBoundingClientRect().top <= line) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The link to the page that a link leads into. */
  function pageLink(link) {
    return link.closest("a + ul")?.previousElementSibling ?? link;
  }

  function showCurrent(link) {
    if (link === current) return;
    current?.removeAttribute("aria-current");
    for (const open of contents.querySelectorAll("li.open")) open.classList.remove("open");
    current = link;
    const page = pageLink(link);
    link.setAttribute("aria-current", "true");
    page.parentElement.classList.add("open");
    here.textContent = ` · ${page === link ? "" : `${page.textContent}: `}${link.textContent}`;
    const [box, frame] = [link.getBoundingClientRect(), contents.getBoundingClientRect()];
    if (box.top < frame.top || box.bottom > frame.bottom) contents.scrollTop += box.top - frame.top - frame.height / 3;
  }

  let isPlanned = false;
  function plan() {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(() => {
      isPlanned = false;
      showCurrent(links[placeInView()]);
    });
  }

  addEventListener("scroll", plan, { passive: true });
  addEventListener("resize", plan);
  plan();

  // On a narrow screen the open list covers the page.
  const close = () => (details.open = wide.matches);
  wide.addEventListener("change", close);
  close();
  contents.addEventListener("click", (event) => {
    if (event.target.closest("a")) close();
  });
  contents.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || wide.matches) return;
    details.open = false;
    summary.focus();
  });
})();
