// A measure along a lever as SVG: mean and band of the replications, the present value, and a limit.

import { number } from "./tables.js";

const SPACE = "http://www.w3.org/2000/svg", TALL = 280, TOP = 20, FOOT = 52, LEFT = 60, RIGHT = 18, LETTER = 7;

function drawn(tag, attributes, text) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Round ticks from 0 to above a number.
function ticks(most) {
  const rough = most / 4, power = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 2.5, 5, 10].find((each) => each * power >= rough * 0.999) * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, n) => n * step);
}

// Stretches of rows that have a mean.
function stretches(rows) {
  const found = [[]];
  for (const row of rows) {
    if (Number.isFinite(row.mean)) found.at(-1).push(row);
    else if (found.at(-1).length) found.push([]);
  }
  return found.filter((each) => each.length);
}

// Rows are {value, mean, p05, p95}, the smallest value first. `name(value)` writes a value of the lever, `label` names the
// lever, `words` the measure; `from` and `to` are the ends of the axis, `limit` and `present` may be null.
export function chartOf(rows, { width, from, to, label, words, unit, name, limit, present }) {
  const svg = drawn("svg", { class: "range-svg", width, height: TALL, viewBox: `0 0 ${width} ${TALL}`, role: "img", "aria-label": `${words} along ${label}; the table below has the numbers` });
  const highest = Math.max(...rows.map((row) => row.p95 ?? row.mean).filter(Number.isFinite), limit ?? 0, 0) || 1;
  const marks = ticks(highest), top = marks.at(-1), bottom = TALL - FOOT;
  const x = (value) => LEFT + ((value - from) / (to - from || 1)) * (width - LEFT - RIGHT), y = (value) => bottom - (value / top) * (bottom - TOP);
  for (const mark of marks) {
    svg.append(drawn("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(mark), y2: y(mark) }), drawn("text", { class: "tick", x: LEFT - 6, y: y(mark) + 4, "text-anchor": "end" }, number(mark, mark === top ? unit : "")));
  }
  nameValues();
  svg.append(drawn("text", { class: "tick", x: (LEFT + width - RIGHT) / 2, y: TALL - 8, "text-anchor": "middle" }, label));
  if (present !== null && present >= from && present <= to) {
    const side = x(present) > width / 2 ? "end" : "start";
    svg.append(drawn("line", { class: "present", x1: x(present), x2: x(present), y1: TOP - 6, y2: bottom }), drawn("text", { class: "present-word", x: x(present) + (side === "end" ? -5 : 5), y: TOP - 7, "text-anchor": side }, `now ${name(present)}`));
  }
  for (const some of stretches(rows)) drawStretch(some);
  if (limit !== null) {
    svg.append(drawn("line", { class: "limit", x1: LEFT, x2: width - RIGHT, y1: y(limit), y2: y(limit) }), drawn("text", { class: "limit-word", x: LEFT + 4, y: y(limit) - 5 }, number(limit, unit)));
  }
  return svg;

  function nameValues() {
    let end = -Infinity;
    for (const { value } of rows) {
      const text = name(value), half = (text.length * LETTER) / 2, at = Math.min(x(value), width - half);
      svg.append(drawn("line", { class: "grid", x1: x(value), x2: x(value), y1: bottom, y2: bottom + 5 }));
      if (at - half < end + 6) continue;
      svg.append(drawn("text", { class: "tick", x: at, y: bottom + 19, "text-anchor": "middle" }, text));
      end = at + half;
    }
  }

  function drawStretch(some) {
    const at = (row, value) => `${x(row.value).toFixed(1)},${y(value).toFixed(1)}`, low = (row) => row.p05 ?? row.mean, high = (row) => row.p95 ?? row.mean;
    if (some.length > 1) {
      svg.append(drawn("polygon", { class: "band", points: [...some.map((row) => at(row, high(row))), ...some.toReversed().map((row) => at(row, low(row)))].join(" ") }));
      svg.append(drawn("polyline", { class: "mean", points: some.map((row) => at(row, row.mean)).join(" ") }));
    }
    for (const row of some) {
      svg.append(drawn("line", { class: "spread", x1: x(row.value), x2: x(row.value), y1: y(low(row)), y2: y(high(row)) }));
      const dot = drawn("circle", { class: row.value === present ? "dot now" : "dot", cx: x(row.value), cy: y(row.mean), r: row.value === present ? 5 : 3.5 });
      dot.append(drawn("title", {}, `${name(row.value)}: ${number(row.mean, unit)}`));
      svg.append(dot);
    }
  }
}
