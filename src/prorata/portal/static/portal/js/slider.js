// The slider cards. This moves the drawing and asks the server for the price; it never works out an amount.
const form = document.getElementById("change-form");
const GAP = "\u00a0", MINUS = "\u2212", FIGURE = 7, AIR = 5.5, WIDE = 470, NARROW = 262;
const percent = (share) => `${share * 100}%`;
const fill = (sentence, words) => sentence.replace(/\{(\w+)\}/g, (_, word) => words[word]);

class Card {
  constructor(card) {
    this.card = card;
    this.marks = card.dataset.marks.split(" ").map(Number);
    this.allowed = card.dataset.allowed.split(" ").map(Number);
    this.current = Number(card.dataset.current);
    this.value = Number(card.dataset.value);
    this.unit = card.dataset.unit ? GAP + card.dataset.unit : "";
    this.field = card.querySelector(".field input");
    this.scale = card.querySelector(".scale");
    this.last = this.marks.length - 1;
    const { floor, high, currentAt } = this.scale.dataset;
    this.scale.style.setProperty("--f", floor);
    this.scale.style.setProperty("--h", high);
    this.scale.style.setProperty("--c", currentAt);
    this.makeRange(Number(floor), Number(high));
    this.listen();
    this.draw();
    this.scale.classList.add("live");
  }

  makeRange(floor, high) {
    const range = document.createElement("input");
    range.type = "range";
    range.min = Math.round(floor * this.last);
    range.max = Math.round(high * this.last);
    range.setAttribute("aria-labelledby", `label-${this.card.dataset.card}`);
    range.setAttribute("aria-describedby", `about-${this.card.dataset.card}`);
    range.disabled = this.allowed.length < 2;
    this.scale.append(range);
    this.range = range;
  }

  listen() {
    const on = (selector, action) => this.card.querySelector(selector)?.addEventListener("click", action);
    this.range.addEventListener("input", () => this.go(this.nearest(this.marks[this.range.value])));
    on("[data-less]", () => this.step(-1));
    on("[data-more]", () => this.step(+1));
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.go(this.value);
      if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        event.preventDefault();
        this.step(event.key === "ArrowUp" ? 1 : -1);
      }
    });
    for (const pick of this.card.querySelectorAll("[data-pick]")) pick.addEventListener("click", () => this.go(Number(pick.dataset.pick)));
  }

  nearest(value) {
    return this.allowed.reduce((best, one) => (Math.abs(one - value) < Math.abs(best - value) ? one : best));
  }

  // From what stands in the field, also where that is refused: a value between or beyond the stops goes to the next one.
  step(by) {
    const typed = this.number();
    const from = Number.isNaN(typed) ? this.value : typed;
    const next = by > 0 ? this.allowed.find((one) => one > from) : this.allowed.findLast((one) => one < from);
    if (next !== undefined) this.go(next);
  }

  number() {
    return /^\d{1,9}$/.test(this.field.value.trim()) ? Number(this.field.value) : NaN;
  }

  // What was typed is never cleared: the server says beside the field what is wrong with it.
  typed() {
    const value = this.number();
    if (this.allowed.includes(value)) {
      this.value = value;
      this.draw();
    }
    ask();
  }

  go(value) {
    this.value = value;
    this.field.value = value;
    this.draw();
    ask();
  }

  draw() {
    const { card, scale, value, current } = this;
    const at = this.marks.indexOf(value) / this.last, now = Number(scale.dataset.currentAt);
    const from = Math.max(Number(scale.dataset.floorAt), Number(scale.dataset.usedAt));
    const high = Number(scale.dataset.high), by = value - current;
    const direction = by > 0 ? "up" : by < 0 ? "down" : "same";
    scale.dataset.dir = direction;
    scale.style.setProperty("--v", at);
    scale.classList.toggle("edge-start", direction === "same" && at < 0.08);
    scale.classList.toggle("edge-end", Math.min(at, now) > 0.78);
    const zones = { room: [Math.max(now, at), high], kept: [from, Math.min(now, at)], added: [now, at], given: [at, now] };
    for (const [kind, [start, end]] of Object.entries(zones)) {
      const zone = scale.querySelector(`[data-zone=${kind}]`);
      zone.setAttribute("x", percent(start));
      zone.setAttribute("width", percent(Math.max(end - start, 0)));
    }
    for (const part of scale.querySelectorAll("[data-gap], [data-dim]")) part.setAttribute("x2", percent(at));
    scale.querySelector("[data-gap]").setAttribute("x1", percent(at));
    const mark = scale.querySelector("[data-at]");
    mark.setAttribute("x", percent(at));
    mark.querySelector("text").textContent = value;
    for (const other of scale.querySelectorAll("[data-mark]")) {
      const away = Math.abs(Number(other.dataset.mark) - at);
      const needed = ((Number(other.dataset.digits) + String(value).length) * FIGURE) / 2 + AIR;
      other.classList.toggle("near", away < needed / WIDE);
      other.classList.toggle("nearish", away < needed / NARROW);
    }
    const size = Math.abs(by);
    scale.querySelector(".delta").textContent = by ? (by > 0 ? "+" : MINUS) + size + this.unit : "";
    this.range.value = Math.round(at * this.last);
    const { sayMore, sayLess, saySame } = card.dataset;
    const sentence = direction === "up" ? sayMore : direction === "down" ? sayLess : saySame;
    this.range.setAttribute("aria-valuetext", fill(sentence, { value: value + this.unit, by: size }));
    card.querySelector("[data-less]").setAttribute("aria-disabled", value <= this.allowed[0]);
    card.querySelector("[data-more]").setAttribute("aria-disabled", value >= this.allowed.at(-1));
    for (const pick of card.querySelectorAll("[data-pick]")) pick.setAttribute("aria-pressed", Number(pick.dataset.pick) === value);
    for (const block of card.querySelectorAll("[data-block]")) block.hidden = value !== (block.dataset.block === "floor" ? this.allowed[0] : this.allowed.at(-1));
  }
}

// ---- the estimate ------------------------------------------------------------------------------------------

let waiting, slow, saying;
const panel = () => document.getElementById("estimate");

function ask() {
  clearTimeout(waiting);
  panel().setAttribute("aria-busy", "true");
  panel().classList.remove("is-failed");
  form.classList.add("waiting");
  waiting = setTimeout(() => { waiting = 0; form.dispatchEvent(new Event("estimate")); }, 220);
  clearTimeout(slow);
  slow = setTimeout(() => panel().classList.add("is-slow"), 2200);
  keep();
}

function arrived() {
  // The answer to an earlier question: what was chosen since then is asked for in a moment.
  if (waiting) panel().setAttribute("aria-busy", "true");
  else { clearTimeout(slow); form.classList.remove("waiting"); }
  for (const card of document.querySelectorAll("[data-card]")) {
    const wrong = Boolean(card.querySelector(".err")?.textContent.trim());
    card.classList.toggle("wrong", wrong);
    // An empty aria-invalid means "valid": the word must stand there.
    const field = card.querySelector(".field input");
    if (wrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
  if (sessionStorage.getItem("how") === "open") panel().querySelector("details.how")?.setAttribute("open", "");
  clearTimeout(saying);
  saying = setTimeout(() => { document.getElementById("said").textContent = panel().dataset.say || ""; }, 800);
}

// Signed in or out in another tab: the form of this one is too old. The values stand in the address.
const tooOld = (event) => event.detail.xhr?.status === 403;

function failed(event) {
  if (tooOld(event)) return location.reload();
  clearTimeout(slow);
  form.classList.remove("waiting");
  panel().setAttribute("aria-busy", "false");
  panel().classList.remove("is-slow");
  panel().classList.add("is-failed");
  for (const part of document.querySelectorAll(".per")) part.replaceChildren();
  document.querySelector("#bar-due b")?.replaceChildren("–");
  document.getElementById("said").textContent = panel().querySelector(".failed")?.textContent.trim() || "";
}

// The values stand in the address, so that a reload or a way back finds them again.
function keep() {
  const values = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (document.getElementById(`card-${name}`)?.dataset.current !== value && document.getElementById(`card-${name}`)) values.set(name, value);
  const query = values.toString();
  history.replaceState(null, "", form.getAttribute("action") + (query ? `?${query}` : ""));
  for (const link of document.querySelectorAll("a[data-keep-values]")) link.search = query;
}

if (form) {
  const choose = (code, value) => {
    if (cards.has(code)) return cards.get(code).go(Number(value));
    for (const radio of document.querySelectorAll(`#card-${code} input`)) radio.checked = radio.value === value;
    ask();
  };
  const cards = new Map([...form.querySelectorAll("[data-card]")].map((card) => [card.dataset.card, new Card(card)]));
  form.classList.add("live-form");
  keep();
  for (const options of form.querySelectorAll("[data-options]")) options.addEventListener("change", ask);
  // Typed before this script was there, or put back by the browser on a way back: estimated all the same.
  for (const { field } of cards.values()) if (field.value !== field.defaultValue) field.dispatchEvent(new Event("input"));
  if ([...form.querySelectorAll("[data-options] input")].some((radio) => radio.checked !== radio.defaultChecked)) ask();
  form.addEventListener("click", (event) => {
    const reset = event.target.closest("[data-reset]");
    if (reset) {
      const code = reset.dataset.reset, card = cards.get(code);
      if (card) { card.go(card.current); card.field.focus(); }
      else {
        const box = document.getElementById(`card-${code}`);
        for (const radio of box.querySelectorAll("input")) if (radio.value === box.dataset.current) { radio.checked = true; radio.focus(); }
        ask();
      }
    }
    const way = event.target.closest("[data-set]");
    // These buttons go with the answer: the focus goes to what they set, or to what comes next.
    if (way) {
      event.preventDefault();
      const chosen = [...new URLSearchParams(way.dataset.set)];
      for (const [code, value] of chosen) choose(code, value);
      const [first] = chosen[0];
      (cards.get(first)?.field ?? document.querySelector(`#card-${first} input:checked`))?.focus();
    }
    if (event.target.closest("[data-again]")) {
      event.preventDefault();
      ask();
      document.getElementById("continue")?.focus();
    }
  });
  form.addEventListener("toggle", (event) => {
    if (event.target.matches("details.how")) sessionStorage.setItem("how", event.target.open ? "open" : "closed");
  }, true);
  if (sessionStorage.getItem("how") === "open") panel().querySelector("details.how")?.setAttribute("open", "");
  document.body.addEventListener("htmx:afterSettle", (event) => event.target.id === "estimate" && (panel().classList.contains("is-failed") ? failed(event) : arrived()));
  for (const trouble of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.body.addEventListener(trouble, failed);
  addEventListener("online", () => panel().classList.contains("is-failed") && ask());
}
