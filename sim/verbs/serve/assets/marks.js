// The marks of classes: a shape for each kind, filled or hollow for classes of one kind, in the colour of the class.

export const ON_THE_ROAD = new Set(["car", "truck", "bus"]);

// {class: {words, kind, hollow, colour}}; `hollow` tells a second class of a kind apart without its colour
export function marksOf(classes, palette) {
  const seen = {}, marks = {};
  for (const [name, { words, kind, colour }] of Object.entries(classes)) {
    const nth = (seen[kind] = (seen[kind] ?? -1) + 1);
    marks[name] = { words, kind, hollow: nth % 2 === 1, colour: palette.of(colour) };
  }
  return marks;
}

// Draw a mark in the middle of a cell; vehicles look to the right, towards the border.
export function drawMark(pen, mark, x, y, width, height) {
  const tall = Math.max(height * 0.7, 2), middle = y + height / 2;
  const inside = { x, y: middle - tall / 2, width, height: tall, middle };
  pen.fillStyle = pen.strokeStyle = mark.colour;
  pen.lineWidth = 1;
  (SHAPES[mark.kind] ?? dot)(pen, inside, mark.hollow);
}

function block(pen, x, y, width, height, hollow) {
  if (hollow) pen.strokeRect(x + 0.5, y + 0.5, Math.max(width - 1, 1), Math.max(height - 1, 1));
  else pen.fillRect(x, y, width, height);
}

function car(pen, at, hollow) {
  block(pen, at.x + at.width * 0.2, at.y + at.height * 0.1, at.width * 0.5, at.height * 0.8, hollow);
}

// a load and a cab
function truck(pen, at, hollow) {
  block(pen, at.x + at.width * 0.02, at.y, at.width * 0.62, at.height, hollow);
  block(pen, at.x + at.width * 0.7, at.y + at.height * 0.25, at.width * 0.2, at.height * 0.75, hollow);
}

// as long as a truck, in two halves, one above the other
function bus(pen, at, hollow) {
  block(pen, at.x + at.width * 0.02, at.y, at.width * 0.88, at.height * 0.4, hollow);
  block(pen, at.x + at.width * 0.02, at.y + at.height * 0.6, at.width * 0.88, at.height * 0.4, hollow);
}

// a diamond
function bike(pen, at, hollow) {
  const across = Math.min(at.width, at.height * 1.2) / 2, x = at.x + at.width / 2;
  pen.beginPath();
  pen.moveTo(x - across, at.middle);
  pen.lineTo(x, at.middle - across);
  pen.lineTo(x + across, at.middle);
  pen.lineTo(x, at.middle + across);
  pen.closePath();
  if (hollow) pen.stroke();
  else pen.fill();
}

function dot(pen, at, hollow) {
  pen.beginPath();
  pen.arc(at.x + at.width / 2, at.middle, Math.min(at.width, at.height) * 0.4, 0, 2 * Math.PI);
  if (hollow) pen.stroke();
  else pen.fill();
}

const SHAPES = { car, truck, bus, bike, foot: dot };

// Numbers spread evenly over 0…1, the same for the same place: what a place shows changes only when the shares do.
export function spread(n) {
  return (n * 0.6180339887498949) % 1;
}

// The class that place `n` shows if classes have these shares, as [[class, cumulative share], …].
export function classAt(shares, n) {
  const chance = spread(n);
  return (shares.find(([, until]) => chance < until) ?? shares.at(-1))?.[0];
}

// [[class, cumulative share], …] of the classes that are waiting
export function sharesOf(waiting, names) {
  const present = names.filter((name) => waiting[name] > 0);
  const all = present.reduce((sum, name) => sum + waiting[name], 0);
  let until = 0;
  return present.map((name) => [name, (until += waiting[name] / all)]);
}
