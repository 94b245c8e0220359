// Where a position stands in a YAML text: the keys above it, and whether a key or a value belongs there.
//
// The text may be half written, so this reads indentation and brackets and forgives the rest. Paths are lists of
// keys (text) and places in lists (numbers): ["crossings", "hall", "stations"], ["changes", 0].

const KEY = /^("(?:[^"\\]|\\.)*"\s*|'(?:[^']|'')*'\s*|[^\s#,[\]{}&*!|>'"%@`][^#]*?):(?=\s|$)/;
const DASH = /^-(\s|$)/;
const BEFORE_A_VALUE = /^\s*(?:[&!]\S*\s+)*/;

// Return all keys of the text, as {path, from, to}.
export function keysOf(text) {
  return new Reader(text, -1).read().keys;
}

// Return the key at the position, as {path, from, to}, or undefined.
export function keyAt(text, position) {
  return keysOf(text).find((key) => key.from <= position && position <= key.to);
}

// Return what belongs at the position: {kind, path, from, others, inFlow}, or null where nothing can be said.
// `kind` is "key", "value" or "either"; what is being written begins at `from`; `others` are the keys beside it.
export function placeAt(text, position) {
  const { place, keys } = new Reader(text, position).read();
  if (!place) return null;
  const beside = (key) =>
    key.path.length === place.path.length + 1 && place.path.every((part, i) => part === key.path[i]);
  const others = keys.filter((key) => beside(key) && !(key.from <= position && position <= key.to));
  return { ...place, others: others.map((key) => key.path.at(-1)) };
}

class Reader {
  constructor(text, position) {
    this.text = text;
    this.position = position;
    this.place = null;
    this.keys = [];
    this.blocks = []; // maps and lists by indentation, outermost first
    this.flows = []; // open brackets below them
    this.quote = ""; // an open quotation mark
    this.literal = null; // the indentation above which lines belong to a `|` or `>` text
  }

  read() {
    for (let start = 0; start <= this.text.length; ) {
      const found = this.text.indexOf("\n", start);
      const end = found < 0 ? this.text.length : found;
      this.line(start, end);
      start = end + 1;
    }
    return this;
  }

  line(start, end) {
    const body = this.text.slice(start, end);
    const indent = body.search(/\S|$/);
    const blank = indent === body.length;
    const cursor = this.within(start, end) ? this.position - start : -1;
    if (this.literal !== null) {
      if (blank ? cursor < 0 || cursor > this.literal : indent > this.literal) return;
      if (!blank) this.literal = null;
    }
    if (this.flows.length || this.quote) {
      const inside = blank || indent > (this.blocks.at(-1)?.indent ?? -1) || /^\s*[\]}"']/.test(body);
      if (inside) return this.flow(start, end);
      this.flows = [];
      this.quote = "";
    }
    if (blank) {
      if (cursor >= 0) this.placeOnBlank(cursor);
    } else if (!/^\s*#|^(---|\.\.\.)(\s|$)/.test(body)) {
      this.entry(start, start + indent, end);
    }
  }

  // Read a key, a value or a bare word that begins at `at`, after the dashes of the items that it begins.
  entry(start, at, end) {
    let isItem = false;
    for (; DASH.test(this.text.slice(at, at + 2)); isItem = true) {
      this.item(at - start);
      const dash = at;
      at += 1 + this.text.slice(at + 1, end).search(/\S|$/);
      if (at < end && this.text[at] !== "#") continue;
      if (this.within(dash + 1, at)) this.place = this.here("either", this.path(), this.position);
      return;
    }
    const block = this.blockAt(at - start);
    if (block?.isList && block.indent === at - start) this.blocks.pop();
    const key = KEY.exec(this.text.slice(at, end));
    if (key) {
      if (this.blocks.at(-1)?.indent !== at - start) this.blocks.push({ indent: at - start, isList: false });
      this.key(this.blocks.at(-1), key[1].trimEnd(), at);
      this.value(at + key[0].length, end, "value");
    } else if (isItem) {
      this.value(at, end, "either");
    } else if (this.blocks.at(-1)?.indent === at - start || !this.blocks.length) {
      if (this.within(at, end)) this.place = this.here("key", this.path().slice(0, -1), at);
    } else if (!this.blocks.at(-1).filled) {
      this.value(at, end, "either");
    }
  }

  item(column) {
    const list = this.blockAt(column);
    if (list?.isList && list.indent === column) list.index += 1;
    else this.blocks.push({ indent: column, isList: true, index: 0 });
    this.blocks.at(-1).filled = false;
  }

  // Leave the blocks that a line at the column has ended, and return the one that is left.
  blockAt(column) {
    while (this.blocks.length && this.blocks.at(-1).indent > column) this.blocks.pop();
    return this.blocks.at(-1);
  }

  key(owner, written, from) {
    owner.key = /^["']/.test(written) ? written.slice(1, -1) : written;
    owner.filled = false;
    const path = this.path();
    const to = from + written.length;
    this.keys.push({ path, from, to });
    if (this.within(from, to)) this.place = this.here("key", path.slice(0, -1), from);
  }

  value(from, end, kind) {
    const at = from + BEFORE_A_VALUE.exec(this.text.slice(from, end))[0].length;
    const first = this.text[at];
    if (at >= end || first === "#") {
      if (this.within(from, at)) this.place = this.here(kind, this.path(), this.position);
      return;
    }
    this.blocks.at(-1).filled = true;
    if (first === "|" || first === ">") this.literal = this.blocks.at(-1).indent;
    else if (/[[{"']/.test(first)) this.flow(at, end);
    else if (first !== "*") {
      const length = this.text.slice(at, end).search(/\s#|$/);
      if (this.within(at, at + length)) this.place = this.here(kind, this.path(), at);
    }
  }

  // Read brackets and quoted texts up to their end, or to the end of the line.
  flow(from, end) {
    for (let at = from; at <= end; at += 1) {
      if (at === this.position && this.flows.length && !this.quote) this.placeInFlow();
      if (at === end) return;
      const letter = this.text[at];
      if (this.quote) {
        if (letter === "\\" && this.quote === '"') at += 1;
        else if (letter === this.quote) this.quote = "";
        if (!this.quote && !this.flows.length) return;
      } else if (letter === "#" && /\s/.test(this.text[at - 1])) return;
      else {
        this.flowLetter(letter, at);
        if (!this.flows.length && !this.quote) return;
      }
    }
  }

  flowLetter(letter, at) {
    const inner = this.flows.at(-1);
    if (letter === "{" || letter === "[") {
      this.flows.push({ isList: letter === "[", index: 0, key: null, from: null });
    } else if (letter === "}" || letter === "]") {
      this.flows.pop();
    } else if (letter === ",") {
      Object.assign(inner, { index: inner.index + 1, key: null, from: null });
    } else if (letter === ":" && /[\s,\]}]|^$/.test(this.text.charAt(at + 1))) {
      if (inner.isList || inner.key !== null || inner.from === null) return;
      this.key(inner, this.text.slice(inner.from, at).trimEnd(), inner.from);
      inner.from = null;
    } else if (/\S/.test(letter)) {
      if (inner) inner.from ??= at;
      if ((letter === '"' || letter === "'") && (!inner || inner.from === at)) this.quote = letter;
    }
  }

  placeInFlow() {
    const inner = this.flows.at(-1);
    const isKey = !inner.isList && inner.key === null;
    const path = isKey ? this.path().slice(0, -1) : this.path();
    this.place = this.here(isKey ? "key" : "value", path, inner.from ?? this.position);
  }

  // On an empty line the column of the cursor tells what belongs there.
  placeOnBlank(column) {
    const blocks = this.blocks.filter((block) => block.indent <= column);
    const beside = blocks.findLastIndex((block) => block.indent === column && !block.isList);
    const path = this.path();
    if (beside >= 0 || !blocks.length) {
      this.place = this.here("key", path.slice(0, Math.max(beside, 0)), this.position);
    } else if (!blocks.at(-1).filled && blocks.length === this.blocks.length) {
      this.place = this.here("either", path, this.position);
    }
  }

  path() {
    return [...this.blocks, ...this.flows].map((part) => (part.isList ? part.index : part.key));
  }

  within(from, to) {
    return from <= this.position && this.position <= to;
  }

  here(kind, path, from) {
    return { kind, path, from, inFlow: this.flows.length > 0 };
  }
}
