// The scene: who waits where at one time, playing through the days.
//
//   const scene = makeScene(place, scenario, { onTime, onCrossing });
//   scene.show(document)         shows new results of the same scenario; the time stays
//   scene.pin(document or null)  a setting to compare with, as an outline and in numbers
//   scene.setTime(seconds)       moves to a time, seconds since 1970; `onTime` is not called
//   scene.chooseCrossing(name)   shows a crossing of a network; `onCrossing` is not called
//   scene.destroy()              takes the scene away
// `scenario` and the documents are those of sim/verbs/serve/view.py. `onTime(seconds)` and `onCrossing(name)` are called
// when the reader plays, scrubs or chooses. The first time is that when most people wait.
import { paletteOf } from "./canvas.js";
import { Captions, nearFigures } from "./captions.js";
import { Dates } from "./dates.js";
import { Legend } from "./legend.js";
import { NetworkMap } from "./map.js";
import { marksOf } from "./marks.js";
import { between, count, extentOf, largest, length, momentOf, positionOf, wider } from "./moment.js";
import { Player } from "./player.js";
import { Road } from "./road.js";
import { Stations } from "./stations.js";
import { Timeline } from "./timeline.js";

// milliseconds of rest after which the sentence is said
const REST = 400;

export function makeScene(place, scenario, options = {}) {
  return new Scene(place, scenario, options);
}

class Scene {
  constructor(place, scenario, { onTime = () => {}, onCrossing = () => {} }) {
    Object.assign(this, { place, scenario, onTime, onCrossing, document: null, pinned: null, frame: 0 });
    this.chosen = Object.keys(scenario.crossings)[0];
    this.isNetwork = Object.keys(scenario.crossings).length > 1;
    this.dates = new Dates(scenario.zone);
    this.player = new Player({ onTime: (seconds) => this.moved(seconds), onRest: () => this.rest() });
    this.build();
    this.watch();
  }

  build() {
    const make = (tag, className, ...inside) => {
      const element = Object.assign(document.createElement(tag), { className });
      element.append(...inside);
      return element;
    };
    [this.date, this.number, this.ghost] = ["scene-date", "scene-number", "scene-ghost"].map((name) => make("span", name));
    this.unit = make("span", "scene-unit");
    this.title = make("h3", "scene-title", this.scenario.crossings[this.chosen].title);
    this.live = make("p", "scene-live");
    this.live.setAttribute("role", "status");
    Object.assign(this, { road: new Road(), stations: new Stations(), timeline: new Timeline() });
    this.legend = new Legend(this.scenario.classes);
    this.captions = new Captions(this.dates);
    this.map = this.isNetwork ? new NetworkMap(this.scenario, (name) => this.clicked(name)) : null;
    const controls = make("div", "scene-controls", this.player.button, this.player.speed, this.date);
    const slider = make("div", "scene-slider", this.timeline.element, this.player.range);
    this.headline = make("p", "scene-headline", this.number, this.unit, this.ghost);
    this.total = make("p", "scene-total");
    const parts = [controls, slider, ...(this.map ? [this.total, this.map.element, this.title] : []), this.headline, this.road.element,
      this.legend.element, this.captions.element, this.stations.element, this.live];
    this.root = make("section", "scene", ...parts);
    this.root.setAttribute("aria-label", "The crossing over time");
    this.root.hidden = true;
    this.place.append(this.root);
  }

  // redraw when the size or the colours of the page change
  watch() {
    this.resized = new ResizeObserver(() => this.measure());
    this.resized.observe(this.place);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.recolour = () => {
      this.palette = null;
      this.redraw();
    };
    this.scheme.addEventListener("change", this.recolour);
    // a page with a switch of its own says the scheme on its root
    this.switched = new MutationObserver(this.recolour);
    this.switched.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "style", "data-theme"] });
  }

  measure() {
    this.width = Math.max(200, Math.floor(this.root.clientWidth));
    this.redraw();
  }

  show(document) {
    if (!document.times?.length) return;
    this.document = document;
    this.read();
    if (this.root.hidden) {
      this.root.hidden = false;
      this.measure();
    }
    this.redraw();
    if (!this.player.isPlaying) this.rest();
  }

  pin(document) {
    this.pinned = document?.times?.length ? document : null;
    if (this.document) this.read();
    this.redraw();
  }

  setTime(seconds) {
    this.player.setTime(seconds);
    this.redraw();
    if (!this.player.isPlaying) this.rest();
  }

  chooseCrossing(name) {
    if (!Object.hasOwn(this.scenario.crossings, name) || name === this.chosen) return;
    this.chosen = name;
    this.title.textContent = this.scenario.crossings[name].title;
    if (this.document) this.read();
    this.redraw();
    if (!this.player.isPlaying) this.rest();
  }

  destroy() {
    this.player.destroy();
    this.resized.disconnect();
    this.switched.disconnect();
    this.scheme.removeEventListener("change", this.recolour);
    cancelAnimationFrame(this.frame);
    clearTimeout(this.resting);
    this.root.remove();
  }

  // What changes with a document, a pin or a crossing, and not with the time.
  read() {
    const { times, crossings } = this.document, course = crossings[this.chosen], other = this.pinned?.crossings[this.chosen];
    this.extent = wider(extentOf(course), other && extentOf(other));
    this.observed = Object.fromEntries(this.document.reported.map((row) => [row.id, row]));
    this.reported = this.scenario.reported.filter((figure) => figure.crossing === this.chosen);
    this.captions.reserve(this.reported.length + this.scenario.crossings[this.chosen].events.length);
    this.lengths = lengthsOf(this.document, this.chosen);
    this.map?.read(this.document, this.pinned);
    const people = course.people ?? [], top = people.indexOf(largest(people));
    this.player.setTimes(times, times[Math.max(top, 0)]);
  }

  moved(seconds) {
    this.onTime(seconds);
    this.redraw();
  }

  clicked(name) {
    this.chooseCrossing(name);
    this.onCrossing(name);
  }

  redraw() {
    if (!this.document || !this.width || this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    if (!this.palette) {
      this.palette = paletteOf(this.root);
      this.marks = marksOf(this.scenario.classes, this.palette);
    }
    const { scenario, palette, width, marks, extent, player: { seconds } } = this, crossing = scenario.crossings[this.chosen];
    const position = positionOf(this.document.times, seconds), now = momentOf(this.document.crossings[this.chosen], position);
    const pinned = this.pinned && momentOf(this.pinned.crossings[this.chosen], positionOf(this.pinned.times, seconds));
    const view = { width, palette, marks, crossing, extent, now, pinned, figures: near(this.lengths, seconds) };
    this.drawHead(now, pinned, position);
    this.drawTimeline(crossing);
    if (this.map) this.drawMap();
    const hasRoad = extent.km > 0;
    if (this.road.element.hidden === hasRoad) this.road.element.hidden = !hasRoad;
    this.legend.show(view, hasRoad ? this.road.draw(view) : "");
    this.stations.draw(view);
    this.captions.show(seconds, crossing.events, this.reported, this.observed);
  }

  drawHead(now, pinned, position) {
    // between two points, the words say the earlier one
    const at = this.document.times[Math.floor(position)];
    setText(this.date, this.dates.full(at));
    setText(this.number, count(now.people));
    setText(this.unit, waitOf(now.people));
    setText(this.ghost, pinned ? `pinned: ${count(pinned.people)}` : "");
    this.player.follow(position, this.dates.full(at));
  }

  drawTimeline(crossing) {
    const pinned = this.pinned && { times: this.pinned.times, people: this.pinned.crossings[this.chosen].people };
    this.timeline.draw({
      width: this.width, palette: this.palette, dates: this.dates, times: this.document.times, pinned,
      people: this.document.crossings[this.chosen].people, seconds: this.player.seconds, figures: this.reported, events: crossing.events,
    });
  }

  drawMap() {
    const people = this.peopleOf(this.document), pinned = this.pinned && this.peopleOf(this.pinned);
    const sum = (some) => count(Object.values(some).reduce((one, other) => one + (other ?? 0), 0));
    setText(this.total, `${sum(people)} people wait at all crossings${pinned ? `; pinned: ${sum(pinned)}` : ""}`);
    this.map.draw({ width: this.width, palette: this.palette, chosen: this.chosen, people, pinned });
  }

  peopleOf(document) {
    const position = positionOf(document.times, this.player.seconds);
    return Object.fromEntries(Object.entries(document.crossings).map(([name, course]) => [name, between(course.people, position)]));
  }

  // Say the sentence after a rest, so that nobody hears every step of a drag.
  rest() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      if (!this.document || this.player.isPlaying) return;
      setText(this.live, this.sentence());
      this.map?.label();
    }, REST);
  }

  sentence() {
    const { times, crossings } = this.document, position = positionOf(times, this.player.seconds);
    const now = momentOf(crossings[this.chosen], position), crossing = this.scenario.crossings[this.chosen];
    const parts = [`${count(now.people)} ${waitOf(now.people)}`];
    if (this.extent.km > 0) parts.push(`the queue is ${length(now.km)}`);
    const busiest = busiestOf(crossing.stations, now);
    if (busiest) parts.push(`${count(busiest.busy)} of ${count(busiest.servers)} servers at ${busiest.title} are busy`);
    const pinned = this.pinned && this.peopleOf(this.pinned)[this.chosen];
    if (this.pinned) parts.push(`in the pinned setting ${count(pinned)} ${waitOf(pinned)}`);
    const where = this.isNetwork ? `${crossing.title}, ` : "";
    return `${where}${this.dates.brief(times[Math.floor(position)])}: ${parts.join("; ")}.`;
  }
}

function waitOf(people) {
  return count(people) === "1" ? "person waits" : "people wait";
}

// the station whose servers are busiest; of those about as busy, the one with the longest queue
function busiestOf(stations, now) {
  const all = stations.map((station) => ({ ...now.stations[station.id], title: station.title }));
  const some = all.filter(({ servers, busy }) => servers > 0 && busy >= 0.5);
  const share = ({ servers, busy }) => Math.round((10 * busy) / servers);
  return some.sort((one, other) => share(other) - share(one) || other.queue - one.queue)[0] ?? null;
}

// reported lengths of the queue, from the chart that shows them
function lengthsOf(document, crossing) {
  const charts = document.charts.filter((chart) => chart.crossing === crossing && chart.unit === "km");
  return charts.flatMap((chart) => chart.readings).map(({ begin, end, value, words, fitted }) => ({ begin, end, km: value, words, fitted }));
}

function near(lengths, seconds) {
  return nearFigures(lengths, seconds);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
