// The schematic map of a network: origins, crossings with those who wait, and who crosses where.
//
// Longitude and latitude give the order and a part of the distances; places that would cover each other are moved
// apart. Without places, origins and crossings stand in two columns. A crossing is a button.
import { Surface, line, widthOf, write } from "./canvas.js";
import { count, largest } from "./moment.js";

const BIGGEST = 26, THICKEST = 14, APART = 58, LABEL = 12, LEAST_SHARE = 0.002, NARROW = 620;

export class NetworkMap {
  constructor(scenario, onCrossing) {
    this.scenario = scenario;
    this.surface = new Surface("Map of origins and crossings");
    this.element = document.createElement("div");
    this.element.className = "scene-map";
    this.element.append(this.surface.canvas);
    this.buttons = new Map();
    for (const [name, crossing] of Object.entries(scenario.crossings)) {
      const button = Object.assign(document.createElement("button"), { type: "button", title: crossing.title });
      button.addEventListener("click", () => onCrossing(name));
      this.buttons.set(name, button);
      this.element.append(button);
    }
  }

  // What changes with a document, not with the time: flows, and the most people at a crossing.
  read(document, pinned) {
    this.flows = flowsOf(document, Object.keys(this.scenario.origins));
    const courses = [document, pinned].filter(Boolean).flatMap((each) => Object.values(each.crossings));
    this.most = Math.max(1, ...courses.map((course) => largest(course.people)));
  }

  // Draw a frame. `view`: {width, palette, chosen, people, pinned}: people waiting by crossing, now and pinned.
  draw(view) {
    const places = this.placesAt(view.width);
    const pen = this.surface.begin(view.width, places.height);
    this.drawFlows(pen, places, view);
    for (const name of Object.keys(this.scenario.origins)) drawOrigin(pen, places.origins[name], view.palette);
    for (const name of this.buttons.keys()) this.drawCrossing(pen, places.crossings[name], name, view);
    this.drawLabels(pen, places, view);
    drawKey(pen, places, view);
  }

  placesAt(width) {
    if (this.places?.width !== width) {
      this.places = placesOf(this.scenario, width);
      for (const [name, button] of this.buttons) moveButton(button, this.places.crossings[name]);
    }
    return this.places;
  }

  drawFlows(pen, places, { palette, chosen }) {
    const most = Math.max(1, ...this.flows.map((flow) => Math.max(flow.crossed, flow.diverted)));
    const thick = (people) => Math.max(0.7, (people / most) * THICKEST);
    const order = [...this.flows].sort((one, other) => (one.crossing === chosen) - (other.crossing === chosen));
    pen.lineCap = "round";
    for (const { origin, crossing, crossed, diverted } of order) {
      const from = places.origins[origin], to = places.crossings[crossing], isChosen = crossing === chosen;
      if (!from || !to) continue;
      if (crossed > most * LEAST_SHARE) line(pen, [from, to], isChosen ? palette.muted : palette.faint, thick(crossed));
      if (isChosen && diverted > most * LEAST_SHARE) {
        pen.lineCap = "butt";
        line(pen, beside(from, to, thick(crossed) / 2 + thick(diverted) / 2 + 2), palette.muted, thick(diverted), [5, 4]);
        pen.lineCap = "round";
      }
    }
    pen.lineCap = "butt";
  }

  drawCrossing(pen, [x, y], name, { palette, chosen, people, pinned }) {
    const radius = (value) => Math.max(4, BIGGEST * Math.sqrt((value ?? 0) / this.most));
    circle(pen, x, y, radius(people[name]));
    pen.fillStyle = name === chosen ? palette.ink : palette.muted;
    pen.fill();
    pen.strokeStyle = palette.paper;
    pen.lineWidth = 1.5;
    pen.stroke();
    if (name === chosen) ring(pen, x, y, radius(people[name]) + 3.5, palette.ink, 2);
    if (pinned && radius(pinned[name]) > 4) ring(pen, x, y, radius(pinned[name]), palette.accent, 1.5, [4, 3]);
    const words = `${this.scenario.crossings[name].title}: ${count(people[name])} people waiting`;
    const button = this.buttons.get(name), pressed = String(name === chosen);
    if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    this.words ??= new Map();
    this.words.set(name, words);
  }

  // the names of the crossings' buttons with their people; called when the time stands still
  label() {
    for (const [name, words] of this.words ?? []) this.buttons.get(name).setAttribute("aria-label", words);
  }

  drawLabels(pen, places, { palette, people }) {
    for (const { name, kind, x, y, align, lines } of this.labelsAt(pen, places)) {
      const isCrossing = kind === "crossings", colour = isCrossing ? palette.ink : palette.muted;
      const words = [...lines];
      if (isCrossing) words.push(count(people[name]));
      words.forEach((text, n) => {
        const isNumber = isCrossing && n === words.length - 1;
        const style = { size: isNumber ? 13 : LABEL, weight: isCrossing ? 600 : 400, align, colour };
        pen.lineWidth = 3;
        pen.strokeStyle = palette.paper;
        pen.lineJoin = "round";
        widthOf(pen, text, style.size, style.weight);
        pen.textAlign = align;
        pen.textBaseline = "alphabetic";
        pen.strokeText(text, x, y + n * 14);
        write(pen, text, x, y + n * 14, style);
      });
    }
  }

  // labels where they cover least; found once for a width
  labelsAt(pen, places) {
    places.labels ??= labelsOf(pen, places, this.scenario);
    return places.labels;
  }
}

function flowsOf(document, origins) {
  const flows = new Map();
  for (const [scope, crossing, quantity, people] of document.flows) {
    const origin = scope.replace(/^from:/, "");
    if (!scope.startsWith("from:") || !origins.includes(origin)) continue;
    const key = `${origin}\n${crossing}`;
    if (!flows.has(key)) flows.set(key, { origin, crossing, crossed: 0, diverted: 0 });
    if (quantity === "crossed_people") flows.get(key).crossed = people;
    if (quantity === "diverted_people") flows.get(key).diverted = people;
  }
  return [...flows.values()];
}

// {width, height, origins: {name: [x, y]}, crossings: {name: [x, y]}}
function placesOf(scenario, width) {
  const all = ["origins", "crossings"].flatMap((kind) => Object.entries(scenario[kind]).map(([name, each]) => ({ kind, name, place: each.place })));
  const height = Math.round(width < NARROW ? 470 : Math.min(450, width * 0.52)), places = { width, height, origins: {}, crossings: {} };
  const frame = { left: Math.min(90, width * 0.1), top: 44, right: width - Math.min(110, width * 0.12), bottom: height - 64 };
  if (all.every((each) => each.place)) onMap(all, frame, Math.min(APART, width / 8), width < NARROW ? 0.8 : 0.5);
  else inColumns(all, frame);
  for (const { kind, name, at } of all) places[kind][name] = at;
  return places;
}

function onMap(all, frame, apart, rank) {
  const [x, y] = [0, 1].map((axis) => scaled(all.map((each) => each.place[axis]), rank));
  all.forEach((each, n) => {
    each.at = [frame.left + x[n] * (frame.right - frame.left), frame.bottom - y[n] * (frame.bottom - frame.top)];
  });
  for (let round = 0; round < 80; round++) {
    for (const [n, one] of all.entries()) for (const other of all.slice(n + 1)) push(one.at, other.at, apart);
    for (const { at } of all) {
      at[0] = Math.max(frame.left, Math.min(frame.right, at[0]));
      at[1] = Math.max(frame.top, Math.min(frame.bottom, at[1]));
    }
  }
}

// places on 0…1: in part their rank, so that crowded parts get room, otherwise their value
function scaled(values, rank) {
  const low = Math.min(...values), high = Math.max(...values), sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => {
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return (1 - rank) * share + (rank * sorted.indexOf(value)) / Math.max(1, values.length - 1);
  });
}

function push(one, other, apart) {
  const dx = other[0] - one[0] || 0.1, dy = other[1] - one[1], distance = Math.hypot(dx, dy);
  if (distance >= apart) return;
  const by = (apart - distance) / 2 / distance;
  one[0] -= dx * by;
  one[1] -= dy * by;
  other[0] += dx * by;
  other[1] += dy * by;
}

function inColumns(all, frame) {
  for (const [kind, x] of [["origins", frame.left + 60], ["crossings", frame.right - 60]]) {
    const some = all.filter((each) => each.kind === kind);
    some.forEach((each, n) => (each.at = [x, frame.top + ((n + 0.5) * (frame.bottom - frame.top)) / some.length]));
  }
}

function labelsOf(pen, places, scenario) {
  const nodes = [...Object.values(places.origins).map((at) => around(at, 8)), ...Object.values(places.crossings).map((at) => around(at, 20))];
  const labels = ["crossings", "origins"].flatMap((kind) => Object.entries(places[kind]).map(([name, at]) => {
    // on a narrow page, without what is said in brackets
    const { title } = scenario[kind][name], short = places.width < NARROW ? title.replace(/ \(.*\)/, "") : title;
    return { name, kind, ...optionsOf(pen, at, short, kind === "crossings", places) };
  }));
  for (let round = 0; round < 4; round++) {
    for (const label of labels) {
      const taken = [...nodes, ...labels.filter((other) => other !== label && other.chosen).map((other) => other.chosen.area)];
      const costs = label.options.map((option, n) => costOf(option.area, taken, places) + 3 * n);
      label.chosen = label.options[costs.indexOf(Math.min(...costs))];
    }
  }
  return labels.map(({ name, kind, lines, chosen }) => ({ name, kind, lines, align: chosen.align, x: chosen.x, y: chosen.y + 11 }));
}

// the lines of a label, and where it may stand, the better places first
function optionsOf(pen, [x, y], title, isCrossing, places) {
  const lines = wrapped(pen, title, Math.min(130, places.width * 0.25), isCrossing);
  const wide = Math.max(...lines.map((text) => widthOf(pen, text, LABEL, isCrossing ? 600 : 400)), isCrossing ? 46 : 0);
  const tall = (lines.length + (isCrossing ? 1 : 0)) * 14;
  const options = [isCrossing ? 24 : 9, isCrossing ? 34 : 22].flatMap((gap) => [
    { align: "left", x: x + gap, y: y - tall / 2 },
    { align: "right", x: x - gap, y: y - tall / 2 },
    { align: "center", x, y: y - gap - tall },
    { align: "center", x, y: y + gap },
    { align: "left", x: x + gap * 0.7, y: y + gap * 0.5 },
    { align: "left", x: x + gap * 0.7, y: y - gap * 0.5 - tall },
    { align: "right", x: x - gap * 0.7, y: y + gap * 0.5 },
    { align: "right", x: x - gap * 0.7, y: y - gap * 0.5 - tall },
  ]);
  return { lines, options: options.map((option) => ({ ...option, area: areaOf(option, wide, tall) })) };
}

function around([x, y], by) {
  return [x - by, y - by, x + by, y + by];
}

// the area of a label, with a little room at both sides
function areaOf({ align, x, y }, wide, tall) {
  const left = align === "left" ? x : align === "right" ? x - wide : x - wide / 2;
  return [left - 4, y, left + wide + 4, y + tall];
}

// the area that a label covers of what is there, and of what is outside, which is worse
function costOf([left, top, right, bottom], taken, { width, height }) {
  const common = (a, b, c, d) => Math.max(0, Math.min(b, d) - Math.max(a, c));
  const covered = taken.reduce((sum, [l, t, r, b]) => sum + common(left, right, l, r) * common(top, bottom, t, b), 0);
  const outside = Math.max(0, -left) + Math.max(0, right - width) + Math.max(0, 2 - top) + Math.max(0, bottom - height + 40);
  return covered + 200 * outside;
}

function wrapped(pen, text, room, isBold) {
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && widthOf(pen, longer, LABEL, isBold ? 600 : 400) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

// a line beside another one, which stops short of where it leads
function beside([x, y], [toX, toY], by) {
  const long = Math.hypot(toX - x, toY - y) || 1, across = [(-(toY - y) / long) * by, ((toX - x) / long) * by];
  const until = Math.max(0.5, 1 - 30 / long);
  return [[x + across[0], y + across[1]], [x + (toX - x) * until + across[0], y + (toY - y) * until + across[1]]];
}

function moveButton(button, [x, y]) {
  Object.assign(button.style, { left: `${x - 24}px`, top: `${y - 24}px`, width: "48px", height: "48px" });
}

function drawOrigin(pen, [x, y], palette) {
  pen.fillStyle = palette.paper;
  pen.fillRect(x - 5.5, y - 5.5, 11, 11);
  pen.fillStyle = palette.muted;
  pen.fillRect(x - 4, y - 4, 8, 8);
}

function drawKey(pen, { height, width }, { palette, pinned }) {
  const ring = pinned ? " (dashed ring: pinned)" : "", style = { size: 13, colour: palette.muted };
  const lines = width < NARROW
    ? [`circle: who waits now${ring}`, "line: who crosses; dashed: who turns away"]
    : [`circle: people waiting now${ring}; square: origin; line: who crosses over the whole run`,
      "dashed: who turns from the chosen crossing to another one"];
  lines.forEach((text, n) => write(pen, text, 0, height - 22 + n * 16, style));
}

function circle(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
}

function ring(pen, x, y, radius, colour, width, dash = []) {
  circle(pen, x, y, radius);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.setLineDash(dash);
  pen.stroke();
  pen.setLineDash([]);
}
