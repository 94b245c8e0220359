// A plan of the stations in their order: queues as dots, servers as squares; those beside the way below.
//
// Stations that different classes pass stand one above the other. On a narrow page the plan runs downwards.
import { Surface, box, fitted, line, widthOf, write } from "./canvas.js";
import { count, roundUp } from "./moment.js";

// least width of a box in columns, and of a box where the plan runs downwards
const NARROW = 170, LEAST = 150, GAP = 26, WIDEST = 620, TALL = 82, BETWEEN = 10, HEAD = 20;
const DOT = 6, DOT_ROWS = 4, SQUARE = 10, MOST_SQUARES = 24;

export class Stations {
  constructor() {
    this.surface = new Surface("Stations with their queues and servers");
    this.element = this.surface.canvas;
  }

  // Draw a frame. `view`: {width, palette, marks, crossing, extent, now, pinned}, see scene.js.
  draw(view) {
    const plan = planOf(view.crossing, view.width);
    const pen = this.surface.begin(view.width, plan.height);
    const each = dotsOf(plan, view.extent);
    write(pen, heading(each, plan), 0, 13, { size: 13, colour: view.palette.muted });
    for (const [one, other] of plan.ways) drawWay(pen, plan.boxes[one], plan.boxes[other], view.palette, plan.isStacked);
    for (const mark of plan.zones) drawZone(pen, mark, view, plan);
    if (plan.aside) write(pen, "beside the way, for those who are sent there", 0, plan.aside, { size: 13, colour: view.palette.muted });
    for (const station of view.crossing.stations) drawStation(pen, plan.boxes[station.id], station, each, view);
  }
}

function heading(each, plan) {
  const direction = plan.isStacked ? " downwards" : plan.columns.length > 1 ? " from left to right" : "";
  return `Stations${direction}; 1 dot = ${each === 1 ? "1 party" : `${count(each)} parties`} waiting`;
}

// the number of parties for which a dot stands: the longest queue of the run has room in the smallest box
function dotsOf(plan, extent) {
  const narrowest = Math.min(...Object.values(plan.boxes).map((each) => each.width));
  const room = Math.floor((narrowest - 8) / DOT) * DOT_ROWS;
  return roundUp(Math.max(0, ...Object.values(extent.queues)) / room);
}

// Columns of the stations on the way, as late as what comes after them allows: [[station, …], …].
export function columnsOf(stations) {
  const onWay = stations.filter((station) => !station.aside);
  const follow = new Map(onWay.map((station) => [station, new Set()]));
  const behindZone = new Set();
  for (const cls of new Set(onWay.flatMap((station) => station.serves))) {
    const chain = onWay.filter((station) => station.serves.includes(cls));
    chain.forEach((station, n) => n && follow.get(chain[n - 1]).add(station));
    const first = chain.findIndex((station) => station.zone);
    if (first >= 0) chain.slice(first).forEach((station) => behindZone.add(station));
  }
  const zoned = onWay.filter((station) => station.zone);
  for (const station of onWay) if (!behindZone.has(station)) zoned.forEach((other) => follow.get(station).add(other));
  const depth = new Map();
  const depthOf = (station) => {
    if (!depth.has(station)) depth.set(station, 1 + Math.max(-1, ...[...follow.get(station)].map(depthOf)));
    return depth.get(station);
  };
  const deepest = Math.max(0, ...onWay.map(depthOf));
  const columns = Array.from({ length: onWay.length ? deepest + 1 : 0 }, () => []);
  for (const station of onWay) columns[deepest - depthOf(station)].push(station);
  return columns;
}

// pairs of stations that a class passes one after the other
function waysOf(stations) {
  const onWay = stations.filter((station) => !station.aside), ways = new Map();
  for (const cls of new Set(onWay.flatMap((station) => station.serves))) {
    const chain = onWay.filter((station) => station.serves.includes(cls));
    chain.slice(1).forEach((station, n) => ways.set(`${chain[n].id}\n${station.id}`, [chain[n].id, station.id]));
  }
  return [...ways.values()];
}

// where the boxes are; made once for a crossing and a width
const plans = new WeakMap();

function planOf(crossing, width) {
  const known = plans.get(crossing);
  if (known?.width === width) return known;
  const columns = columnsOf(crossing.stations), asides = crossing.stations.filter((station) => station.aside);
  const isStacked = columns.length > 1 && (width + GAP) / columns.length - GAP < NARROW;
  const plan = { width, columns, isStacked, boxes: {}, zones: [], ways: waysOf(crossing.stations), aside: 0 };
  const below = isStacked ? stack(plan) : spreadOut(plan);
  plan.height = placeAsides(plan, asides, below);
  plan.zones = zonesOf(plan);
  plans.set(crossing, plan);
  return plan;
}

function spreadOut(plan) {
  const step = (plan.width + GAP) / Math.max(plan.columns.length, 1);
  const most = Math.max(1, ...plan.columns.map((each) => each.length));
  const width = Math.min(step - GAP, WIDEST);
  untangle(plan);
  plan.columns.forEach((stations, column) => {
    const above = ((most - stations.length) * (TALL + BETWEEN)) / 2;
    stations.forEach((station, row) => {
      plan.boxes[station.id] = { x: column * step, y: HEAD + above + row * (TALL + BETWEEN), width, height: TALL };
    });
  });
  return plan.columns.length ? HEAD + most * (TALL + BETWEEN) : HEAD;
}

// stations of a column in the order of those before them, so that few ways cross
function untangle({ columns, ways }) {
  for (const [n, stations] of columns.entries()) {
    const before = columns[n - 1]?.map((station) => station.id) ?? [];
    const place = new Map(stations.map((station, own) => {
      const rows = ways.filter(([from, to]) => to === station.id && before.includes(from)).map(([from]) => before.indexOf(from));
      return [station, rows.length ? rows.reduce((sum, row) => sum + row, 0) / rows.length : own];
    }));
    stations.sort((one, other) => place.get(one) - place.get(other));
  }
}

function stack(plan) {
  let y = HEAD;
  for (const stations of plan.columns) {
    const across = Math.min(stations.length, Math.floor((plan.width + BETWEEN) / (LEAST + BETWEEN))), width = (plan.width - (across - 1) * BETWEEN) / across;
    stations.forEach((station, n) => {
      const row = Math.floor(n / across);
      plan.boxes[station.id] = { x: (n % across) * (width + BETWEEN), y: y + row * (TALL + BETWEEN), width, height: TALL };
    });
    y += Math.ceil(stations.length / across) * (TALL + BETWEEN) + 8;
  }
  return y;
}

function placeAsides(plan, asides, below) {
  if (!asides.length) return below;
  const gap = plan.isStacked ? BETWEEN : GAP, room = Math.max(1, Math.floor((plan.width + gap) / (LEAST + gap)));
  const across = Math.min(room, plan.isStacked ? asides.length : Math.max(2, plan.columns.length));
  const width = Math.min((plan.width + gap) / across - gap, plan.isStacked ? plan.width : WIDEST);
  plan.aside = below + 14;
  asides.forEach((station, n) => {
    const x = (n % across) * (width + gap), y = below + 22 + Math.floor(n / across) * (TALL + BETWEEN);
    plan.boxes[station.id] = { x, y, width, height: TALL };
  });
  return below + 22 + Math.ceil(asides.length / across) * (TALL + BETWEEN);
}

// the border of a zone: before the first column with a station whose queue stands in it
function zonesOf(plan) {
  const marks = [], seen = new Set();
  plan.columns.forEach((stations, column) => {
    for (const { zone } of stations) {
      if (!zone || seen.has(zone) || !column) continue;
      seen.add(zone);
      const first = plan.boxes[stations[0].id];
      marks.push({ zone, at: plan.isStacked ? first.y - 9 : first.x - GAP / 2 });
    }
  });
  return marks;
}

function drawZone(pen, { at, zone }, { palette, crossing }, plan) {
  const words = crossing.zones[zone] ?? zone, bottom = plan.aside ? plan.aside - 22 : plan.height - BETWEEN;
  if (plan.isStacked) {
    line(pen, [[0, at], [plan.width, at]], palette.muted, 1, [6, 4]);
    return;
  }
  line(pen, [[at, HEAD], [at, bottom]], palette.muted, 1, [6, 4]);
  write(pen, words, at, 13, { size: 13, align: "center", colour: palette.muted });
}

function drawWay(pen, one, other, palette, isStacked) {
  if (isStacked) return;
  const from = [one.x + one.width, one.y + one.height / 2], to = [other.x, other.y + other.height / 2];
  pen.beginPath();
  pen.moveTo(...from);
  const middle = (from[0] + to[0]) / 2;
  pen.bezierCurveTo(middle, from[1], middle, to[1], ...to);
  pen.strokeStyle = palette.faint;
  pen.lineWidth = 2;
  pen.stroke();
}

function drawStation(pen, at, station, each, { palette, marks, now, pinned }) {
  const { queue, servers, busy } = now.stations[station.id], ghost = pinned?.stations[station.id];
  pen.fillStyle = palette.raised;
  pen.fillRect(at.x, at.y, at.width, at.height);
  box(pen, at.x, at.y, at.width, at.height, palette.faint);
  const x = at.x + 8, room = at.width - 16;
  const number = write(pen, count(queue), at.x + at.width - 8, at.y + 17, { size: 14, weight: 600, align: "right", colour: palette.ink });
  write(pen, fitted(pen, station.title, room - number - 8, 14, 600), x, at.y + 17, { size: 14, weight: 600, colour: palette.ink });
  const colour = station.serves.length === 1 ? (marks[station.serves[0]]?.colour ?? palette.muted) : palette.muted;
  const grid = { x: x + room, y: at.y + 25, columns: Math.floor(room / DOT) };
  drawDots(pen, grid, queue, each, colour);
  if (ghost) drawGhost(pen, grid, ghost, each, palette);
  const shared = station.pool ? [`, shared: ${station.pool.replaceAll("_", " ")}`, ", shared"] : [];
  drawServers(pen, { x, y: at.y + 51, room, clear: room - (ghost ? 96 : 0) }, { servers, busy, shared }, palette);
}

// dots of a queue, four to a column, from the servers (right) outwards
function drawDots(pen, grid, queue, each, colour) {
  const dots = dotsIn(queue, each);
  pen.fillStyle = colour;
  pen.beginPath();
  for (let n = 0; n < dots; n++) {
    const x = grid.x - (Math.floor(n / DOT_ROWS) + 0.5) * DOT, y = grid.y + ((n % DOT_ROWS) + 0.5) * DOT;
    pen.moveTo(x + 2.2, y);
    pen.arc(x, y, 2.2, 0, 2 * Math.PI);
  }
  pen.fill();
}

// a queue that rounds to a party has a dot
function dotsIn(queue, each) {
  return queue < 0.5 ? 0 : Math.max(1, Math.round(queue / each));
}

function drawGhost(pen, grid, { queue }, each, palette) {
  const columns = Math.ceil(dotsIn(queue, each) / DOT_ROWS);
  if (columns) box(pen, grid.x - columns * DOT - 1, grid.y - 1, columns * DOT + 2, DOT_ROWS * DOT + 2, palette.accent, [3, 2]);
  const words = grid.columns * DOT > 180 ? `pinned: ${count(queue)}` : `(${count(queue)})`;
  write(pen, words, grid.x, grid.y + 50, { size: 13, align: "right", colour: palette.accent });
}

// staffed servers as squares, busy ones filled; many as a bar. Those of a pool work at other stations too, which is said
// as far as there is room (`clear`)
function drawServers(pen, at, { servers, busy, shared }, palette) {
  const text = { size: 13, colour: palette.muted };
  if (!(servers > 0)) {
    if (servers !== null) write(pen, "no servers now", at.x, at.y + 24, text);
    return;
  }
  const number = busy === null ? `${count(servers)} servers` : `${count(busy)} of ${count(servers)} busy`;
  const words = number + (shared.find((each) => widthOf(pen, number + each) <= at.clear) ?? "");
  if (servers > MOST_SQUARES) {
    pen.fillStyle = palette.ink;
    pen.fillRect(at.x, at.y + 2, (at.room * (busy ?? 0)) / servers, SQUARE - 2);
    box(pen, at.x, at.y + 2, at.room, SQUARE - 2, palette.muted);
    write(pen, words, at.x, at.y + 24, text);
    return;
  }
  const squares = Math.ceil(servers - 0.05), step = Math.min(SQUARE, at.room / squares), size = step - 2, y = at.y + 2;
  for (let n = 0; n < squares; n++) {
    const x = at.x + n * step;
    pen.fillStyle = palette.ink;
    pen.fillRect(x, y, size * Math.max(0, Math.min(1, (busy ?? 0) - n)), size);
    box(pen, x, y, size * Math.max(0.3, Math.min(1, servers - n)), size, palette.muted);
  }
  write(pen, words, at.x, at.y + 24, text);
}
