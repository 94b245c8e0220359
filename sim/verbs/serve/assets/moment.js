// What a document says about one time: values between the points of its series.

// the place of an instant among the times, with a fraction; kept within both ends
export function positionOf(times, seconds) {
  const last = times.length - 1;
  if (seconds <= times[0]) return 0;
  if (seconds >= times[last]) return last;
  let low = 0, high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle] <= seconds) low = middle;
    else high = middle;
  }
  return low + (seconds - times[low]) / (times[high] - times[low]);
}

// a value on the line between two points; null if neither has one
export function between(series, position) {
  if (!series) return null;
  const before = Math.floor(position), share = position - before;
  const from = series[before] ?? null, to = series[before + 1] ?? null;
  if (share === 0 || to === null) return from;
  return from === null ? to : from + share * (to - from);
}

// a value that changes in steps (servers): that of the point before, or of an earlier one if it has none
export function stepped(series, position) {
  if (!series) return null;
  for (let at = Math.floor(position); at >= 0; at--) if (series[at] != null) return series[at];
  return null;
}

export function largest(series) {
  let most = 0;
  for (const value of series ?? []) if (value > most) most = value;
  return most;
}

// a crossing at a position: its queue, who waits by class, and its stations
export function momentOf(course, position) {
  const stations = {}, waiting = {};
  for (const [name, station] of Object.entries(course.stations)) {
    const servers = stepped(station.servers, position), busy = stepped(station.busy, position);
    stations[name] = {
      queue: between(station.queue, position) ?? 0,
      servers,
      busy: busy === null ? null : Math.min(busy, servers ?? busy),
    };
  }
  for (const [name, series] of Object.entries(course.waiting)) waiting[name] = between(series, position) ?? 0;
  return {
    km: between(course.km, position) ?? 0,
    lots: between(course.in_lots, position) ?? 0,
    people: between(course.people, position),
    waiting,
    stations,
  };
}

// the largest values of a run, by which a picture is scaled
export function extentOf(course) {
  const each = (table, of) => Object.fromEntries(Object.entries(table).map(([name, value]) => [name, of(value)]));
  return {
    km: largest(course.km),
    lots: largest(course.in_lots),
    people: largest(course.people),
    waiting: each(course.waiting, largest),
    queues: each(course.stations, (station) => largest(station.queue)),
  };
}

// the largest of two extents, key by key
export function wider(one, other) {
  if (!other) return one;
  const both = {};
  for (const key of Object.keys(one)) {
    both[key] = typeof one[key] === "number" ? Math.max(one[key], other[key] ?? 0) : wider(one[key], other[key]);
  }
  return both;
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

// a number of people or parties; means over replications are rounded
export function count(value) {
  // three significant digits: bands are far wider than the fourth
  return value === null ? "no value" : whole.format(value >= 1000 ? Number(value.toPrecision(3)) : value);
}

// a length of queue: "16 km", "1.9 km", "240 m"
export function length(km) {
  if (km < 0.1) return `${whole.format(km * 1000)} m`;
  if (km < 0.995) return `${whole.format(Math.round(km * 100) * 10)} m`;
  return `${km < 9.95 ? Number(km.toFixed(1)) : Math.round(km)} km`;
}

// the smallest of 1, 2, 5, 10, 20, … that is not below a value
export function roundUp(value) {
  if (!(value > 1)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= value * 0.999999);
}
