// Which of the values that were tried keep a measure within a limit, in words.

import { number } from "./tables.js";

// "yes", "no", or "unknown" where a row has no number, or only a lower bound that does not tell.
export function verdictOf(row, limit, isBelow) {
  if (!Number.isFinite(row.mean)) return "unknown";
  const isWithin = isBelow ? row.mean <= limit : row.mean >= limit;
  if (row.at_least && isWithin === isBelow) return "unknown";
  return isWithin ? "yes" : "no";
}

const listed = (words) => (words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0]);

// A mean with as many digits as it takes to tell it from the limit.
function told(mean, limit, unit) {
  const short = number(mean, unit);
  return mean !== limit && short === number(limit, unit) ? `${mean}${unit && ` ${unit}`}` : short;
}

// Rows are {value, mean, p05, p95, at_least}, the smallest value first, without a mean where a value could not be played.
// `name(value)` writes a value of the lever; `less` is "fewer" for what is counted; `isDone`: all were played.
export function answer(rows, { limit, isBelow, unit, name, less, isDone }) {
  if (!rows.some((row) => Number.isFinite(row.mean))) return isDone ? "No value that was tried has this measure." : "";
  const verdicts = rows.map((row) => verdictOf(row, limit, isBelow)), yes = rows.filter((_, n) => verdicts[n] === "yes");
  const bound = `${isBelow ? "at or below" : "at or above"} ${number(limit, unit)}`, mean = (row) => told(row.mean, limit, unit);
  const of = isDone ? "Of the values tried" : "Of the values tried so far";
  const closely = (row) => {
    const band = row.p05 !== null && row.p05 !== row.p95 ? `; 90 % of replications between ${number(row.p05)} and ${number(row.p95)}` : "";
    return `${mean(row)} at ${name(row.value)}${band}`;
  };
  const first = sentence();
  return [first, ...openEnds()].join(" ");

  function sentence() {
    const from = verdicts.indexOf("yes"), to = verdicts.lastIndexOf("yes"), last = rows.length - 1;
    if (!yes.length) {
      const best = nearest();
      return `${of}, none is known to keep the mean ${bound}${best ? `; the nearest is ${closely(best)}` : ""}.`;
    }
    const isOneStretch = to - from + 1 === yes.length;
    if (isOneStretch && from === 0 && to === last) return `${of}, ${last ? `all, from ${name(rows[0].value)} to ${name(rows[last].value)}, keep` : `${name(rows[0].value)} keeps`} the mean ${bound} (${closely(worst())}).`;
    if (isOneStretch && to === last) return stretch(rows[from], rows[from - 1], verdicts[from - 1], "more");
    if (isOneStretch && from === 0) return stretch(rows[to], rows[to + 1], verdicts[to + 1], less);
    const each = yes.map((row) => `${mean(row)} at ${name(row.value)}`).join("; ");
    const turns = verdicts.filter((verdict) => verdict !== "unknown").filter((verdict, n, all) => n && verdict !== all[n - 1]).length;
    return `${of}, ${listed(yes.map((row) => name(row.value)))} keep${yes.length === 1 ? "s" : ""} the mean ${bound} (${each})${turns > 1 ? "; the mean does not only rise or only fall along the lever" : ""}.`;
  }

  function stretch(edge, next, nextVerdict, words) {
    const isOne = yes.length === 1, which = isOne ? `only ${name(edge.value)} keeps` : `${name(edge.value)} and ${words} keep`;
    const other = nextVerdict === "no" ? `; at ${name(next.value)} it is ${next.at_least ? "at least " : ""}${mean(next)}` : "";
    return `${of}, ${which} the mean ${bound} (${closely(edge)})${other}.`;
  }

  // What cannot be said of the other values.
  function openEnds() {
    const unknown = rows.filter((_, n) => verdicts[n] === "unknown"), bounds = unknown.filter((row) => row.at_least), none = unknown.filter((row) => !row.at_least);
    const at = (some) => listed(some.map((row) => name(row.value)));
    return [
      ...(bounds.length ? [`At ${at(bounds)} this is not known: many are still inside at the end, so the mean is only known to be at least ${listed(bounds.map(mean))}.`] : []),
      ...(none.length ? [`At ${at(none)} there is no such number.`] : []),
    ];
  }

  function extreme(some, isLarge) {
    return some.reduce((best, row) => (!best || (isLarge ? row.mean > best.mean : row.mean < best.mean) ? row : best), null);
  }
  function nearest() {
    return extreme(rows.filter((_, n) => verdicts[n] === "no"), !isBelow);
  }
  function worst() {
    return extreme(yes, isBelow);
  }
}

// The values on both sides of the limit, the closest to each other, between which others could be tried; null if none.
export function gap(rows, limit, isBelow, step) {
  const gaps = rows.slice(1).map((row, n) => [rows[n].value, row.value, verdictOf(rows[n], limit, isBelow), verdictOf(row, limit, isBelow)]);
  const open = gaps.filter(([from, to, one, other]) => one !== other && [one, other].includes("yes") && to - from > 1.5 * step);
  return open.length ? open.reduce((best, each) => (each[1] - each[0] < best[1] - best[0] ? each : best)).slice(0, 2) : null;
}
