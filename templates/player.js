// The player on a loss's page: draws the paths of the chosen optimizers up to a step, and moves that step on.
"use strict";

(() => {
  const FRAMES_A_SECOND = 12;
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");

  /** The integers of a text in base 64 with a continuation bit, as source maps have them. */
  function integers(text) {
    const found = [];
    let value = 0;
    let shift = 0;
    for (const letter of text) {
      const digit = LETTERS.indexOf(letter);
      value += (digit & 31) << shift;
      shift += 5;
      if (digit & 32) continue;
      found.push(value & 1 ? -(value >> 1) : value >> 1);
      value = shift = 0;
    }
    return found;
  }

  /** A path as the page has it -> its points in pixels, and the code of its gap at each. */
  function unpacked(path, grid) {
    const points = [];
    const gaps = [];
    const moves = integers(path.moves);
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

  /** 90 * power + digits - 10 -> the number in words, as the rest of the page writes it. */
  function written(code, floor) {
    if (floor === null) return "n/a";
    if (code <= floor) return "≤ 0";
    const power = Math.floor(code / 90);
    const digits = code - 90 * power + 10;
    if (power >= -2 && power < 4) {
      const [whole, rest] = (digits * 10 ** (power - 1)).toFixed(Math.max(1 - power, 0)).split(".");
      const part = (rest ?? "").replace(/0+$/, "");
      return grouped(whole) + (part && `.${part}`);
    }
    const tens = [...String(power)].map((sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign])).join("");
    return digits === 10 ? `10${tens}` : `${digits / 10}·10${tens}`;
  }

  /** A whole number as the page writes it: thin spaces between thousands. */
  function grouped(number) {
    return String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  }

  /** One row: an optimizer with its choices, its track and the head of the track. */
  class Runner {
    constructor(row, track, head, paths, told) {
      Object.assign(this, { row, track, head, paths, told });
      this.name = row.querySelector("label").textContent.trim();
      this.box = row.querySelector("input");
      this.rate = row.querySelector("select");
      this.cache = new Map();
    }

    get path() {
      const path = this.rate && this.paths[this.rate.value];
      if (!path) return null;
      if (!this.cache.has(path)) this.cache.set(path, unpacked(path, this.told.grid));
      return this.cache.get(path);
    }

    /** What had become of the run by a frame: a class for its head, its gap, and words. */
    fate(path, frame) {
      const { steps, outcomes } = this.told;
      const last = frame === steps.length - 1;
      const by = (when) => when !== undefined && (when <= steps[frame] || last);
      const left = path.left && frame >= path.points.length - 1;
      const end = last ? outcomes[path.outcome] : "";
      if (by(path.diverged)) return [left ? "left" : "lost", "∞", `✕ diverged at ${grouped(path.diverged)}`];
      if (left) return ["left", "–", `left by ${grouped(path.left[0])}${end && `, ${end}`}`];
      const gap = written(path.gaps[Math.min(frame, path.gaps.length - 1)], this.told.floor);
      if (by(path.solved)) return ["solved", gap, `● solved at ${grouped(path.solved)}`];
      return ["", gap, end];
    }

    draw(frame) {
      const path = this.box.checked ? this.path : null;
      this.row.classList.toggle("off", !this.box.checked);
      this.head.setAttribute("display", path ? "inline" : "none");
      if (!path) {
        this.track.removeAttribute("d");
        this.tell("–", "no path");
        return;
      }
      const at = Math.min(frame, path.points.length - 1);
      const [x, y] = path.points[at];
      const [mark, gap, words] = this.fate(path, frame);
      this.track.setAttribute("d", `M${path.points.slice(0, at + 1).join("L")}`);
      this.track.setAttribute("stroke-width", path.width);
      const turn = mark === "left" ? ` rotate(${path.left[1]})` : "";
      this.head.setAttribute("transform", `translate(${x} ${y})${turn}`);
      for (const name of ["left", "lost", "solved"]) this.head.classList.toggle(name, name === mark);
      this.tell(gap, words);
    }

    tell(gap, words) {
      this.row.querySelector(".gap").textContent = gap;
      this.row.querySelector(".fate").textContent = words;
    }

    spoken() {
      const text = (name) => this.row.querySelector(name).textContent;
      return `${this.name}: gap ${text(".gap")}${text(".fate") && `, ${text(".fate")}`}`;
    }
  }

  class Player {
    constructor(element) {
      const all = (name) => [...element.querySelectorAll(name)];
      const told = JSON.parse(element.querySelector("script").textContent);
      const [tracks, heads] = [all(".track"), all(".head")];
      this.element = element;
      this.steps = told.steps;
      this.runners = all("tbody tr").map((row, i) => new Runner(row, tracks[i], heads[i], told.paths[i], told));
      for (const name of ["play", "seek", "speed", "all", "step"]) this[name] = element.querySelector(`.${name}`);
      this.listen();
      this.quieten();
      this.show(this.last);
      element.hidden = false;
    }

    get last() {
      return this.steps.length - 1;
    }

    get playing() {
      return this.element.classList.contains("playing");
    }

    listen() {
      this.play.addEventListener("click", () => this.toggle());
      this.seek.addEventListener("input", () => this.go(Number(this.seek.value)));
      this.all.addEventListener("change", () => this.choose(this.all.value));
      this.element.querySelector("tbody").addEventListener("change", (event) => {
        if (event.target.matches("select")) this.all.value = "mixed";
        this.show(this.frame);
      });
      this.element.querySelector(".stage").addEventListener("click", () => {
        this.seek.focus({ preventScroll: true });
        this.toggle();
      });
      this.element.addEventListener("keydown", (event) => this.press(event));
      stillness.addEventListener("change", () => this.quieten());
    }

    /** Keys, wherever the focus is in the player, unless they mean something to what has it. */
    press(event) {
      const at = event.target;
      if (event.ctrlKey || event.altKey || event.metaKey || at.matches("select")) return;
      if (event.key === " " && at.matches("button, [type=checkbox]")) return;
      const moves = {
        " ": () => this.toggle(),
        ArrowRight: () => this.go(this.frame + 1),
        ArrowUp: () => this.go(this.frame + 1),
        ArrowLeft: () => this.go(this.frame - 1),
        ArrowDown: () => this.go(this.frame - 1),
        Home: () => this.go(0),
        End: () => this.go(this.last),
      };
      if (!moves[event.key]) return;
      event.preventDefault();
      moves[event.key]();
    }

    /** Where the reader wants less motion nothing plays, and the whole paths are there to look at. */
    quieten() {
      this.play.disabled = stillness.matches;
      if (stillness.matches) this.pause();
    }

    /** The same rate for all, of which those that were not run at it have no path, or each its best. */
    choose(rate) {
      for (const { rate: select } of this.runners.filter((runner) => runner.rate)) {
        const wanted = rate === "best" ? "option[data-best]" : `option[value="${rate}"]`;
        select.selectedIndex = select.querySelector(wanted)?.index ?? -1;
      }
      this.show(this.frame);
    }

    toggle() {
      if (this.playing) this.pause();
      else if (!stillness.matches) this.start();
    }

    start() {
      if (this.frame === this.last) this.show(0);
      this.element.classList.add("playing");
      this.play.textContent = "Pause";
      this.due = 0;
      this.before = undefined;
      this.next();
    }

    next() {
      this.waiting = requestAnimationFrame((now) => this.tick(now));
    }

    pause() {
      if (!this.playing) return;
      cancelAnimationFrame(this.waiting);
      this.element.classList.remove("playing");
      this.play.textContent = "Play";
      this.say();
    }

    tick(now) {
      const elapsed = Math.min(now - (this.before ?? now), 250);
      this.before = now;
      this.due += (elapsed / 1000) * FRAMES_A_SECOND * Number(this.speed.value);
      const frame = Math.min(this.frame + Math.floor(this.due), this.last);
      this.due %= 1;
      if (frame !== this.frame) this.show(frame);
      if (frame === this.last) this.pause();
      else this.next();
    }

    /** To a frame of the reader's choice, which ends the playing. */
    go(frame) {
      this.pause();
      this.show(Math.min(Math.max(frame, 0), this.last));
    }

    show(frame) {
      this.frame = frame;
      this.seek.value = frame;
      this.seek.setAttribute("aria-valuetext", `step ${grouped(this.steps[frame])}`);
      this.step.textContent = grouped(this.steps[frame]);
      for (const runner of this.runners) runner.draw(frame);
    }

    say() {
      const shown = this.runners.filter((runner) => runner.box.checked && runner.path);
      const told = shown.map((runner) => runner.spoken()).join("; ");
      this.element.querySelector("[role=status]").textContent = `Paused at step ${grouped(this.steps[this.frame])}. ${told}`;
    }
  }

  for (const element of document.querySelectorAll(".player")) new Player(element);
})();
