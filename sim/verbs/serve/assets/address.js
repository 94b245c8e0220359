// The setting of the page as the part of its address after #, so that a link shows the same setting.

const written = (value) => (value === null ? "off" : value === true ? "on" : value === false ? "no" : String(value));

const OWN = new Set(["scenario", "crossing", "parameters", "replications", "pinned"]);
const COUNTS = ["5", "10", "30", "100"];

// The value of a lever that a text stands for; undefined if it is none of its values.
function read(lever, text) {
  if (text === "off") return lever.off || lever.kind === "switch" ? (lever.off ? null : false) : undefined;
  if (lever.kind === "switch") return text === "on" ? true : text === "no" ? false : undefined;
  if (lever.kind === "instant") return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? text : undefined;
  const number = Number(text);
  return text.trim() && number >= lever.low && number <= lever.high ? number : undefined;
}

// `settings` and `pinned` are mappings of levers to values; `pinned` is null where nothing is pinned.
export function write({ scenario, settings, pinned, crossing, sampled, replications }) {
  const query = new URLSearchParams();
  query.set("scenario", scenario);
  if (crossing) query.set("crossing", crossing);
  if (!sampled) query.set("parameters", "fitted");
  query.set("replications", replications);
  for (const [lever, value] of Object.entries(settings)) query.set(lever, written(value));
  if (pinned) {
    query.set("pinned", "");
    for (const [lever, value] of Object.entries(pinned)) query.set(`pinned:${lever}`, written(value));
  }
  return `#${query}`;
}

export function scenarioOf(hash) {
  return new URLSearchParams(hash.slice(1)).get("scenario");
}

// What a link says; `unknown` are names and values that the scenario does not have.
export function readFrom(hash, levers) {
  const query = new URLSearchParams(hash.slice(1)), byName = new Map(levers.map((lever) => [lever.id, lever]));
  const settings = {}, pinned = {}, unknown = [];
  for (const [name, text] of query) {
    if (OWN.has(name)) continue;
    const isPinned = name.startsWith("pinned:"), lever = byName.get(isPinned ? name.slice(7) : name);
    const value = lever && read(lever, text);
    if (value === undefined) unknown.push(`${name}=${text}`.slice(0, 60));
    else (isPinned ? pinned : settings)[lever.id] = value;
  }
  return {
    settings, unknown, pinned: query.has("pinned") ? pinned : null, crossing: query.get("crossing"), sampled: query.get("parameters") !== "fitted",
    replications: COUNTS.includes(query.get("replications")) ? query.get("replications") : null,
  };
}
