// The page: keeps the setting, asks the server to play it, and shows what comes back.

import * as address from "./address.js";
import { Problems, get, post, stream } from "./api.js";
import { canDrop, showDropped, tooLarge } from "./drop.js";
import { download, pictureOf, seriesAsCsv } from "./download.js";
import { makeEditing } from "./editing.js";
import { makeLevers } from "./levers.js";
import { Range } from "./range.js";
import { makeScene } from "./scene.js";
import { showFigures, showNights, showNumbers } from "./tables.js";

const $ = (id) => document.getElementById(id);
const state = { source: null, text: null, scenario: null, crossing: null, shown: null, pinned: null, at: null, sampled: true };
let levers, scene, editing, range, playing = null, again = false, saving = null, opening = 0, isTextWrong = false, isOfLink = false;
const charts = new Map();
let known = [];  // scenarios of the catalogue

const asked = (settings = levers.get()) => ({
  scenario: state.source, text: state.text ?? undefined, settings, sampled: state.sampled,
  replications: Number($("replications").value),
  pinned: state.pinned ? { settings: state.pinned.settings, text: state.pinned.text ?? undefined } : undefined,
});

function tell(text) {
  const status = document.querySelector("p.status");
  status.textContent = text;
  setTimeout(() => { if (status.textContent === text) status.textContent = ""; }, 4000);
}

function showProblems(error) {
  if (error.name === "AbortError") return;
  const rows = error instanceof Problems ? error.rows : [{ message: error.message }];
  const isInEditor = editing?.isOpen() && rows.every((row) => row.line);
  $("problems").textContent = rows.map((row) => (row.line ? `line ${row.line}: ${row.message}` : row.message)).join("\n");
  $("problems").hidden = isInEditor;
  editing?.showProblems(rows);
  $("progress").textContent = isInEditor ? "What is shown below is of the text before." : "";
}

function clearProblems() {
  $("problems").hidden = true;
  editing?.showProblems([]);
}

// Reads a scenario. `settingOf(scenario)` comes from a link or, where the text was edited, from what is shown: settings,
// crossing, time, what is pinned.
async function open(source, text, settingOf = () => ({})) {
  const mine = ++opening;
  isTextWrong = true;  // until it is read
  try {
    const scenario = await post("/api/describe", { scenario: source, text: text ?? undefined }), setting = settingOf(scenario);
    if (mine !== opening) return;
    isTextWrong = false;
    clearProblems();
    const middle = (scenario.start + scenario.horizon) / 2, isWithin = setting.at > scenario.start && setting.at < scenario.horizon;
    Object.assign(state, { source: scenario.source, text, scenario, pinned: setting.kept ?? null, shown: null, at: isWithin ? setting.at : middle });
    state.crossing = setting.crossing in scenario.crossings ? setting.crossing : Object.keys(scenario.crossings)[0];
    state.sampled = scenario.posterior && setting.sampled !== false;
    $("sampled").value = state.sampled ? "yes" : "no";
    $("sampled").disabled = !scenario.posterior;
    $("replications").value = [5, 10, 30, 100].find((each) => each >= scenario.replications);
    $("title").textContent = scenario.title;
    $("description").textContent = scenario.description;
    document.title = `${scenario.title}: border queues`;
    showScenarios();
    for (const chart of charts.values()) chart.handle.destroy();
    charts.clear();
    for (const place of ["charts", "figures", "numbers", "nights"]) $(place).replaceChildren();
    scene?.destroy();
    range.close();
    levers = makeLevers($("levers"), scenario, () => { showPinned(); later(); }, (lever) => range.start(lever));
    scene = makeScene($("scene"), scenario, { onTime: timeChosen, onCrossing: chooseCrossing });
    scene.chooseCrossing?.(state.crossing);
    editing.setText(scenario.text);
    levers.choose(state.crossing);
    levers.set(setting.settings ?? {});
    if (setting.replications) $("replications").value = setting.replications;
    if (setting.pinned) await playPinned(setting.pinned);
    showPinned();
    isOfLink = Boolean(setting.unknown?.length);
    if (isOfLink) throw new Problems([{ message: `The link has settings that this scenario does not have; they are left out: ${setting.unknown.join(", ")}` }]);
  } catch (error) {
    if (mine !== opening) return;
    showProblems(error);
    if (!state.scenario) $("title").textContent = "The scenario cannot be shown";
  }
  if (mine === opening && !isTextWrong) play();
}

// Plays the new setting, at once or as soon as the first answer to the one before has come: a lever that is being
// dragged is followed as fast as the model can be played, and always ends at its last value.
function later() {
  saveAddress();
  range.moved();
  if (playing?.isFirst) again = true;
  else play();
}

function saveAddress() {
  clearTimeout(saving);
  saving = setTimeout(saveAddressNow, 300);
}

function saveAddressNow() {
  const { source, crossing, sampled, pinned, scenario } = state;
  const several = Object.keys(scenario.crossings).length > 1;
  history.replaceState(null, "", address.write({ scenario: source, settings: levers.get(), pinned: pinned && pinned.text === state.text ? pinned.settings : null, crossing: several ? crossing : null, sampled, replications: $("replications").value }));
}

// Plays the setting; what was being played before is given up.
async function play() {
  playing?.control.abort();
  const mine = (playing = { control: new AbortController(), isFirst: true });
  again = false;
  if (!state.shown) $("progress").textContent = "playing …";
  try {
    await stream("/api/play", asked(), mine.control.signal, (step) => {
      if (playing !== mine) return;
      if (step.stage === "charts") return takeCharts(step);
      mine.isFirst = false;
      if (step.stage !== "playing") take(step);
      showProgress(step);
      if (again) play();
    });
    if (playing === mine && !isTextWrong && !isOfLink) clearProblems();
    isOfLink = false;
  } catch (error) {
    if (playing === mine) showProblems(error);
  } finally {
    if (playing === mine) playing = null;
    if (!playing && again) play();
  }
}

function showProgress(step) {
  const done = step.replications ?? 0, of = step.of ?? Number($("replications").value);
  const bar = document.createElement("progress");
  Object.assign(bar, { max: of, value: step.stage === "first" ? 0 : done });
  const words = {
    first: "one replication with the values of the file; more are being played ",
    playing: `${done} of ${of} replications `,
    band: `mean and 5–95 % band of ${done} of ${of} replications `,
    done: `mean and 5–95 % band of ${done} replications${step.sampled ? ", each with parameters from the posterior" : ", chance only"}`,
  }[step.stage];
  $("progress").replaceChildren(words, ...(step.stage === "done" ? [] : [bar]));
}

function take(shown) {
  state.shown = shown;
  if (!charts.size && state.at === (state.scenario.start + state.scenario.horizon) / 2) state.at = busiest(shown);
  scene.show(shown);
  scene.setTime(state.at);
  show();
  count("shown");
}

// The charts of the first replication come before all else of it, so that they follow a lever at once.
function takeCharts(step) {
  if (state.shown) {
    state.shown = { ...state.shown, ...step };
    showCharts();
    count("drawn");
  }
}

function count(what) {
  document.body.dataset[what] = `${Number(document.body.dataset[what] ?? 0) + 1}`;
}

// The time at which most people wait, so that the first picture shows something.
function busiest(shown) {
  const people = shown.crossings[state.crossing].people ?? [];
  const most = people.reduce((best, value, n) => (value !== null && value > (people[best] ?? -1) ? n : best), 0);
  return shown.times[most] ?? state.at;
}

function show() {
  const { scenario, shown, crossing, pinned } = state;
  $("sentence").textContent = [shown.sentences[crossing], longestWait(shown, crossing)].filter(Boolean).join(" ");
  showCharts();
  showFigures($("figures"), scenario, shown, pinned?.shown);
  showNumbers($("numbers"), scenario, shown, crossing);
  showNights($("nights"), scenario, shown, crossing, state.at, pinned?.shown);
}

// A sentence on the wait of those who join at the worst time, of the class that is shown first.
function longestWait(shown, crossing) {
  const chart = shown.charts.find((each) => each.crossing === crossing && each.unit === "h");
  const line = chart?.lines.find((each) => each.shown);
  if (!line) return "";
  const most = line.values.reduce((best, value, n) => (value !== null && value > (line.values[best] ?? -1) ? n : best), 0);
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZone: state.scenario.zone }).format(new Date(chart.times[most] * 1000));
  const wait = line.values[most], words = wait < 1 ? `${Math.round(60 * wait)} min` : `${Number(wait.toPrecision(2))} h`;
  return `Of the ${line.name}, those who join at the worst time (${day}) wait ${words} on average.`;
}

function showCharts() {
  const { shown, pinned, crossing } = state;
  const wanted = shown.charts.filter((chart) => chart.crossing === crossing);
  for (const [title, { figure, handle }] of charts) {
    if (!wanted.some((chart) => chart.title === title)) {
      handle.destroy();
      figure.remove();
      charts.delete(title);
    }
  }
  for (const chart of wanted) {
    const full = withPinned(chart, pinned?.shown);
    const drawn = charts.get(chart.title) ?? newChart(full);
    if (drawn.handle.chart !== full) drawn.handle.update(full);
    drawn.handle.mark(state.at);
  }
}

function newChart(chart) {
  const figure = document.createElement("figure"), plot = document.createElement("div"), caption = document.createElement("figcaption");
  caption.textContent = `${chart.title}${chart.unit ? ` (${chart.unit})` : ""}`;
  plot.className = "plot";
  figure.className = "chart";
  figure.append(caption, plot);
  $("charts").append(figure);
  const handle = BorderCharts.draw(figure, chart, { sync: "page", hint: false, height: 260, onTime: timeChosen });
  charts.set(chart.title, { figure, handle });
  return charts.get(chart.title);
}

// The lines of the pinned setting, which has the same times unless the clock differs.
function withPinned(chart, pinned) {
  const other = pinned?.charts.find((each) => each.title === chart.title && each.times.length === chart.times.length);
  if (!other) return chart;
  const ghosts = other.lines.filter((line) => !line.dashed).map((line) => ({ ...line, name: `${line.name}, pinned`, low: null, high: null, ghost: true }));
  return { ...chart, lines: [...chart.lines, ...ghosts] };
}

function timeChosen(seconds) {
  state.at = seconds;
  for (const { handle } of charts.values()) handle.mark(seconds);
  scene.setTime(seconds);
  if (state.shown) showNights($("nights"), state.scenario, state.shown, state.crossing, seconds, state.pinned?.shown);
}

function chooseCrossing(name) {
  if (name === state.crossing || !(name in state.scenario.crossings)) return;
  state.crossing = name;
  levers.choose(name);
  saveAddress();
  range.show();
  if (state.shown) show();
}

// Plays a setting to its end, to be compared with.
async function playPinned(settings) {
  let shown = null;
  playing?.control.abort();
  playing = null;
  await stream("/api/play", { ...asked(settings), pinned: undefined }, null, (step) => {
    if (step.charts) shown = step;
    $("progress").textContent = `playing the setting to pin: ${step.replications} of ${$("replications").value} replications`;
  });
  state.pinned = { settings, shown, text: state.text };
}

function showPinned() {
  const place = $("pinned"), pinned = state.pinned;
  place.hidden = !pinned;
  $("pin").textContent = pinned ? "Unpin" : "Pin";
  $("pin").setAttribute("aria-pressed", String(Boolean(pinned)));
  scene?.pin(pinned?.shown ?? null);
  if (!pinned) return;
  const words = [...(pinned.text === state.text ? [] : ["the text before it was edited"]), ...levers.words(pinned.settings)];
  place.textContent = `Pinned: ${words.length ? words.join("; ") : "the scenario as it is"}. The dashed lines and the differences are against it, on the same random numbers.`;
}

// Pins the setting with all its replications: where some are still to come, they are played first.
async function pin() {
  const isDone = state.shown?.stage === "done";
  if (state.pinned) state.pinned = null;
  else if (isDone) state.pinned = { settings: levers.get(), shown: state.shown, text: state.text };
  else await playPinned(levers.get());
  showPinned();
  saveAddress();
  if (state.shown) show();
  if (!isDone || state.pinned === null) play();
}

async function share() {
  saveAddressNow();
  if (state.text !== null) return tell("A link holds levers, not an edited text: download the scenario instead.");
  try {
    await navigator.clipboard.writeText(location.href);
    tell("The link is copied. It opens for those who can open this page; to send the result itself, use Run it properly.");
  } catch {
    dialog("Link to this setting", [pre(location.href)]);
  }
}

const pre = (text) => Object.assign(document.createElement("pre"), { textContent: text, tabIndex: 0 });
const paragraph = (text) => Object.assign(document.createElement("p"), { textContent: text });

function dialog(title, parts) {
  $("dialog-title").textContent = title;
  $("dialog-body").replaceChildren(...parts);
  $("dialog").showModal();
}

async function runProperly() {
  const { path, commands } = await post("/api/file", { ...asked(), keep: true });
  const words = `The scenario with this setting is written to ${path}. In a terminal, in the folder where this page was started:`;
  dialog("Run it properly", [paragraph(words), pre(commands.join("\n")), paragraph("The first plays it with all replications and keeps tables, pictures and where everything comes from; the second makes one page of it to send.")]);
}

async function takeData(request) {
  clearProblems();
  if (request.tooLarge) throw new Problems([{ message: tooLarge(request.name) }]);
  const found = await post("/api/import", { scenario: state.source, text: state.text ?? undefined, crossing: state.crossing, ...request });
  showDropped(dialog, found, () => open(state.source, found.text));
}

function settingWords() {
  const words = [...(state.text === null ? [] : ["the text as edited"]), ...levers.words(levers.get())];
  return words.length ? words.join("; ") : "the scenario as it is";
}

function pictureWords() {
  const { scenario, shown } = state, words = settingWords();
  const bands = shown.replications > 1 ? `mean and 5–95 % band of ${shown.replications} replications` : "one replication";
  const made = `A model, not a count: ${bands}; diamonds: reported figures, purple if not fitted. border-queues, ${new Date().toISOString().slice(0, 10)}`;
  return [scenario.title, `${words[0].toUpperCase()}${words.slice(1)}`, made];
}

async function downloadScenario() {
  const { text, name } = await post("/api/file", asked());
  download(name, text, "text/yaml");
}

function wire() {
  const guarded = (action) => (...given) => Promise.resolve().then(() => action(...given)).catch(showProblems);
  const actions = {
    pin, share, properly: runProperly, "download-scenario": downloadScenario,
    reset: () => { levers.set({}); later(); },
    "download-data": () => download(`${state.scenario.name}.csv`, seriesAsCsv(state.shown, state.scenario, settingWords()), "text/csv"),
    "download-picture": () => pictureOf(charts, pictureWords()).then((blob) => download(`${state.scenario.name}.png`, blob)),
    edit: () => editing.toggle(),
    drop: () => canDrop.choose(),
  };
  for (const [id, action] of Object.entries(actions)) $(id).addEventListener("click", () => guarded(action)());
  $("find").addEventListener("input", () => levers.find($("find").value));
  $("scenario").addEventListener("change", () => { if ($("scenario").value) open($("scenario").value, null); });
  $("sampled").addEventListener("change", () => { state.sampled = $("sampled").value === "yes"; state.pinned = null; showPinned(); later(); });
  $("replications").addEventListener("change", later);
  // a page that nobody sees plays nothing
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) playing?.control.abort();
    else if (state.scenario && !playing && state.shown?.stage !== "done") play();
  });
  // a link that is opened where the page is shown already
  addEventListener("hashchange", () => location.reload());
  canDrop.wire(document.body, guarded(takeData), () => state.scenario.classes);
}

// Plays a text that was edited; levers, crossing, time and what is pinned stay.
function edited(text) {
  const { crossing, sampled, at, pinned } = state, replications = $("replications").value;
  const isFile = state.text === null && text === state.scenario?.text;
  open(state.source, isFile ? null : text, () => ({ settings: levers?.get(), crossing, sampled, at, replications, kept: pinned }));
}

async function begin() {
  editing = makeEditing($("editing"), $("editor"), $("edit"), edited);
  range = new Range($("range"), {
    asked, tell, showProblems, crossing: () => state.crossing, nameOf: (lever) => levers.nameOf(lever),
    move: (lever, value) => levers.move(lever.id, value), inputOf: (lever) => levers.inputOf(lever.id),
    showCommands: (words, commands) => dialog("Run it properly", [paragraph(words), pre(commands.join("\n"))]),
  });
  wire();
  const hash = location.hash;
  await open(address.scenarioOf(hash) ?? undefined, null, (scenario) => (hash ? address.readFrom(hash, scenario.levers) : {}));
  const { scenarios } = await get("/api/scenarios"), shown = state.scenario;
  known = !shown || scenarios.some((row) => row.name === shown.source) ? scenarios : [{ name: shown.source, title: shown.title }, ...scenarios];
  showScenarios();
}

// Fills the list of scenarios; a text that was edited, or made from data, has a row of its own.
function showScenarios() {
  const own = !state.scenario ? [new Option("choose a scenario", "", false, true)] : state.text === null ? [] : [new Option(`${state.scenario.title} (as edited)`, "", false, true)];
  $("scenario").replaceChildren(...own, ...known.map((row) => new Option(row.title, row.name, false, !own.length && row.name === state.source)));
}

begin().catch(showProblems);
