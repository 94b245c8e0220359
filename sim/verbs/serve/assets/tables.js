// The tables of the page: reported figures, headline numbers, and who is stuck at night.

export const cell = (tag, text, attributes = {}) => {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

export const number = (value, unit = "") => {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const text = size >= 1000 ? Math.round(Number(value.toPrecision(3))).toLocaleString("en") : String(Number(Number(value.toPrecision(3)).toFixed(3)));
  return unit ? `${text} ${unit}` : text;
};

const spread = (row, unit) => {
  const middle = number(row.mean, unit);
  return row.p05 !== row.p95 && row.p05 !== null ? `${middle} (${number(row.p05)}–${number(row.p95)})` : middle;
};

export function table(caption, heads, rows) {
  const made = document.createElement("table");
  made.append(cell("caption", caption));
  const head = made.createTHead().insertRow();
  for (const text of heads) head.append(cell("th", text, { scope: "col" }));
  const body = made.createTBody();
  for (const cells of rows) {
    const row = body.insertRow();
    cells.forEach((one, n) => row.append(one instanceof Node ? one : cell(n ? "td" : "th", one, n ? {} : { scope: "row" })));
  }
  const frame = document.createElement("div");
  frame.className = "scroll";
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", caption);
  frame.append(made);
  return frame;
}

const VERDICTS = { off: "not met", open: "no value" };

export function showFigures(place, scenario, shown, pinned) {
  const byId = (rows) => new Map((rows || []).map((row) => [row.id, row]));
  const now = byId(shown.reported), before = byId(pinned?.reported);
  const rows = scenario.reported.filter((row) => now.has(row.id)).map((row) => {
    const verdict = cell("td", VERDICTS[now.get(row.id).verdict] ?? now.get(row.id).verdict, { class: `verdict ${now.get(row.id).verdict}` });
    const cells = [`${row.label}${row.fitted ? "" : " (not fitted)"}`, row.when, now.get(row.id).modelled, verdict];
    return [...cells, ...(pinned ? [before.get(row.id)?.modelled ?? "–"] : []), row.source];
  });
  if (!rows.length) return place.replaceChildren(cell("p", "No figures are reported in this scenario.", { class: "hint" }));
  const met = [...now.values()].filter((row) => row.verdict === "met").length;
  const heads = ["reported", "when", "this setting", "verdict", ...(pinned ? ["pinned"] : []), "source"];
  place.replaceChildren(table(`${met} of ${rows.length} figures are met`, heads, rows));
}

export function showNumbers(place, scenario, shown, crossing) {
  const several = Object.keys(scenario.crossings).length > 1;
  const rows = shown.headlines.filter((row) => row.crossing === crossing);
  const compared = rows.some((row) => row.change);
  const made = rows.map((row) => {
    const cells = [`${row.group}: ${row.name}`, `${row.at_least ? "≥ " : ""}${spread(row, row.unit)}`];
    if (!compared) return cells;
    const { mean, low, high } = row.change || {}, sign = mean > 0 ? "+" : "";
    if (mean === 0 && low === 0 && high === 0) return [...cells, "the same"];
    const sure = low > 0 || high < 0;
    return [...cells, mean === undefined ? "–" : `${sign}${number(mean, row.unit)} (${number(low)} to ${number(high)})${sure ? "" : ", direction not known"}`];
  });
  const title = several ? scenario.crossings[crossing].title : "Mean, and in brackets 5 to 95 % of the replications";
  place.replaceChildren(table(title, ["measure", "this setting", ...(compared ? ["against the pinned one"] : [])], made));
}

const dayOf = (date) => new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone: "UTC" }).format(new Date(`${date}T00:00Z`));

// Shows the night after `seconds`, the worst night, and the water that is needed.
export function showNights(place, scenario, shown, crossing, seconds, pinned) {
  const nights = shown.nights[crossing] || [];
  const worst = nights.reduce((most, night) => (!most || night.mean > most.mean ? night : most), null);
  if (!worst || !worst.mean) {
    place.replaceChildren(cell("p", nights.length ? "Nobody is stuck at night." : "The scenario does not say how nights are counted.", { class: "hint" }));
    return;
  }
  const local = new Intl.DateTimeFormat("en-CA", { timeZone: scenario.zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const part = Object.fromEntries(local.formatToParts(new Date(seconds * 1000)).map(({ type, value }) => [type, value]));
  const [today, hour] = [`${part.year}-${part.month}-${part.day}`, `${part.hour}:${part.minute}`];
  const tonight = nights.find((night) => (hour <= scenario.night_hour ? night.day >= today : night.day > today));
  const before = new Map((pinned?.nights[crossing] || []).map((night) => [night.day, night]));
  const row = (words, night) => [
    `${words}, ${scenario.night_hour} on ${dayOf(night.day)}`, spread(night), number(night.water, "L"),
    ...(pinned ? [before.has(night.day) ? spread(before.get(night.day)) : "–"] : []),
  ];
  const rows = [...(tonight ? [row("The night shown above", tonight)] : []), row("The worst night on average", worst)];
  place.replaceChildren(table("People stuck at the border", ["night", "people", "drinking water", ...(pinned ? ["pinned"] : [])], rows));
}
