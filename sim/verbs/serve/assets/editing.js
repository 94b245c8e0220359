// The scenario as text beside the charts: read again a moment after the last change.

import { get } from "./api.js";

const REST = 500;

export function makeEditing(section, place, button, changed) {
  let editor = null, text = "", waiting = null;

  async function open() {
    if (editor) return;
    const [{ makeEditor }, schema] = await Promise.all([import("./editor.js"), get("/api/schema")]);
    editor = makeEditor(place, {
      text, schema, label: "The scenario as text",
      onChange(now) {
        if (now === text) return;
        clearTimeout(waiting);
        waiting = setTimeout(() => { text = now; changed(now); }, REST);
      },
    });
  }

  return {
    isOpen: () => !section.hidden,
    async toggle() {
      const isOpen = section.hidden;
      section.hidden = !isOpen;
      button.setAttribute("aria-expanded", String(isOpen));
      if (!isOpen) return;
      await open();
      editor.focus();
    },
    setText(given) {
      if (given === text) return;
      text = given;
      editor?.setText(given);
    },
    showProblems(rows) {
      editor?.showProblems(rows.filter((row) => row.line));
    },
  };
}
