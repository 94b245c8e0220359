// The scenario as text: completion and explanations from the schema, and problems at their lines.
//
//   const editor = makeEditor(place, { text, schema, label, onChange });
//   editor.showProblems([{ line: 12, column: 5, message: "…" }]);
//
// `place` is the element that it fills. `schema` is what `sim schema` prints, and `onChange` is called with the whole
// text after each change by the user, not after `setText`. Lines and columns count from 1; a problem may lack them.

import {
  EditorState,
  EditorView,
  StateEffect,
  StateField,
  autocompletion,
  bracketMatching,
  closeBrackets,
  closeBracketsKeymap,
  defaultKeymap,
  forEachDiagnostic,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  history,
  historyKeymap,
  hoverTooltip,
  indentService,
  keymap,
  lineNumbers,
  lintGutter,
  search,
  searchKeymap,
  selectedCompletion,
  setDiagnostics,
  showPanel,
  showTooltip,
  startCompletion,
  yaml,
} from "./editor.bundle.js";
import { Completer } from "./editor_complete.js";
import { look } from "./editor_look.js";

const KEYS =
  "Tab leaves the editor. Control or Command with ] and [ indents. Control-Space completes, F1 explains a key, " +
  "F8 goes to the next problem, Control or Command with F searches.";
const WRITTEN = /^[\w.-]*( [\w.-]*)?$/;
const REST_OF_KEY = /^[\w.[\] -]*(?=:(\s|$))/;

export function makeEditor(place, { text = "", schema, label = "Scenario", onChange = () => {} }) {
  const completer = new Completer(schema);
  const problems = new Problems();
  let quiet = false;
  const changes = EditorView.updateListener.of((update) => {
    if (update.docChanged && !quiet) onChange(update.state.doc.toString());
  });
  const view = new EditorView({
    parent: place,
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorView.contentAttributes.of({ tabindex: "0", "aria-label": `${label}. ${KEYS}` }),
        writing(),
        completion(completer),
        explanations(completer),
        problems.extension(completer),
        changes,
        look,
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    setText(newText) {
      quiet = true;
      view.dispatch({ changes: difference(view.state.doc.toString(), newText) });
      quiet = false;
    },
    showProblems: (list) => problems.show(view, list),
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

function writing() {
  const brackets = { closeBrackets: { brackets: ["[", "{", '"'] } };
  return [
    lineNumbers(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    search({ top: true }),
    yaml(),
    bracketMatching(),
    closeBrackets(),
    EditorState.languageData.of(() => [brackets]),
    indentService.of(indentation),
    EditorView.lineWrapping,
    keymap.of([...closeBracketsKeymap, ...historyKeymap, ...searchKeymap, ...defaultKeymap]),
  ];
}

// A new line stands under the one before: two columns further after `key:`, and under the key of an item `- key: …`.
function indentation(context, position) {
  const { text } = context.lineAt(position, -1);
  const written = text.slice(0, text.search(/(^|\s)#|$/)).trimEnd();
  const [before, dashes] = /^\s*((?:- +)*)/.exec(text);
  const key = /^[^[{]*:(\s|$)/.test(written);
  return before.length - (key ? 0 : dashes.length) + (/[:[{]$/.test(written) ? 2 : 0);
}

// Return the one change that makes a text of another, so that cursor, scroll position and undo survive.
function difference(before, after) {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before[from] === after[from]) from += 1;
  let same = 0;
  while (same < shorter - from && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  return { from, to: before.length - same, insert: after.slice(from, after.length - same) };
}

function completion(completer) {
  const source = (context) => {
    const found = completer.at(context.state.doc.toString(), context.pos);
    if (!found) return null;
    const nothingWritten = found.from === context.pos;
    if (!context.explicit && nothingWritten && found.place.kind !== "value") return null;
    const options = found.options.map((option, order) => offer(option, order, found.place));
    return { from: found.from, options, validFor: WRITTEN };
  };
  return autocompletion({ override: [source], icons: false, compareCompletions: (a, b) => a.order - b.order });
}

function offer(option, order, place) {
  return {
    order,
    label: option.name,
    detail: option.needed && !option.aside ? "needed" : "",
    info: option.description || undefined,
    section: option.aside ? { name: option.aside, rank: 1 } : undefined,
    apply: (view, _, from, to) => insert(view, option, place, from, to),
  };
}

// Insert a key with its colon, and the next line where only a map can follow, or a value.
function insert(view, option, place, from, to) {
  const { state } = view;
  const line = state.doc.lineAt(to);
  const rest = REST_OF_KEY.exec(line.text.slice(to - line.from));
  let inserted = option.name;
  if (option.kind === "value") {
    if (from > line.from && state.sliceDoc(from - 1, from) === ":") inserted = ` ${inserted}`;
  } else if (rest) {
    to += rest[0].length;
  } else if (option.opens && !place.inFlow) {
    inserted += `:\n${" ".repeat(from - line.from + 2)}`;
  } else {
    inserted += ": ";
  }
  view.dispatch({
    changes: { from, to, insert: inserted },
    selection: { anchor: from + inserted.length },
    userEvent: "input.complete",
    scrollIntoView: true,
  });
  if (option.kind === "key" && !rest) startCompletion(view);
}

const explain = StateEffect.define();

// Explanations of keys: on hovering, and at the cursor with F1.
function explanations(completer) {
  const tooltip = (state, position) => {
    const told = completer.about(state.doc.toString(), position);
    return told && { pos: told.from, end: told.to, above: true, create: () => ({ dom: aboutBox(told) }) };
  };
  const atCursor = StateField.define({
    create: () => null,
    update(shown, transaction) {
      const asked = transaction.effects.find((effect) => effect.is(explain));
      if (asked) return asked.value;
      return transaction.docChanged || transaction.selection ? null : shown;
    },
    provide: (field) => showTooltip.from(field),
  });
  const ask = (view) => {
    const position = view.state.selection.main.head;
    const told = completer.about(view.state.doc.toString(), position);
    const announced = EditorView.announce.of(told ? spoken(sentencesAbout(told)) : "There is no key at the cursor.");
    view.dispatch({ effects: [explain.of(tooltip(view.state, position)), announced] });
    return true;
  };
  const close = (view) => {
    if (!view.state.field(atCursor)) return false;
    view.dispatch({ effects: explain.of(null) });
    return true;
  };
  const keys = keymap.of([
    { key: "F1", run: ask },
    { key: "Escape", run: close },
  ]);
  return [hoverTooltip((view, position) => tooltip(view.state, position)), atCursor, keys];
}

function sentencesAbout({ path, sentences }) {
  return [path.join(" › "), ...sentences];
}

function spoken(sentences) {
  return sentences.map((sentence) => sentence.replace(/\.?$/, ".")).join(" ");
}

function aboutBox(told) {
  const box = element("div", { className: "sim-about", role: "tooltip" });
  box.append(...sentencesAbout(told).map((sentence) => element("p", { textContent: sentence })));
  return box;
}

// The foot of the editor: what the key at the cursor means, and the problems, each a button that goes to its line.
class Problems {
  constructor() {
    this.list = [];
    this.status = element("div", { role: "status" });
  }

  extension(completer) {
    const offered = element("p", { className: "sim-offered" });
    const here = element("p", { className: "sim-here" });
    const dom = element("div", { className: "sim-foot" });
    dom.append(offered, here, this.status);
    const tell = (state) => {
      const told = completer.about(state.doc.toString(), state.selection.main.head);
      here.textContent = told ? `${told.path.at(-1)}: ${spoken(told.sentences)}` : "";
    };
    const panel = (view) => {
      tell(view.state);
      const update = ({ docChanged, selectionSet, state }) => {
        offered.textContent = selectedCompletion(state)?.info ?? "";
        if (!docChanged && !selectionSet) return;
        tell(state);
        dom.scrollTop = 0;
      };
      return { dom, update };
    };
    const next = (view) => this.goToNext(view);
    return [lintGutter(), showPanel.of(panel), keymap.of([{ key: "F8", run: next }])];
  }

  show(view, list) {
    const isNew = JSON.stringify(list) !== JSON.stringify(this.list);
    this.list = list;
    const marks = list.map((problem, index) => {
      return { ...rangeOf(view.state.doc, problem), severity: "error", message: problem.message, index };
    });
    view.dispatch(setDiagnostics(view.state, marks.filter((mark) => list[mark.index].line)));
    if (isNew) this.tell(view); // what is told again would be read aloud again
  }

  tell(view) {
    this.status.replaceChildren();
    if (!this.list.length) return;
    const counted = this.list.length === 1 ? "1 problem" : `${this.list.length} problems`;
    const items = element("ol", {});
    items.append(...this.list.map((problem, index) => this.item(view, problem, index)));
    this.status.append(element("p", { textContent: counted }), items);
  }

  item(view, { line, message }, index) {
    const button = element("button", { type: "button", textContent: line ? `Line ${line}: ${message}` : message });
    button.addEventListener("click", () => this.goTo(view, index));
    const item = element("li", {});
    item.append(button);
    return item;
  }

  // The marks move with the text, so they tell where a problem is now.
  places(view) {
    const places = [];
    forEachDiagnostic(view.state, (mark, from) => places.push({ index: mark.index, from }));
    return places.sort((a, b) => a.from - b.from);
  }

  goTo(view, index) {
    const found = this.places(view).find((place) => place.index === index);
    if (found) jump(view, found.from);
  }

  goToNext(view) {
    const places = this.places(view);
    const next = places.find((place) => place.from > view.state.selection.main.head) ?? places[0];
    if (!next) return false;
    jump(view, next.from);
    view.dispatch({ effects: EditorView.announce.of(this.list[next.index].message) });
    return true;
  }
}

function jump(view, position) {
  view.dispatch({ selection: { anchor: position }, effects: EditorView.scrollIntoView(position, { y: "center" }) });
  view.focus();
}

// Return what to underline: from the column to the end of the word or number there, or else of the line.
function rangeOf(doc, { line, column }) {
  const { from, text } = doc.line(Math.min(Math.max(line ?? 1, 1), doc.lines));
  const start = column ? Math.min(column - 1, text.length) : text.search(/\S|$/);
  const word = column ? /^(?:"[^"]*"|'[^']*'|[^:,[\]{}#]*)/.exec(text.slice(start))[0] : "";
  const marked = word || text.slice(start);
  return { from: from + start, to: from + start + marked.trimEnd().length };
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
