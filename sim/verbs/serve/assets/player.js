// Play, pause, scrub and speed: the time of the scene. Nothing plays unless it is asked to.

const MINUTE = 60, HOUR = 3600, DAY = 24 * HOUR;
const SPEEDS = [[5 * MINUTE, "5 min"], [15 * MINUTE, "15 min"], [30 * MINUTE, "30 min"], [HOUR, "1 hour"], [3 * HOUR, "3 hours"],
  [6 * HOUR, "6 hours"], [12 * HOUR, "12 hours"], [DAY, "1 day"], [2 * DAY, "2 days"], [7 * DAY, "1 week"]];
// seconds that a whole run takes at the usual speed, at the slowest and at the fastest
const USUAL = 45, LONGEST = 600, SHORTEST = 8;

export class Player {
  // `onTime(seconds)` is called when the time changes here; `onRest()` when it stands still after that.
  constructor({ onTime, onRest }) {
    Object.assign(this, { onTime, onRest, times: [], seconds: null, isPlaying: false, isChosen: false, valueText: () => "" });
    this.button = Object.assign(document.createElement("button"), { type: "button", className: "scene-play" });
    this.speed = document.createElement("select");
    this.speed.setAttribute("aria-label", "Speed");
    this.range = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 0, step: 1, value: 0, className: "scene-range" });
    this.range.setAttribute("aria-label", "Time");
    this.button.addEventListener("click", () => this.toggle());
    this.range.addEventListener("input", () => this.scrub());
    this.range.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.toggle();
    });
    this.showState();
  }

  // New times; the instant stays. At first it is `usual`, such as the worst hour; playing begins at the start until the
  // reader has chosen a time.
  setTimes(times, usual) {
    const isNew = times.length !== this.times.length || times[0] !== this.times[0] || times.at(-1) !== this.times.at(-1);
    this.times = times;
    if (isNew) {
      this.range.max = times.length - 1;
      this.fillSpeeds(times.at(-1) - times[0]);
    }
    this.seconds = Math.max(times[0], Math.min(times.at(-1), this.seconds ?? usual));
  }

  fillSpeeds(span) {
    const some = SPEEDS.filter(([speed]) => span / speed <= LONGEST && span / speed >= SHORTEST);
    const usable = some.length ? some : [SPEEDS[0]];
    const usual = usable.reduce((best, each) => (off(span, each) < off(span, best) ? each : best));
    this.speed.replaceChildren(...usable.map(([speed, words]) => new Option(`${words} a second`, speed, speed === usual[0], speed === usual[0])));
  }

  // Take a time from outside; `onTime` is not called.
  setTime(seconds) {
    if (!this.times.length) return;
    const before = this.seconds;
    this.seconds = Math.max(this.times[0], Math.min(this.times.at(-1), seconds));
    this.isChosen ||= this.seconds !== before;
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else if (this.times.length) this.play();
  }

  play() {
    if (!this.isChosen || this.seconds >= this.times.at(-1)) this.seconds = this.times[0];
    this.isChosen = this.isPlaying = true;
    this.showState();
    let before = null;
    const step = (now) => {
      if (!this.isPlaying) return;
      // a page that was hidden for a while goes on where it was
      const passed = before === null ? 0 : Math.min(now - before, 100) / 1000;
      before = now;
      this.seconds = Math.min(this.times.at(-1), this.seconds + passed * Number(this.speed.value));
      this.onTime(this.seconds);
      if (this.seconds >= this.times.at(-1)) this.pause();
      else this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  pause() {
    this.isPlaying = false;
    cancelAnimationFrame(this.frame);
    this.showState();
    this.onRest();
  }

  scrub() {
    this.setTime(this.times[Number(this.range.value)] ?? this.seconds);
    this.onTime(this.seconds);
    if (!this.isPlaying) this.onRest();
  }

  // Move the thumb to a position among the times and name it; while playing, the name changes once a second.
  follow(position, words) {
    const value = String(Math.round(position));
    if (this.range.value !== value) this.range.value = value;
    const now = performance.now();
    if (words === this.words || (this.isPlaying && now - this.named < 1000)) return;
    Object.assign(this, { words, named: now });
    this.range.setAttribute("aria-valuetext", words);
  }

  showState() {
    this.button.textContent = this.isPlaying ? "Pause" : "Play";
  }

  destroy() {
    this.isPlaying = false;
    cancelAnimationFrame(this.frame);
  }
}

function off(span, [speed]) {
  return Math.abs(Math.log(span / speed / USUAL));
}
