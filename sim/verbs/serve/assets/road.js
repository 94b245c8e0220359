// The way to the border: the queue in its files, who stands beside the road and in lots, the post and the neutral zone.
//
// The border is on the right; kilometres count from it outwards. Vehicles stand for many: where each class stands in the
// queue is not in the data, so marks are mixed in proportion of those who wait.
import { Surface, box, fitted, line, widthOf, write } from "./canvas.js";
import { ON_THE_ROAD, classAt, drawMark, sharesOf, spread } from "./marks.js";
import { count, length, roundUp } from "./moment.js";

const HEAD = 42, ROADSIDE = 32, LOTS = 26, AXIS = 40, PLACES = 18, LEFT = 10;
// least metres of a file for which a mark stands: one vehicle
const VEHICLE = 7;
const TICKS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];

export class Road {
  constructor() {
    this.surface = new Surface("The queue on the road");
    this.element = this.surface.canvas;
  }

  // Draw a frame and return what a mark stands for. `view`: {width, palette, marks, crossing, extent, now, pinned,
  // figures}, see scene.js.
  draw(view) {
    const plan = planOf(view);
    const pen = this.surface.begin(view.width, plan.height);
    drawFiles(pen, plan, view);
    drawTails(pen, plan, view);
    view.figures.forEach((figure, n) => drawFigure(pen, plan, view, figure, n));
    drawAxis(pen, plan, view);
    drawBorder(pen, plan, view);
    if (plan.landmarks) drawLandmarks(pen, plan, view);
    if (plan.roadside) drawRoadside(pen, plan, view);
    if (plan.lots) drawLots(pen, plan, view);
    return `a mark on the road stands for ${length(plan.each / 1000)} of a file`;
  }
}

// where things are: `x(km)`, and the upper edge of each part
function planOf({ width, crossing, extent, now, marks }) {
  const zones = [...new Set(crossing.stations.map((station) => station.zone).filter(Boolean))];
  const end = zones.length ? Math.min(130, Math.max(102, width * 0.12)) : 58;
  const border = width - end;
  const longest = niceEnd(Math.max(extent.km, 0.02));
  const stretches = stretchesOf(crossing, longest);
  const most = Math.max(...stretches.map((each) => each.rows));
  const row = Math.max(4, Math.min(17, 60 / most));
  const beside = Object.keys(now.waiting).filter((name) => marks[name] && !ON_THE_ROAD.has(marks[name].kind));
  const plan = { width, zones, end, border, longest, stretches, row, beside, tall: most * row, top: HEAD };
  plan.x = (km) => border - (Math.min(km, longest) / longest) * (border - LEFT);
  const metres = (longest * 1000) / (border - LEFT);
  plan.cell = Math.max(6, row * 0.95, VEHICLE / metres);
  plan.each = plan.cell * metres;
  plan.axis = HEAD + plan.tall + 6;
  plan.landmarks = crossing.landmarks?.length ? plan.axis + AXIS : 0;
  const below = plan.axis + AXIS + (plan.landmarks ? PLACES : 0);
  plan.roadside = beside.some((name) => extent.waiting[name] > 0.5) ? below : 0;
  plan.lots = extent.lots > 0.5 ? (plan.roadside ? plan.roadside + ROADSIDE : below) : 0;
  plan.height = Math.ceil(Math.max(below, plan.roadside && plan.roadside + ROADSIDE, plan.lots && plan.lots + LOTS));
  return plan;
}

// the end of the axis: a little beyond the longest queue, in steps so that it seldom moves
function niceEnd(km) {
  const step = TICKS.find((each) => km / each <= 12) ?? 100;
  return Math.ceil((km * 1.02) / step) * step;
}

// [{from, until, files, rows, last}]: the last row of a stretch has room for the rest of its mean number of files
function stretchesOf(crossing, longest) {
  let from = 0;
  const stretches = [];
  for (const { until, files } of crossing.stretches) {
    const to = Math.min(until ?? longest, longest);
    const rows = Math.max(1, Math.ceil(files - 0.05));
    if (to > from) stretches.push({ from, until: to, files, rows, last: files - rows + 1 });
    from = to;
  }
  return stretches;
}

function drawFiles(pen, plan, { palette, marks, now }) {
  const names = Object.keys(now.waiting).filter((name) => marks[name] && ON_THE_ROAD.has(marks[name].kind));
  const shares = sharesOf(now.waiting, names);
  const { cell } = plan, tail = plan.x(now.km);
  for (const stretch of plan.stretches) {
    const left = plan.x(stretch.until), right = plan.x(stretch.from);
    pen.fillStyle = palette.raised;
    pen.fillRect(left, plan.top, right - left, stretch.rows * plan.row);
    for (let row = 1; row < stretch.rows; row++) {
      const y = plan.top + row * plan.row;
      line(pen, [[left, y], [right, y]], palette.faint, 1, [4, 4]);
    }
    box(pen, left, plan.top, right - left, stretch.rows * plan.row, palette.faint);
  }
  for (let n = 0, right = plan.border; right - cell >= Math.max(tail - cell / 2, LEFT); n++, right -= cell) {
    const stretch = stretchAt(plan, right - cell / 2);
    for (let row = 0; row < stretch.rows; row++) {
      const place = n * 23 + row;
      if (row === stretch.rows - 1 && spread(n) > stretch.last) continue;
      const mark = marks[classAt(shares, place)] ?? { kind: "car", colour: palette.muted };
      drawMark(pen, mark, right - cell, plan.top + row * plan.row, cell, plan.row);
    }
  }
}

function stretchAt(plan, x) {
  const km = ((plan.border - x) / (plan.border - LEFT)) * plan.longest;
  return plan.stretches.find((stretch) => km <= stretch.until) ?? plan.stretches.at(-1);
}

// the tail of the queue with its kilometres, and a thin outline of the queue of the pinned setting
function drawTails(pen, plan, { palette, now, pinned }) {
  const x = plan.x(now.km), words = length(now.km), half = widthOf(pen, words, 15, 600) / 2, y = plan.top - 12;
  const middle = keptIn(x, half, plan.border);
  if (pinned) {
    const left = plan.x(pinned.km), ghost = `pinned: ${length(pinned.km)}`, ghostHalf = widthOf(pen, ghost, 13) / 2;
    box(pen, left, plan.top - 3, plan.border - left, plan.tall + 6, palette.accent, [5, 3]);
    const at = besides(keptIn(left, ghostHalf, plan.border - 16), ghostHalf, middle, half + 10, plan.border - 16);
    write(pen, ghost, at, y, { size: 13, align: "center", colour: palette.accent });
  }
  line(pen, [[x, plan.top - 8], [x, plan.top + plan.tall]], palette.ink, 2);
  write(pen, words, middle, y, { size: 15, weight: 600, align: "center", colour: palette.ink });
}

function keptIn(x, half, width) {
  return Math.max(half + 2, Math.min(x, width - half - 2));
}

// the middle of a text that does not cover another one: on its own side of it, or on the other if it has no room there
function besides(x, half, other, otherHalf, width) {
  if (Math.abs(x - other) >= half + otherHalf) return x;
  const left = other - otherHalf - half, right = other + otherHalf + half;
  return (x < other && left - half >= 0) || right + half > width ? Math.max(left, half) : right;
}

// a reported length: a mark at its kilometre, above the road
function drawFigure(pen, plan, { palette }, figure, n) {
  const x = plan.x(figure.km), colour = figure.fitted ? palette.reported : palette.validation;
  line(pen, [[x, plan.top - 6], [x, plan.top + plan.tall + 5]], colour, 1.5, [2, 2]);
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(x - 5, plan.top - 7);
  pen.lineTo(x + 5, plan.top - 7);
  pen.lineTo(x, plan.top);
  pen.fill();
  if (n) return;
  const words = fitted(pen, `reported: ${figure.words.split(": ")[0]}`, plan.width - 4, 13);
  const half = widthOf(pen, words, 13) / 2;
  write(pen, words, keptIn(x, half, plan.width), 11, { size: 13, align: "center", colour });
}

function drawAxis(pen, plan, { palette }) {
  const room = (plan.border - LEFT) / 52, step = TICKS.find((each) => plan.longest / each <= room) ?? 100;
  const inMetres = plan.longest < 2;
  line(pen, [[LEFT, plan.axis], [plan.border, plan.axis]], palette.muted);
  for (let n = 0; n * step <= plan.longest * 1.0001; n++) {
    const x = plan.x(n * step), words = inMetres ? `${Math.round(n * step * 1000)}` : `${Number((n * step).toFixed(2))}`;
    line(pen, [[x, plan.axis], [x, plan.axis + 4]], palette.muted);
    const text = (n + 1) * step > plan.longest * 1.0001 ? `${words} ${inMetres ? "m" : "km"}` : words;
    write(pen, text, keptIn(x, widthOf(pen, text, 13) / 2, plan.width), plan.axis + 16, { size: 13, align: "center", colour: palette.muted });
  }
  for (const stretch of plan.stretches) drawFilesWords(pen, plan, palette, stretch);
}

// the number of files of a stretch, under the axis, where it has room
function drawFilesWords(pen, plan, palette, stretch) {
  const left = plan.x(stretch.until), right = plan.x(stretch.from), files = Number(stretch.files.toFixed(1));
  const style = { size: 12, align: "center", colour: palette.muted };
  const words = [`${files} ${files === 1 ? "file" : "files"} of vehicles`, `${files} ${files === 1 ? "file" : "files"}`];
  const text = words.find((each) => widthOf(pen, each, 12) < right - left - 10);
  if (text) write(pen, text, (left + right) / 2, plan.axis + 33, style);
}

// the post at the border; behind it, if there is one, the neutral zone with those who wait in it, and the other post
// places along the road, from the border outwards; those beyond the axis are named at its end
function drawLandmarks(pen, plan, { palette, crossing }) {
  let right = plan.width;
  for (const { name, km } of [...crossing.landmarks].sort((a, b) => a.km - b.km)) {
    const isBeyond = km > plan.longest, words = isBeyond ? `\u2190 ${name}, ${length(km)}` : name;
    const half = widthOf(pen, words, 13) / 2, x = isBeyond ? LEFT + half : keptIn(plan.x(km), half, plan.width);
    if (x + half > right) continue;
    if (!isBeyond) line(pen, [[plan.x(km), plan.axis], [plan.x(km), plan.landmarks]], palette.muted, 1, [1, 3]);
    write(pen, words, x, plan.landmarks + 11, { size: 13, align: "center", colour: palette.ink });
    right = x - half - 8;
  }
}

function drawBorder(pen, plan, { palette, crossing, now }) {
  const top = plan.top - 4, bottom = plan.top + plan.tall + 4, tall = bottom - top;
  pen.fillStyle = palette.ink;
  pen.fillRect(plan.border, top, 5, tall);
  if (!plan.zones.length) {
    write(pen, "border", plan.border + 10, plan.top + plan.tall / 2, { size: 13, baseline: "middle", colour: palette.ink });
    return;
  }
  const left = plan.border + 5, width = plan.end - 5 - 5 - 2;
  hatch(pen, left, top, width, tall, palette.faint);
  pen.fillStyle = palette.ink;
  pen.fillRect(left + width, top, 5, tall);
  const inside = crossing.stations.filter((station) => station.zone).reduce((sum, { id }) => sum + now.stations[id].queue, 0);
  const middle = left + width / 2;
  // a title such as "Verkhny Lars - Dariali" names both posts
  const named = crossing.title.split(" - "), [here, there] = named.length === 2 ? named : ["post", "post"];
  write(pen, here, plan.border + 2, top - 5, { size: 13, align: "center", colour: palette.muted });
  write(pen, there, plan.width, top - 5, { size: 13, align: "right", colour: palette.muted });
  write(pen, count(inside), middle, plan.top + plan.tall / 2, { size: 15, weight: 600, align: "center", baseline: "middle", colour: palette.ink });
  const words = plan.zones.map((zone) => crossing.zones[zone] ?? zone).join(", ");
  write(pen, fitted(pen, words, width, 13), plan.width, plan.axis + 16, { size: 13, align: "right", colour: palette.muted });
  write(pen, "waiting in it", plan.width, plan.axis + 33, { size: 13, align: "right", colour: palette.muted });
}

function hatch(pen, x, y, width, height, colour) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  for (let at = x - height; at < x + width; at += 8) line(pen, [[at, y + height], [at + height, y]], colour);
  pen.restore();
}

// bikes and walkers: a strip beside the road, filled from the border; it is not to the scale of the road
function drawRoadside(pen, plan, { palette, marks, now, extent }) {
  const cell = 8, most = plan.beside.reduce((sum, name) => sum + extent.waiting[name], 0);
  const room = Math.floor((plan.border - LEFT) / cell), each = roundUp(most / room);
  write(pen, `beside the road${each > 1 ? `, 1 mark = ${count(each)}` : ""}`, LEFT, plan.roadside + 10, { size: 13, colour: palette.muted });
  let right = plan.border;
  for (const name of plan.beside) {
    for (let n = Math.ceil(now.waiting[name] / each - 0.5); n > 0 && right > LEFT; n--, right -= cell) {
      drawMark(pen, marks[name], right - cell, plan.roadside + 16, cell, 10);
    }
  }
}

// vehicles in lots, off the road: a number, and a bar to the most of the run
function drawLots(pen, plan, { palette, now, extent }) {
  const words = `in lots, off the road: ${count(now.lots)} vehicles`;
  const after = LEFT + write(pen, words, LEFT, plan.lots + 15, { size: 13, colour: palette.muted }) + 10;
  const width = Math.min(120, plan.width - after - 10);
  if (width < 30) return;
  pen.fillStyle = palette.muted;
  pen.fillRect(after, plan.lots + 6, (width * now.lots) / extent.lots, 10);
  box(pen, after, plan.lots + 6, width, 10, palette.faint);
}
