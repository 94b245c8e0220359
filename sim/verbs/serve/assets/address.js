// The setting of the page as the part of its address after #, so that a link shows the same setting.

const written = (value) => (value === null ? "off" : value === true ? "on" : value === false ? "no" : String(value));

function read(lever, text) {
  if (text === "off") return null;
  if (lever.kind === "switch") return text === "on";
  return lever.kind === "number" ? Number(text) : text;
}

// `settings` and `pinned` are mappings of levers to values; `pinned` is null where nothing is pinned.
export function write({ scenario, settings, pinned, crossing, sampled }) {
  const query = new URLSearchParams();
  query.set("scenario", scenario);
  if (crossing) query.set("crossing", crossing);
  if (!sampled) query.set("parameters", "fitted");
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

export function readFrom(hash, levers) {
  const query = new URLSearchParams(hash.slice(1)), byName = new Map(levers.map((lever) => [lever.id, lever]));
  const settings = {}, pinned = {};
  for (const [name, text] of query) {
    const isPinned = name.startsWith("pinned:"), lever = byName.get(isPinned ? name.slice(7) : name);
    if (lever) (isPinned ? pinned : settings)[lever.id] = read(lever, text);
  }
  return { settings, pinned: query.has("pinned") ? pinned : null, crossing: query.get("crossing"), sampled: query.get("parameters") !== "fitted" };
}
