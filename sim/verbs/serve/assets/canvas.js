// A canvas that is sharp on dense screens, and the colours that the page gives.

const NAMES = ["ink", "muted", "faint", "paper", "raised", "accent", "reported", "validation"];
const INK = "#22262b";
// least contrast of a class's colour with the page; below it, the colour moves towards the ink
const CONTRAST = 2;

export const FONT = 'system-ui, -apple-system, "Segoe UI", sans-serif';

// the colours of the page now, and `of(colour)`, a colour of a class as it can be seen on this page
export function paletteOf(element) {
  const style = getComputedStyle(element);
  const palette = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim() || "#888888"]));
  const known = new Map([[INK, palette.ink]]);
  palette.of = (colour) => {
    const key = colour.toLowerCase();
    if (!known.has(key)) known.set(key, legible(key, palette));
    return known.get(key);
  };
  return palette;
}

function legible(colour, palette) {
  for (let share = 0; share < 1; share += 0.1) {
    const mixed = mix(colour, palette.ink, share);
    if (contrast(mixed, palette.paper) >= CONTRAST) return mixed;
  }
  return palette.ink;
}

function channels(colour) {
  const hex = colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit).join("") : colour.slice(1, 7);
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16) || 0);
}

function mix(one, other, share) {
  const to = channels(other);
  const mixed = channels(one).map((value, n) => Math.round(value + share * (to[n] - value)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

// contrast ratio of two colours (WCAG 2.1, relative luminance)
function contrast(one, other) {
  const [light, dark] = [one, other].map(luminance).sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour) {
  const linear = channels(colour).map((value) => value / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

export class Surface {
  constructor(words) {
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", words);
    this.width = this.height = this.density = 0;
  }

  // Return the pen for a frame of this size in CSS pixels; the canvas changes only if its size does.
  begin(width, height) {
    const density = window.devicePixelRatio || 1;
    if (width !== this.width || height !== this.height || density !== this.density) {
      Object.assign(this, { width, height, density });
      this.canvas.width = Math.round(width * density);
      this.canvas.height = Math.round(height * density);
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(density, 0, 0, density, 0, 0);
    pen.clearRect(0, 0, width, height);
    return pen;
  }
}

// Write a text; `style` may have size, weight, align, baseline, colour. Returns its width.
export function write(pen, text, x, y, style) {
  pen.font = `${style.weight ?? 400} ${style.size ?? 13}px ${FONT}`;
  pen.textAlign = style.align ?? "left";
  pen.textBaseline = style.baseline ?? "alphabetic";
  pen.fillStyle = style.colour;
  pen.fillText(text, x, y);
  return pen.measureText(text).width;
}

export function widthOf(pen, text, size = 13, weight = 400) {
  pen.font = `${weight} ${size}px ${FONT}`;
  return pen.measureText(text).width;
}

// The text, or as much of it as has room, with an ellipsis.
export function fitted(pen, text, room, size = 13, weight = 400) {
  if (widthOf(pen, text, size, weight) <= room) return text;
  let short = text;
  while (short && widthOf(pen, `${short}…`, size, weight) > room) short = short.slice(0, -1);
  return `${short.trimEnd()}…`;
}

export function line(pen, points, colour, width = 1, dash = []) {
  pen.beginPath();
  points.forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.setLineDash(dash);
  pen.stroke();
  pen.setLineDash([]);
}

export function box(pen, x, y, width, height, colour, dash = []) {
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.setLineDash(dash);
  pen.strokeRect(x + 0.5, y + 0.5, Math.max(width - 1, 0), Math.max(height - 1, 0));
  pen.setLineDash([]);
}
