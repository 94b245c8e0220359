// What the editor offers and tells at a place of a scenario file, from its schema and from the names in the file.

import { keyAt, keysOf, placeAt } from "./editor_place.js";
import { Schema } from "./editor_schema.js";

// Where the names are given that stand as values or in lists under a key, or as keys of a map.
const GIVEN_UNDER = {
  serves: "classes",
  classes: "classes",
  stations: "stations",
  one_of: "stations",
  to: "stations",
  joins: "stations",
  office: "stations",
  station: "stations",
  hall: "zones",
  staffing: "pools",
  pool: "pools",
  apply: "interventions",
  crossing: "crossings",
  demand: "classes",
  behaviour: "classes",
  initial_queue: "classes",
  travels_as: "classes",
};
const PASSPORT = new Set(["source", "date", "reason", "uncertainty"]);

export class Completer {
  constructor(schema) {
    this.schema = new Schema(schema);
  }

  // Return {from, options, place} for the position, or null; an option is {name, description, kind, ...}.
  at(text, position) {
    const place = placeAt(text, position);
    if (!place) return null;
    const path = this.meant(place.path);
    const options = [];
    if (place.kind !== "key") options.push(...this.values(path, text));
    if (place.kind !== "value") options.push(...this.keys(path, place, text));
    return options.length ? { from: place.from, options, place } : null;
  }

  // Return {from, to, path, sentences} about the key at the position, or else the key that it is under, or null.
  about(text, position) {
    const at = keyAt(text, position) ?? { path: placeAt(text, position)?.path ?? [], from: position, to: position };
    return at.path.length ? { ...at, sentences: this.schema.about(this.meant(at.path)) ?? [] } : null;
  }

  keys(path, place, text) {
    const offered = this.schema.keys(path, place.others).map((key) => ({ kind: "key", ...key }));
    if (isSetting(place.path)) offered.push(...this.settings(text, place.others));
    const first = place.path.at(-1) === "changes" ? undefined : GIVEN_UNDER[path.at(-1)];
    const mayBeNamed = first && this.schema.about([...path, "a_name"]) !== undefined;
    for (const name of mayBeNamed ? namesUnder(first, text) : []) {
      if (!place.others.includes(name) && !offered.some((key) => key.name === name)) {
        offered.push({ kind: "key", name, description: `a name under ${first}` });
      }
    }
    return offered;
  }

  values(path, text) {
    const offered = this.schema.values(path).map(({ name, example }) => {
      return { kind: "value", name, description: example ? "an example" : "" };
    });
    if (!this.schema.admitsName(path) && path.at(-1) !== "staffing") return offered;
    const under = GIVEN_UNDER[path.findLast((part) => typeof part === "string" && part !== "value")];
    for (const name of under ? namesUnder(under, text) : []) {
      offered.push({ kind: "value", name, description: `a name under ${under}` });
    }
    return offered;
  }

  // Return what `set` and `scale` may name: the paths of values in this file, from the crossing on if there is one.
  settings(text, others) {
    const alone = namesUnder("crossings", text).length === 1;
    const paths = keysOf(text).map((key) => key.path.filter((part) => part !== "value"));
    const names = paths
      .filter((path) => path[0] !== "interventions" && !path.some((part) => PASSPORT.has(part)))
      .map((path) => (alone && path[0] === "crossings" ? path.slice(2) : path))
      .filter((path) => path.length > 1)
      .map((path) => path.join(".").replace(/\.(\d+)(?=\.|$)/g, "[$1]"));
    const offered = [...new Set(names)].filter((name) => !others.includes(name));
    const told = (name) => this.schema.about(this.meant(["interventions", "any", "set", name]))?.[0] ?? "";
    return offered.map((name) => ({ kind: "key", name, description: told(name) }));
  }

  // Return the path in the schema: below `set` of an intervention, that of the value which is set.
  meant(path) {
    if (!isSetting(path.slice(0, 3)) || path.length < 4) return path;
    const dotted = path[3].replace(/\[(\d+)\]/g, ".$1").split(".");
    const parts = dotted.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    const inRoot = this.schema.about(parts.slice(0, 1)) !== undefined;
    return [...(inRoot ? [] : ["crossings", "any"]), ...parts, ...path.slice(4)];
  }
}

function isSetting(path) {
  return path.length === 3 && (path[2] === "set" || path[2] === "scale");
}

function namesUnder(collection, text) {
  const named = keysOf(text).filter(({ path }) => path.at(-2) === collection);
  return [...new Set(named.map(({ path }) => path.at(-1)))].filter((name) => name !== "value" && !PASSPORT.has(name));
}
