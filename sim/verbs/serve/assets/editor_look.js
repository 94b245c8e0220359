// How the editor looks: in the colours of the page (--ink, --paper, --faint, --accent, --raised), light or dark.

import { Decoration, EditorView, HighlightStyle, ViewPlugin, syntaxHighlighting, tags } from "./editor.bundle.js";

const MUTED = "var(--muted, var(--ink))";
const PROBLEM = "var(--reported, var(--accent))";
const BOX = { background: "var(--raised)", color: "var(--ink)", border: "1px solid var(--faint)", borderRadius: ".3rem" };
const SECTION = { borderBottom: "1px solid var(--faint)", opacity: 1, color: MUTED, whiteSpace: "normal" };

const words = HighlightStyle.define([
  { tag: tags.definition(tags.propertyName), color: "var(--accent)" },
  { tag: tags.comment, color: MUTED, fontStyle: "italic" },
  { tag: [tags.labelName, tags.typeName, tags.meta], color: PROBLEM },
  { tag: [tags.separator, tags.punctuation, tags.brace, tags.squareBracket], color: MUTED },
]);

const boxes = EditorView.theme({
  "&": {
    height: "100%",
    minHeight: "12rem",
    background: "var(--paper)",
    color: "var(--ink)",
    border: "1px solid var(--faint)",
    borderRadius: ".3rem",
  },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "2px" },
  ".cm-scroller": { font: ".85rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".sim-hanging": {
    "--hang": "min(var(--margin), 30vw)",
    paddingLeft: "calc(6px + var(--hang))",
    textIndent: "calc(-1 * var(--hang))",
  },
  ".cm-gutters": { background: "var(--raised)", color: MUTED, borderRight: "1px solid var(--faint)" },
  ".cm-activeLine": { background: "transparent", boxShadow: "inset 2px 0 var(--accent)" },
  ".cm-activeLineGutter": { background: "var(--faint)", color: "var(--ink)" },
  "&.cm-focused .cm-matchingBracket": { background: "var(--faint)", outline: "1px solid var(--accent)" },
  ".cm-searchMatch": { background: "var(--faint)", outline: "1px solid var(--accent)" },
  ".cm-searchMatch-selected": { background: "var(--accent)", color: "var(--paper)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: `underline wavy ${PROBLEM}`,
    textDecorationSkipInk: "none",
    textUnderlineOffset: ".2em",
  },
  ".cm-gutter-lint": { width: "1.1rem" },
  ".cm-gutter-lint .cm-gutterElement": { padding: 0 },
  ".cm-lint-marker-error": { content: "none", color: PROBLEM },
  ".cm-lint-marker-error::before": { content: "'▲'", fontSize: ".7rem" },
  ".cm-diagnostic-error": { borderLeft: `4px solid ${PROBLEM}` },
  ".cm-panels": { background: "var(--raised)", color: "var(--ink)", fontFamily: "inherit" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--faint)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--faint)" },
  ".cm-panel.cm-search": { padding: ".4rem 2rem .4rem .6rem", font: "inherit", fontSize: ".85rem" },
  ".cm-panel.cm-search input, .cm-panel.cm-search button, .cm-panel.cm-search label": { fontSize: "inherit" },
  ".cm-panel.cm-search [name=close]": { color: "var(--ink)", padding: "0 .6rem", fontSize: "1.2rem" },
  ".cm-textfield, .cm-button": { ...BOX, background: "var(--paper)", backgroundImage: "none", font: "inherit" },
  ".cm-tooltip": { ...BOX, fontSize: ".85rem", maxWidth: "min(30rem, 90vw)" },
  ".cm-tooltip .cm-tooltip-section:not(:first-child)": { borderTop: "1px solid var(--faint)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { maxHeight: "16rem", fontFamily: "ui-monospace, monospace" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: ".15rem .5rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > completion-section": { ...SECTION },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--accent)", color: "var(--paper)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: 700 },
  ".cm-completionDetail": { marginLeft: ".8rem", fontStyle: "normal", opacity: 0.8 },
  ".cm-completionInfo": { ...BOX, padding: ".4rem .6rem" },
  ".sim-about": { padding: ".4rem .6rem", fontFamily: "system-ui, sans-serif" },
  ".sim-about p": { margin: ".2rem 0 0" },
  ".sim-about p:first-child": { margin: 0, fontWeight: 600 },
  ".sim-foot": { padding: ".3rem .6rem", fontSize: ".85rem", maxHeight: "10rem", overflowY: "auto" },
  ".sim-foot p": { margin: 0, color: MUTED },
  ".sim-foot .sim-here": { minHeight: "1.5em" },
  ".sim-foot .sim-offered": { display: "none" },
  ".sim-foot ol": { listStyle: "none", margin: ".2rem 0 0", padding: 0 },
  ".sim-foot button": {
    font: "inherit",
    textAlign: "left",
    width: "100%",
    padding: ".25rem 0 .25rem .5rem",
    border: 0,
    borderLeft: `4px solid ${PROBLEM}`,
    background: "none",
    color: "var(--ink)",
    cursor: "pointer",
  },
  ".sim-foot button:focus-visible": { outline: "3px solid var(--accent)", outlineOffset: "-3px" },
  "@media (max-width: 40rem)": {
    ".cm-scroller": { fontSize: "1rem" }, // a phone enlarges the page when smaller text is written
    ".cm-completionInfo": { display: "none" },
    ".cm-panel.cm-search :is(label, br, [name=replace], [name=replaceAll], [name=select])": { display: "none" },
    ".sim-foot": { maxHeight: "8rem" },
    ".sim-foot .sim-offered": { display: "block" },
    ".sim-foot .sim-offered:not(:empty) + .sim-here": { display: "none" },
  },
});

// Rows of a wrapped line stand under its first word, two columns further.
const hanging = ViewPlugin.fromClass(
  class {
    constructor(view) {
      this.decorations = hangingLines(view);
    }

    update(update) {
      if (update.docChanged || update.viewportChanged) this.decorations = hangingLines(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function hangingLines(view) {
  const lines = [];
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      const margin = line.text.search(/\S|$/);
      const attributes = { class: "sim-hanging", style: `--margin: ${margin + 2}ch` };
      if (margin < line.length) lines.push(Decoration.line({ attributes }).range(line.from));
      at = line.to + 1;
    }
  }
  return Decoration.set(lines);
}

export const look = [boxes, hanging, syntaxHighlighting(words)];
