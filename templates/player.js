// The player of a loss page: draws the paths of the selected optimizers up to a step, and advances that step.
"use strict";

(() => {
  const FRAMES_PER_SECOND = 12;
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

  /** Decodes integers in base 64 with a continuation bit, as in source maps. */
  function decodeIntegers(text) {
    const integers = [];
    let value = 0;
    let shift = 0;
    for (const letter of text) {
      const digit = LETTERS.indexOf(letter);
      value += (digit & 31) << shift;
      shift += 5;
      if (digit & 32) continue;
      integers.push(value & 1 ? -(value >> 1) : value >> 1);
      value = shift = 0;
    }
    return integers;
  }

  /** Adds to an encoded path its points in pixels and the code of its gap at each of them. */
  function decodePath(path, grid) {
    const points = [];
    const gaps = [];
    const moves = decodeIntegers(path.moves);
    let [x, y, gap] = [0, 0, 0];
    for (let at = 0; at < moves.length; at += 3) {
      x += moves[at];
      y += moves[at + 1];
      gap += moves[at + 2];
      points.push([x / grid, y / grid]);
      gaps.push(gap);
    }
    return { ...path, points, gaps };
  }

  /** The gap with a code of 90 * power + digits - 10, written as in the rest of the page. */
  function formatGap(code, floor) {
    if (floor === null) return "n/a";
    if (code <= floor) return "≤ 0";
    const power = Math.floor(code / 90);
    const digits = code - 90 * power + 10;
    if (power >= -2 && power < 4) {
      const [integer, decimals] = (digits * 10 ** (power - 1)).toFixed(Math.max(1 - power, 0)).split(".");
      const fraction = (decimals ?? "").replace(/0+$/, "");
      return formatInteger(integer) + (fraction && `.${fraction}`);
    }
    const tens = [...String(power)].map((sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign])).join("");
    return digits === 10 ? `10${tens}` : `${digits / 10}·10${tens}`;
  }

  /** An integer with thin spaces between thousands, as in the rest of the page. */
  function formatInteger(number) {
    return String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  }

  /** One optimizer: its row in the table, its path and the head of the path. */
  class Runner {
    constructor(row, track, head, paths, data) {
      Object.assign(this, { row, track, head, paths, data });
      this.name = row.querySelector("label").textContent.trim();
      this.box = row.querySelector("input");
      this.rate = row.querySelector("select");
      this.cache = new Map();
    }

    get path() {
      const path = this.rate && this.paths[this.rate.value];
      if (!path) return null;
      if (!this.cache.has(path)) this.cache.set(path, decodePath(path, this.data.grid));
      return this.cache.get(path);
    }

    /** The state of the run at a frame: a class of its head, its gap, and a text. */
    state(path, frame) {
      const { steps, outcomes } = this.data;
      const isLast = frame === steps.length - 1;
      const isPast = (step) => step !== undefined && (step <= steps[frame] || isLast);
      const isOutside = path.left && frame >= path.points.length - 1;
      const outcome = isLast ? outcomes[path.outcome] : "";
      if (isPast(path.diverged)) {
        return [isOutside ? "left" : "lost", "∞", `✕ diverged at ${formatInteger(path.diverged)}`];
      }
      if (isOutside) return ["left", "–", `outside from ${formatInteger(path.left[0])}${outcome && `, ${outcome}`}`];
      const gap = formatGap(path.gaps[Math.min(frame, path.gaps.length - 1)], this.data.floor);
      if (isPast(path.solved)) return ["solved", gap, `● solved at ${formatInteger(path.solved)}`];
      return ["", gap, outcome];
    }

    draw(frame) {
      const path = this.box.checked ? this.path : null;
      this.row.classList.toggle("off", !this.box.checked);
      this.head.setAttribute("display", path ? "inline" : "none");
      if (!path) {
        this.track.removeAttribute("d");
        this.write("–", "no path");
        return;
      }
      const at = Math.min(frame, path.points.length - 1);
      const [x, y] = path.points[at];
      const [mark, gap, text] = this.state(path, frame);
      this.track.setAttribute("d", `M${path.points.slice(0, at + 1).join("L")}`);
      this.track.setAttribute("stroke-width", path.width);
      const turn = mark === "left" ? ` rotate(${path.left[1]})` : "";
      this.head.setAttribute("transform", `translate(${x} ${y})${turn}`);
      for (const name of ["left", "lost", "solved"]) this.head.classList.toggle(name, name === mark);
      this.write(gap, text);
    }

    /** Writes the gap and the state into the row. */
    write(gap, text) {
      this.row.querySelector(".gap").textContent = gap;
      this.row.querySelector(".state").textContent = text;
    }

    /** The row as a sentence for screen readers. */
    describe() {
      const text = (name) => this.row.querySelector(name).textContent;
      return `${this.name}: gap ${text(".gap")}${text(".state") && `, ${text(".state")}`}`;
    }
  }

  class Player {
    constructor(element) {
      const all = (name) => [...element.querySelectorAll(name)];
      const data = JSON.parse(element.querySelector("script").textContent);
      const [tracks, heads] = [all(".track"), all(".head")];
      this.element = element;
      this.steps = data.steps;
      this.runners = all("tbody tr").map((row, i) => new Runner(row, tracks[i], heads[i], data.paths[i], data));
      for (const name of ["play", "seek", "speed", "all", "step"]) this[name] = element.querySelector(`.${name}`);
      this.listen();
      this.respectReducedMotion();
      this.show(this.last);
      element.hidden = false;
      this.showLinked();
    }

    /** Selects the run that the address of the page names, and scrolls to it. */
    showLinked() {
      const anchor = decodeURIComponent(location.hash.slice(1));
      const option = anchor && this.element.querySelector(`option[data-anchor="${CSS.escape(anchor)}"]`);
      if (!option || option.disabled) return;
      const row = option.closest("tr");
      row.querySelector("select").value = option.value;
      row.querySelector("[type=checkbox]").checked = true;
      this.all.value = "mixed";
      this.show(this.last);
      this.element.scrollIntoView();
    }

    get last() {
      return this.steps.length - 1;
    }

    get playing() {
      return this.element.classList.contains("playing");
    }

    listen() {
      this.play.addEventListener("click", () => this.toggle());
      this.seek.addEventListener("input", () => this.jump(Number(this.seek.value)));
      this.all.addEventListener("change", () => this.chooseRate(this.all.value));
      this.element.querySelector("tbody").addEventListener("change", (event) => {
        if (event.target.matches("select")) this.all.value = "mixed";
        this.show(this.frame);
      });
      this.element.querySelector(".stage").addEventListener("click", () => {
        this.seek.focus({ preventScroll: true });
        this.toggle();
      });
      addEventListener("hashchange", () => this.showLinked());
      this.element.addEventListener("keydown", (event) => this.press(event));
      reducedMotion.addEventListener("change", () => this.respectReducedMotion());
    }

    /** Handles a key anywhere in the player, unless the focused control uses it. */
    press(event) {
      const focused = event.target;
      if (event.ctrlKey || event.altKey || event.metaKey || focused.matches("select")) return;
      if (event.key === " " && focused.matches("button, [type=checkbox]")) return;
      const actions = {
        " ": () => this.toggle(),
        ArrowRight: () => this.jump(this.frame + 1),
        ArrowUp: () => this.jump(this.frame + 1),
        ArrowLeft: () => this.jump(this.frame - 1),
        ArrowDown: () => this.jump(this.frame - 1),
        Home: () => this.jump(0),
        End: () => this.jump(this.last),
      };
      if (!actions[event.key]) return;
      event.preventDefault();
      actions[event.key]();
    }

    /** Disables playing if the reader prefers reduced motion. The complete paths remain visible. */
    respectReducedMotion() {
      this.play.disabled = reducedMotion.matches;
      if (reducedMotion.matches) this.pause();
    }

    /** Selects one learning rate for all optimizers, or the best one of each. Without a run there is no path. */
    chooseRate(rate) {
      for (const { rate: select } of this.runners.filter((runner) => runner.rate)) {
        const option = rate === "best" ? "option[data-best]" : `option[value="${rate}"]`;
        select.selectedIndex = select.querySelector(option)?.index ?? -1;
      }
      this.show(this.frame);
    }

    toggle() {
      if (this.playing) this.pause();
      else if (!reducedMotion.matches) this.start();
    }

    start() {
      if (this.frame === this.last) this.show(0);
      this.element.classList.add("playing");
      this.play.textContent = "Pause";
      this.dueFrames = 0;
      this.lastTick = undefined;
      this.scheduleTick();
    }

    scheduleTick() {
      this.request = requestAnimationFrame((now) => this.tick(now));
    }

    pause() {
      if (!this.playing) return;
      cancelAnimationFrame(this.request);
      this.element.classList.remove("playing");
      this.play.textContent = "Play";
      this.announce();
    }

    tick(now) {
      const elapsed = Math.min(now - (this.lastTick ?? now), 250);
      this.lastTick = now;
      this.dueFrames += (elapsed / 1000) * FRAMES_PER_SECOND * Number(this.speed.value);
      const frame = Math.min(this.frame + Math.floor(this.dueFrames), this.last);
      this.dueFrames %= 1;
      if (frame !== this.frame) this.show(frame);
      if (frame === this.last) this.pause();
      else this.scheduleTick();
    }

    /** Shows the frame that the reader chose, and stops playing. */
    jump(frame) {
      this.pause();
      this.show(Math.min(Math.max(frame, 0), this.last));
    }

    show(frame) {
      this.frame = frame;
      this.seek.value = frame;
      this.seek.setAttribute("aria-valuetext", `step ${formatInteger(this.steps[frame])}`);
      this.step.textContent = formatInteger(this.steps[frame]);
      for (const runner of this.runners) runner.draw(frame);
    }

    /** Writes the state of all visible runs for screen readers. */
    announce() {
      const visible = this.runners.filter((runner) => runner.box.checked && runner.path);
      const states = visible.map((runner) => runner.describe()).join("; ");
      const step = formatInteger(this.steps[this.frame]);
      this.element.querySelector("[role=status]").textContent = `Paused at step ${step}. ${states}`;
    }
  }

  for (const element of document.querySelectorAll(".player")) new Player(element);
})();
