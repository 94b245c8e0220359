// What the page's editor uses of CodeMirror.
export { EditorState, StateEffect, StateField } from "@codemirror/state";
export {
  Decoration,
  EditorView,
  ViewPlugin,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
  showPanel,
  showTooltip,
} from "@codemirror/view";
export { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
export { search, searchKeymap } from "@codemirror/search";
export { HighlightStyle, bracketMatching, indentService, syntaxHighlighting } from "@codemirror/language";
export { yaml } from "@codemirror/lang-yaml";
export { autocompletion, closeBrackets, closeBracketsKeymap, selectedCompletion, startCompletion } from "@codemirror/autocomplete";
export { forEachDiagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
export { tags } from "@lezer/highlight";
