// Files dropped on the page: counts or a timetable become the demand of the scenario.

const MOST_BYTES = 15e6;

async function encoded(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

const dialog = () => document.getElementById("dialog");

const option = (name, value, words, checked) => {
  const input = Object.assign(document.createElement("input"), { type: "radio", name, value, checked });
  const label = document.createElement("label");
  label.append(input, ` ${words}`);
  return Object.assign(document.createElement("p"), {}).appendChild(label).parentElement;
};

const field = (id, words, placeholder) => {
  const made = Object.assign(document.createElement("input"), { id, type: "text", placeholder }), label = document.createElement("label"), row = document.createElement("p");
  label.append(`${words} `, made);
  row.append(label);
  return row;
};

const select = (id, words, options) => {
  const made = Object.assign(document.createElement("select"), { id }), label = document.createElement("label"), row = document.createElement("p");
  made.append(...options.map(([value, text]) => new Option(text, value)));
  label.append(`${words} `, made);
  row.append(label);
  return row;
};

export const canDrop = {
  // `take(request)` is called with a file that was dropped or chosen, and what the reader said of it; `classes()` gives
  // the classes of the scenario with their words
  wire(body, take, classes) {
    Object.assign(this, { take, classes });
    const hasFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    body.addEventListener("dragover", (event) => { if (hasFile(event)) { event.preventDefault(); body.classList.add("dropping"); } });
    body.addEventListener("dragleave", (event) => { if (!event.relatedTarget) body.classList.remove("dropping"); });
    body.addEventListener("drop", (event) => {
      body.classList.remove("dropping");
      if (!hasFile(event)) return;
      event.preventDefault();
      this.ask(event.dataTransfer.files[0]);
    });
  },

  choose() {
    const input = Object.assign(document.createElement("input"), { type: "file", accept: ".csv,.tsv,.txt,.gz,.parquet,.xlsx,.xls,.ods" });
    input.addEventListener("change", () => { if (input.files[0]) this.ask(input.files[0]); });
    input.click();
  },

  ask(file) {
    const words = document.createElement("p"), go = Object.assign(document.createElement("button"), { type: "button", textContent: "Read it", id: "read-data" });
    words.textContent = `${file.name}, ${Math.ceil(file.size / 1000).toLocaleString("en")} kB. What is it?`;
    document.getElementById("dialog-title").textContent = "Use my data";
    document.getElementById("dialog-body").replaceChildren(
      words,
      option("kind", "arrivals", "counts of arrivals: a row for each hour, day or party", true),
      option("kind", "timetable", "a timetable of flights, ferries or trains", false),
      option("into", "shown", "put them into the scenario shown here", true),
      option("into", "new", "begin a new border with them", false),
      select("data-class", "They count", [["", "what the file says"], ...Object.entries(this.classes()).map(([cls, { words: many }]) => [cls, many])]),
      field("data-column", "Column with the numbers", "found out"),
      field("data-zone", "Time zone of a new border", Intl.DateTimeFormat().resolvedOptions().timeZone),
      go,
    );
    dialog().showModal();
    go.addEventListener("click", async () => {
      const chosen = (name) => dialog().querySelector(`input[name="${name}"]:checked`).value;
      const isNew = chosen("into") === "new", value = (id) => dialog().querySelector(`#${id}`).value.trim() || undefined;
      const said = { kind: chosen("kind"), new: isNew, class: value("data-class"), column: value("data-column"), zone: isNew ? value("data-zone") ?? Intl.DateTimeFormat().resolvedOptions().timeZone : undefined };
      dialog().close();
      this.take(file.size > MOST_BYTES ? { name: file.name, tooLarge: true } : { name: file.name, content: await encoded(file), ...said });
    });
  },
};

const list = (rows) => {
  const made = document.createElement("ul");
  made.append(...rows.map((row) => Object.assign(document.createElement("li"), { textContent: row })));
  return made;
};

const titled = (title, rows) => (rows.length ? [Object.assign(document.createElement("h3"), { textContent: title }), list(rows)] : []);

export const tooLarge = (name) => `${name} is larger than ${MOST_BYTES / 1e6} MB; use \`sim import\` in a terminal`;

// Shows what was understood of a file; `use()` puts it into force.
export function showDropped(show, found, use) {
  const rejected = found.rejected.map((row) => `line ${row.line}: ${row.reason}`);
  const go = Object.assign(document.createElement("button"), { type: "button", textContent: "Play with these numbers", id: "use-data" });
  go.addEventListener("click", () => { document.getElementById("dialog").close(); use(); });
  show(`${found.name}: ${found.rows.toLocaleString("en")} rows`, [
    go,
    list(found.sentences),
    ...titled("What was understood", found.understood.map(([role, column, how]) => `${role}: ${column}${how ? `, ${how}` : ""}`)),
    ...titled("Notes", found.notes),
    ...titled(`Rows that cannot be used: ${found.rejected_rows}`, rejected),
    ...titled("Columns not used", found.unused),
  ]);
}
