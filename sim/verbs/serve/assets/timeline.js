// The strip above the slider: people waiting over the whole run, days, reported figures, events and the time now.
import { Surface, line, write } from "./canvas.js";
import { largest } from "./moment.js";

const TALL = 76, FOOT = 17, MARKS = 16;
// half a thumb of the slider below, whose middle moves between these ends
export const INSET = 8;

export class Timeline {
  constructor() {
    this.surface = new Surface("People waiting over the whole run");
    this.element = this.surface.canvas;
  }

  // Draw a frame. `view`: {width, palette, dates, times, people, pinned, seconds, figures, events}.
  draw({ width, palette, dates, times, people, pinned, seconds, figures, events }) {
    const pen = this.surface.begin(width, TALL), [from, until] = [times[0], times.at(-1)];
    const x = (at) => INSET + ((Math.max(from, Math.min(until, at)) - from) / (until - from || 1)) * (width - 2 * INSET);
    const bottom = TALL - FOOT, most = Math.max(1, largest(people), largest(pinned?.people));
    const y = (value) => bottom - (value / most) * (bottom - MARKS - 2);
    for (const [at, words] of dates.ticks(from, until, Math.floor(width / 62))) {
      line(pen, [[x(at), MARKS], [x(at), bottom + 3]], palette.faint);
      if (x(at) > 16 && x(at) < width - 16) write(pen, words, x(at), TALL - 2, { size: 12, align: "center", colour: palette.muted });
    }
    const points = curve(times, people, x, y);
    if (points.length) fill(pen, points, bottom, palette.faint, palette.muted);
    if (pinned) line(pen, curve(pinned.times, pinned.people, x, y), palette.accent, 1.2, [4, 3]);
    line(pen, [[INSET, bottom], [width - INSET, bottom]], palette.muted);
    for (const { begin, end, fitted } of [...figures].sort((one, other) => other.end - other.begin - (one.end - one.begin))) {
      const row = fitted ? 1.5 : 5.5, right = Math.max(x(end) - 1, x(begin) + 2);
      line(pen, [[x(begin), row], [right, row]], fitted ? palette.reported : palette.validation, 3);
    }
    for (const { at } of events) line(pen, [[x(at), 9], [x(at), 15]], palette.ink, 1.5);
    line(pen, [[x(seconds), 0], [x(seconds), bottom + 4]], palette.ink, 2);
  }
}

// points of a line; of many at the same pixel, the highest
function curve(times, values, x, y) {
  const points = [];
  (values ?? []).forEach((value, n) => {
    if (value === null) return;
    const at = x(times[n]), last = points.at(-1);
    if (last && at - last[0] < 0.5) last[1] = Math.min(last[1], y(value));
    else points.push([at, y(value)]);
  });
  return points;
}

function fill(pen, points, bottom, inside, edge) {
  pen.beginPath();
  pen.moveTo(points[0][0], bottom);
  for (const point of points) pen.lineTo(...point);
  pen.lineTo(points.at(-1)[0], bottom);
  pen.fillStyle = inside;
  pen.fill();
  line(pen, points, edge, 1.2);
}
