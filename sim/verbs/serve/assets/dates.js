// Local dates and times of the scenario's zone, in words, and the ticks of a time axis.

const HOUR = 3600, DAY = 24 * HOUR;
const STEPS = [HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY, 28 * DAY];

export class Dates {
  constructor(zone) {
    const format = (fields) => new Intl.DateTimeFormat("en-GB", { ...fields, hourCycle: "h23", timeZone: zone });
    const time = { hour: "2-digit", minute: "2-digit" };
    this._full = format({ weekday: "long", day: "numeric", month: "long", year: "numeric", ...time });
    this._brief = format({ day: "numeric", month: "long", ...time });
    this._day = format({ day: "numeric", month: "short" });
    this._time = format(time);
    this._fields = format({ year: "numeric", month: "numeric", day: "numeric", second: "numeric", ...time });
  }

  // "Monday 26 September 2022, 18:00"
  full(seconds) {
    const part = parts(this._full, seconds);
    return `${part.weekday} ${part.day} ${part.month} ${part.year}, ${part.hour}:${part.minute}`;
  }

  // "26 September 18:00"
  brief(seconds) {
    const part = parts(this._brief, seconds);
    return `${part.day} ${part.month} ${part.hour}:${part.minute}`;
  }

  // "26 Sep"
  day(seconds) {
    const part = parts(this._day, seconds);
    return `${part.day} ${part.month.slice(0, 3)}`;
  }

  time(seconds) {
    return this._time.format(seconds * 1000);
  }

  // seconds by which the zone is ahead of UTC
  offset(seconds) {
    const part = parts(this._fields, seconds);
    const local = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) / 1000;
    return local - Math.floor(seconds);
  }

  // ticks between two instants, at most `most`: [seconds, words]; found once
  ticks(from, until, most) {
    const key = `${from} ${until} ${most}`;
    if (this._key !== key) Object.assign(this, { _key: key, _ticks: this._found(from, until, most) });
    return this._ticks;
  }

  _found(from, until, most) {
    const step = STEPS.find((each) => (until - from) / each <= most) ?? STEPS.at(-1);
    const ticks = [];
    for (let local = Math.ceil((from + this.offset(from)) / step) * step; ; local += step) {
      const guess = local - this.offset(local), at = local - this.offset(guess);
      if (at > until) return ticks;
      ticks.push([at, local % DAY === 0 ? this.day(at) : this.time(at)]);
    }
  }
}

function parts(format, seconds) {
  return Object.fromEntries(format.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]));
}
