// What was reported, and what happened, around a time: a list that changes when its rows do.

const HOUR = 3600;
// a figure is shown from 12 h before its window until 12 h after it; an event for 18 h
const AROUND = 12 * HOUR, AFTER = 18 * HOUR;
const MOST = 4;

export class Captions {
  constructor(dates) {
    this.dates = dates;
    this.element = Object.assign(document.createElement("div"), { className: "scene-captions", tabIndex: 0 });
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", "What happened and what was reported");
    this.events = document.createElement("ul");
    this.figures = document.createElement("ul");
    this.rest = document.createElement("details");
    this.summary = document.createElement("summary");
    this.others = document.createElement("ul");
    this.rest.append(this.summary, this.others);
    this.element.append(this.events, this.figures, this.rest);
  }

  // Keep as much room as a crossing with this many figures and events may need, so that nothing below moves.
  reserve(rows) {
    this.element.hidden = rows === 0;
    this.element.classList.toggle("scene-few", rows <= 2);
  }

  // Show the rows of a time. `observed`: {id: {modelled, verdict}} of the document.
  show(seconds, events, figures, observed) {
    const past = events.filter((event) => seconds >= event.at && seconds < event.at + AFTER);
    const near = nearFigures(figures, seconds).map((figure) => this.figureRow(figure, observed[figure.id]));
    const rows = past.map((event) => ({ kind: "event", words: `${this.dates.brief(event.at)}: ${event.words}` }));
    const key = JSON.stringify([rows, near]);
    if (key === this.key) return;
    this.key = key;
    this.events.replaceChildren(...rows.map(rowOf));
    this.figures.replaceChildren(...near.slice(0, MOST).map(rowOf));
    this.others.replaceChildren(...near.slice(MOST).map(rowOf));
    this.rest.hidden = near.length <= MOST;
    this.summary.textContent = `${Math.max(0, near.length - MOST)} more reported at this time`;
  }

  figureRow(figure, observed) {
    const model = observed ? `; model: ${observed.modelled}${observed.verdict ? ` (${observed.verdict})` : ""}` : "";
    const kind = figure.fitted ? "reported" : "validation";
    const words = `reported ${figure.when}: ${figure.label}${model}`;
    return { kind, words, source: `${figure.source}${figure.fitted ? "" : "; not used for the fit"}` };
  }
}

// figures near a time: those of the shortest windows first
export function nearFigures(figures, seconds) {
  const near = figures.filter((figure) => seconds >= figure.begin - AROUND && seconds <= figure.end + AROUND);
  return near.sort((one, other) => one.end - one.begin - (other.end - other.begin) || one.begin - other.begin);
}

function rowOf({ kind, words, source }) {
  const row = Object.assign(document.createElement("li"), { className: `scene-${kind}`, textContent: words });
  if (source) row.append(" ", Object.assign(document.createElement("span"), { textContent: source }));
  return row;
}
