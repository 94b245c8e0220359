// Several values of one lever beside each other: plays them, and shows a chart, an answer to a limit, and a table.

import { post, stream } from "./api.js";
import { element, shownValue } from "./levers.js";
import { answer, gap } from "./range_answer.js";
import { chartOf } from "./range_chart.js";
import { cell, number, table } from "./tables.js";

const FIRST = 3;  // values after which the measure that is shown stays: the present one and both ends
const LITTLE = 0.05;  // share of a wait that says little

const settingOf = ({ scenario, text, settings, sampled }) => JSON.stringify([scenario, text, Object.entries(settings).sort(), sampled]);

// `page` has: asked() (the request for the present setting), move(lever, value), inputOf(lever), nameOf(lever),
// crossing(), tell(words), showProblems(error), showCommands(words, commands).
export class Range {
  constructor(section, page) {
    Object.assign(this, { section, page, lever: null, rows: new Map(), playing: null, measure: null, bounds: new Map() });
    this.build();
    new ResizeObserver(() => { if (this.lever) this.showChart(); }).observe(this.chart);
  }

  build() {
    const button = (words, action) => {
      const made = element("button", { type: "button" }, words);
      made.addEventListener("click", () => Promise.resolve().then(action).catch(this.page.showProblems));
      return made;
    };
    this.title = element("h2", { id: "range-title", tabindex: -1 });
    this.state = element("span");
    this.bar = element("progress");
    this.halt = button("Stop", () => { this.stop(); this.show(); });
    this.select = element("select");
    this.side = element("select", { "aria-label": "Which side of the limit" }, new Option("at or below", "below"), new Option("at or above", "above"));
    this.limit = element("input", { type: "number", min: 0, step: "any", "aria-label": "Limit" });
    this.unit = element("span");
    this.sentence = element("p", { class: "range-sentence", role: "status" });
    this.closer = button("", () => this.playBetween());
    this.chart = element("div", { class: "range-chart" });
    this.table = element("div");
    this.from = element("input", { type: "number" });
    this.to = element("input", { type: "number" });
    this.again = element("form", { class: "range-ends" }, element("label", {}, "From ", this.from), element("label", {}, "to ", this.to), element("button", {}, "Try these"));
    this.copy = button("Copy table", () => this.copyTable());
    this.properly = button("Run it properly", () => this.runProperly());
    this.section.replaceChildren(
      element("div", { class: "range-head" }, this.title, button("Close", () => { const { lever } = this; this.close(); this.page.inputOf(lever)?.focus(); })),
      element("p", { class: "range-progress" }, this.state, " ", this.bar, " ", this.halt),
      element("div", { class: "range-choices" }, element("label", {}, "Measure", this.select), element("span", { class: "range-limit" }, element("span", {}, "Keep it"), this.side, this.limit, this.unit)),
      this.sentence, this.closer, this.chart, this.table,
      element("div", { class: "range-choices" }, this.again, this.copy, this.properly),
    );
    this.select.addEventListener("change", () => { this.measure = this.select.value; this.isChosen = true; this.showLimit(); this.show(); });
    for (const each of [this.side, this.limit]) each.addEventListener("input", () => { this.isChosen = true; this.keepBound(); });
    this.again.addEventListener("submit", (event) => { event.preventDefault(); this.play({ from: this.from.value, to: this.to.value }); });
  }

  start(lever) {
    Object.assign(this, { lever, measure: null, isChosen: false });
    this.title.textContent = `${this.page.nameOf(lever)}: several values`;
    for (const end of [this.from, this.to]) Object.assign(end, { min: lever.low, max: lever.high, step: lever.step, value: "" });
    this.section.hidden = false;
    this.play();
    const { top } = this.section.getBoundingClientRect();
    if (top < 0 || top > innerHeight / 2) this.section.scrollIntoView({ block: "start" });
    this.title.focus({ preventScroll: true });
  }

  // Plays the values between two ends, or of the whole range; `isMore`: beside those that were played before.
  async play({ from, to, isMore = false } = {}) {
    this.stop();
    const mine = (this.playing = new AbortController()), end = (given) => (given === undefined || given === "" ? undefined : Number(given));
    const asked = { ...this.page.asked(), pinned: undefined };
    if (!isMore || settingOf(asked) !== settingOf(this.asked)) this.rows = new Map();
    Object.assign(this, { asked, arrived: 0, planned: 0, of: 0, isDone: false });
    this.show();
    try {
      await stream("/api/range", { ...asked, lever: this.lever.id, from: end(from), to: end(to) }, mine.signal, (step) => { if (this.playing === mine) this.take(step); });
    } catch (error) {
      if (this.playing === mine) this.page.showProblems(error);
    }
    if (this.playing !== mine) return;
    this.playing = null;
    this.show();
  }

  take(step) {
    if (step.stage === "range") {
      Object.assign(this, { planned: step.values.length, of: step.of });
      if (!this.from.value) [this.from.value, this.to.value] = [step.values[0], step.values.at(-1)];
    }
    if (step.stage === "playing") this.showProgress(step.replications);
    if (step.stage === "value") {
      this.rows.set(step.value, step);
      this.arrived += 1;
    }
    if (step.stage === "done") this.isDone = true;
    if (step.stage !== "playing") this.show();
  }

  stop() {
    this.playing?.abort();
    this.playing = null;
  }

  // A lever was moved, or the parameters changed: what is being played is no longer wanted.
  moved() {
    if (!this.lever) return;
    if (settingOf(this.page.asked()) !== settingOf(this.asked)) this.stop();
    this.show();
  }

  close() {
    this.stop();
    this.lever = null;
    this.section.hidden = true;
  }

  name(value) {
    return shownValue(this.lever.suffix === " waiting" ? { ...this.lever, suffix: "" } : this.lever, value);
  }

  // What the lever stands at, and whether the other levers are as they were when these values were played.
  now() {
    const asked = this.page.asked(), { id, value } = this.lever;
    const rest = (request) => settingOf({ ...request, settings: { ...request.settings, [id]: null } });
    return { present: id in asked.settings ? asked.settings[id] : value, isSame: rest(asked) === rest(this.asked) };
  }

  show() {
    if (!this.lever) return;
    this.showProgress(0);
    this.chooseMeasure();
    this.showAnswer();
    this.showChart();
    this.showTable();
  }

  showProgress(replications) {
    const isPlaying = this.playing !== null, { isSame } = this.now(), each = `${this.of} replications each${this.asked.sampled ? " with parameters from the posterior" : ""}, all on the same random numbers`;
    this.bar.hidden = this.halt.hidden = !isPlaying;
    Object.assign(this.bar, { max: this.planned * this.of || 1, value: this.arrived * this.of + replications });
    const stopped = this.planned ? `Stopped after ${this.arrived} of ${this.planned} values.` : "Stopped.";
    const done = isPlaying ? (this.planned ? `${this.arrived} of ${this.planned} values, ${each}` : "playing …") : this.isDone ? `${this.rows.size === 1 ? "1 value" : `${this.rows.size} values`}, ${each}.` : stopped;
    this.state.textContent = isSame ? done : `${done} Other levers were moved since then; this is the setting before.`;
  }

  // The measures of the crossing that is shown and are not 0 throughout, by name.
  measures() {
    const found = new Map();
    for (const row of this.rows.values()) {
      for (const each of row.headlines ?? []) if (each.crossing === this.page.crossing() && each.mean) found.set(each.measure, each);
    }
    return found;
  }

  // Until the reader chooses: of the mean waits of the classes, the one that this lever changes most; where it changes little, the longest.
  chooseMeasure() {
    if (!this.rows.size) return;  // the choice, and the limit, stay for other values of the same lever
    const known = this.measures(), isKnown = known.has(this.measure);
    if (!isKnown || (!this.isChosen && this.rows.size <= FIRST)) {
      const means = (measure) => this.numbers(measure).map((row) => row.mean).filter(Number.isFinite);
      const waits = [...known.keys()].filter((measure) => /:wait_mean@.*\/main$/.test(measure)).map((measure) => [measure, Math.max(...means(measure)), Math.min(...means(measure))]);
      const change = ([, most, least]) => (most - least > LITTLE * most ? most - least : 0);
      waits.sort((one, other) => change(other) - change(one) || other[1] - one[1]);
      this.measure = waits[0]?.[0] ?? known.keys().next().value ?? null;
      this.showLimit();
    }
    const key = [...known.keys()].join(), all = [...known.values()], groups = new Set(all.map((each) => each.group));
    const optionsOf = (group) => all.filter((each) => each.group === group).map((each) => new Option(each.name, each.measure));
    if (key !== this.listed) this.select.replaceChildren(...[...groups].map((group) => element("optgroup", { label: group }, ...optionsOf(group))));
    this.listed = key;
    this.select.value = this.measure ?? "";
  }

  // The rows of a measure, the smallest value first: {value, mean, p05, p95, at_least, problems}.
  numbers(measure) {
    const rows = [...this.rows.values()].sort((one, other) => one.value - other.value);
    return rows.map(({ value, headlines, problems }) => ({ ...headlines?.find((each) => each.measure === measure), value, problems }));
  }

  get about() {
    return this.measures().get(this.measure) ?? { name: "", unit: "" };
  }

  get bound() {
    return this.bounds.get(this.measure) ?? { limit: null, isBelow: !this.measure?.includes(":crossed_") };
  }

  keepBound() {
    const limit = this.limit.value === "" ? NaN : Number(this.limit.value);
    this.bounds.set(this.measure, { limit: limit >= 0 ? limit : null, isBelow: this.side.value === "below" });
    this.showAnswer();
    this.showChart();
  }

  showLimit() {
    this.side.value = this.bound.isBelow ? "below" : "above";
    this.limit.value = this.bound.limit ?? "";
  }

  showAnswer() {
    const { limit, isBelow } = this.bound, rows = this.numbers(this.measure), isCount = ["", " waiting"].includes(this.lever.suffix);
    this.unit.textContent = this.about.unit;
    const words = limit === null ? "Type a limit to read which values keep it." : answer(rows, { limit, isBelow, unit: this.about.unit, name: (value) => this.name(value), less: isCount ? "fewer" : "less", isDone: this.isDone });
    const isMeanWait = limit !== null && words && this.about.unit === "h" && this.about.name.endsWith("mean");
    const told = isMeanWait ? `${words} That is the mean of all who cross: at the worst time they wait longer.` : words;
    if (this.sentence.textContent !== told) this.sentence.textContent = told;
    this.sentence.classList.toggle("hint", limit === null);
    const between = limit === null || this.playing ? null : gap(rows, limit, isBelow, this.lever.step);
    this.between = between?.map((value, n) => Number((value + (n ? -1 : 1) * this.lever.step).toPrecision(9)));
    this.closer.hidden = !between;
    if (between) this.closer.textContent = `Try values between ${between.map((value) => this.name(value)).join(" and ")}`;
  }

  playBetween() {
    const [from, to] = this.between;
    this.play({ from, to, isMore: true });
  }

  showChart() {
    const rows = this.numbers(this.measure), width = Math.min(this.chart.clientWidth, 820);
    if (!rows.length || !width) return this.chart.replaceChildren();
    const ends = [this.from.value, this.to.value].map(Number), values = rows.map((row) => row.value), { name, unit } = this.about;
    const label = `${this.lever.label}${this.lever.suffix ? ` (${this.lever.suffix.trim()})` : ""}`;
    this.chart.replaceChildren(chartOf(rows, {
      width, label, unit, words: `${name}${unit ? ` (${unit})` : ""}`, from: Math.min(ends[0], ...values), to: Math.max(ends[1], ...values),
      name: (value) => shownValue({ ...this.lever, suffix: "" }, value), limit: this.bound.limit, present: this.now().present,
    }));
  }

  showTable() {
    const { present } = this.now(), { group, name, unit } = this.about, rows = this.numbers(this.measure), focused = document.activeElement?.dataset?.set;
    if (!rows.length) return this.table.replaceChildren();
    const made = rows.map((row) => {
      const words = `${this.name(row.value)}${row.value === present ? " (now)" : ""}`;
      const numbers = row.problems ? [row.problems.map((problem) => problem.message).join("; "), "", ""] : [`${row.at_least ? "≥\u00a0" : ""}${number(row.mean)}`, number(row.p05), number(row.p95)];
      return [words, ...numbers, this.setCell(row.value, present)];
    });
    const heads = [this.lever.label, `mean${unit ? `, ${unit}` : ""}`, "5 %", "95 %", "set"];
    this.table.replaceChildren(table(`${group}: ${name}`, heads, made));
    if (focused !== undefined) this.table.querySelector(`[data-set="${focused}"]`)?.focus();
  }

  setCell(value, present) {
    const button = element("button", { type: "button", "data-set": value, "aria-label": `Set ${this.lever.label} to ${this.name(value)}`, "aria-disabled": value === present ? "true" : null }, "Set");
    button.addEventListener("click", () => { if (value !== this.now().present) this.page.move(this.lever, value); });
    const made = cell("td", "");
    made.append(button);
    return made;
  }

  async copyTable() {
    const lines = [...this.table.querySelectorAll("tr")].map((row) => [...row.cells].slice(0, -1).map((each) => each.textContent).join("\t"));
    await navigator.clipboard.writeText(`${lines.join("\n")}\n`);
    this.page.tell("The table is copied.");
  }

  async runProperly() {
    const values = this.numbers(this.measure).filter((row) => !row.problems).map((row) => row.value), { limit, isBelow } = this.bound;
    const { path, commands } = await post("/api/file", { ...this.asked, keep: "range", lever: this.lever.id, values, measure: this.measure ?? "", limit, below: isBelow });
    this.page.showCommands(`The scenario, with a what-if for each value, is written to ${path}. In a terminal, in the folder where this page was started, this plays all values with all replications, and draws them:`, commands);
  }
}
