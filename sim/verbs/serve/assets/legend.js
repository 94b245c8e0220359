// The classes with their marks and how many of each wait now.
import { Surface } from "./canvas.js";
import { ON_THE_ROAD, drawMark } from "./marks.js";
import { count } from "./moment.js";

export class Legend {
  constructor(classes) {
    this.element = Object.assign(document.createElement("div"), { className: "scene-legend" });
    this.list = document.createElement("ul");
    this.note = document.createElement("p");
    this.element.append(this.list, this.note);
    this.rows = new Map(Object.keys(classes).map((name) => [name, this.row(classes[name].words)]));
  }

  row(words) {
    const item = document.createElement("li"), surface = new Surface(""), number = document.createElement("span");
    surface.canvas.setAttribute("aria-hidden", "true");
    item.append(surface.canvas, ` ${words} `, number);
    this.list.append(item);
    return { item, surface, number };
  }

  // `scale`: what a mark on the road stands for; none without a road
  show({ palette, marks, now, extent }, scale) {
    if (palette !== this.palette) {
      for (const [name, { surface }] of this.rows) drawMark(surface.begin(20, 14), marks[name], 1, 1, 18, 12);
      this.palette = palette;
    }
    for (const [name, { item, number }] of this.rows) {
      const isSeen = (extent.waiting[name] ?? 0) > 0, text = count(now.waiting[name] ?? 0);
      if (item.hidden === isSeen) item.hidden = !isSeen;
      if (number.textContent !== text) number.textContent = text;
    }
    const text = scale ? noteOf(marks, now, scale) : "parties waiting, by class";
    if (this.note.textContent !== text) this.note.textContent = text;
  }
}

function noteOf(marks, now, scale) {
  const isSeveral = Object.keys(now.waiting).filter((name) => ON_THE_ROAD.has(marks[name]?.kind)).length > 1;
  return isSeveral
    ? `waiting now; ${scale}; where each class stands is not known, so marks are mixed in proportion`
    : `waiting now; ${scale}`;
}
