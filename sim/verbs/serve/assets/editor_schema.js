// What a JSON Schema says about a place in a file: the keys and values that may stand there, and what they mean.
//
// Paths are those of editor_place.js. A schema that admits several forms is read as all of them at once; the keys
// that stand beside a place tell which of the forms are meant.

const DEEPEST = 60;
const ENUMERATED = /^\^\(([\w|]+)\)\$$/;
const BESIDE_THE_POINT = new Set(["title", "description", "default", "examples"]);

export class Schema {
  constructor(schema) {
    this.root = schema;
    this.reached = new Map();
  }

  // Return the keys that may stand in the map at the path beside `others`:
  // {name, description, needed, aside, opens}; `aside` names the form that every value may have as well.
  keys(path, others) {
    const maps = this.at(path).filter((form) => !form.$ref && (form.properties || form.patternProperties));
    const foreign = maps.map((map) => others.filter((key) => !admits(map, key)).length);
    const fitting = maps.filter((_, i) => foreign[i] === Math.min(...foreign));
    const own = fitting.filter((map) => !isAside(map));
    const userNames = own.length > 0 && own.every((map) => !map.properties) && !others.length;
    const found = new Map();
    for (const map of userNames ? own : [...own, ...fitting.filter(isAside)]) {
      for (const key of this.namesIn(map)) {
        if (!found.has(key.name) && !others.includes(key.name)) found.set(key.name, key);
      }
    }
    return [...found.values()];
  }

  namesIn(map) {
    const aside = isAside(map) ? map.description : "";
    const properties = Object.entries(map.properties ?? {});
    for (const [pattern, value] of Object.entries(map.patternProperties ?? {})) {
      const names = ENUMERATED.exec(pattern)?.[1].split("|") ?? [];
      properties.push(...names.map((name) => [name, value]));
    }
    return properties.map(([name, value]) => {
      const forms = this.expand([value]).filter((form) => !isAside(form));
      const opens = forms.some((form) => form.properties || form.patternProperties) && forms.every(isMapOrLabel);
      return { name, description: this.description(value), needed: !!map.required?.includes(name), aside, opens };
    });
  }

  // Return the values that are enumerated or given as examples at the path: {name, example}.
  values(path) {
    const found = new Map();
    for (const form of this.at(path)) {
      const named = [...(form.enum ?? []), ...("const" in form ? [form.const] : [])];
      if (form.type === "boolean") named.push(true, false);
      for (const value of named) found.set(String(value), false);
    }
    for (const form of this.at(path)) {
      for (const example of form.examples ?? []) {
        if (typeof example !== "object" && !found.has(String(example))) found.set(String(example), true);
      }
    }
    return [...found].map(([name, example]) => ({ name, example }));
  }

  // Tell whether a name that the user has given to something may stand at the path.
  admitsName(path) {
    return this.at(path).some((form) => form.type === "string" && form.pattern?.includes("[a-z]"));
  }

  // Return sentences about the key at the path, or undefined if the schema does not know it.
  about(path) {
    const nodes = this.reach(path);
    if (!nodes.length) return undefined;
    const told = nodes.map((node) => this.description(node)).find(Boolean);
    const sentences = told ? [told] : [];
    const values = this.values(path).filter((value) => !value.example);
    if (values.length) sentences.push(`Values: ${values.map((value) => value.name).join(", ")}.`);
    const given = nodes.map((node) => this.default(node)).find((value) => value !== undefined);
    if (given !== undefined) sentences.push(`Default: ${given}.`);
    return sentences;
  }

  default(node) {
    const value = this.expand([node]).find((form) => form.default !== undefined)?.default;
    if (value === null || value === "" || value === undefined) return undefined;
    return typeof value === "object" ? undefined : String(value);
  }

  // Return the first description on the way from a node to its forms.
  description(node) {
    return this.expand([node]).find((form) => form.description && !isAside(form))?.description ?? "";
  }

  at(path) {
    return this.expand(this.reach(path));
  }

  // Return the nodes that describe what stands at the path, before their forms are looked up.
  reach(path) {
    if (!path.length) return [this.root];
    if (path.length > DEEPEST) return [];
    const written = JSON.stringify(path);
    if (!this.reached.has(written)) {
      const above = this.at(path.slice(0, -1));
      this.reached.set(written, [...new Set(above.flatMap((form) => step(form, path.at(-1))))]);
    }
    return this.reached.get(written);
  }

  // Return the nodes and all forms that they admit, each once, from the outside in.
  expand(nodes) {
    const found = new Set();
    const waiting = [...nodes];
    while (waiting.length) {
      const node = waiting.shift();
      if (node === null || typeof node !== "object" || found.has(node)) continue;
      found.add(node);
      if (node.$ref) waiting.push(this.resolve(node.$ref));
      for (const group of [node.anyOf, node.oneOf, node.allOf]) waiting.push(...(group ?? []));
      waiting.push(node.else, node.then);
    }
    return [...found].filter((node) => node !== undefined);
  }

  resolve(reference) {
    return reference.slice(2).split("/").reduce((node, name) => node[name], this.root);
  }
}

// Return what a form says about the key or the place in a list below it.
function step(form, part) {
  if (typeof part === "number") return form.items ? [form.items] : [];
  if (form.properties && Object.hasOwn(form.properties, part)) return [form.properties[part]];
  const patterns = Object.entries(form.patternProperties ?? {}).filter(([pattern]) => new RegExp(pattern, "u").test(part));
  if (patterns.length) return patterns.map(([, value]) => value);
  return typeof form.additionalProperties === "object" ? [form.additionalProperties] : [];
}

function admits(map, key) {
  return map.additionalProperties === true || step(map, key).length > 0;
}

// A passport or a reference to a fitted value: a form that every value may have; models have titles.
function isAside(form) {
  return !form.title && form.additionalProperties === false && !!form.properties;
}

// Tell whether a form is a map, or only says where its forms are.
function isMapOrLabel(form) {
  if (form.properties || form.patternProperties || form.$ref || form.anyOf || form.type === "null") return true;
  return Object.keys(form).every((key) => BESIDE_THE_POINT.has(key));
}
