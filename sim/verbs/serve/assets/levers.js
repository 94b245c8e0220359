// The levers: sliders, switches and dates made from what the server says of the scenario.

const OPEN = new Set(["Booths and officers", "Checks", "Demand", "Closure"]);

export const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
};

export const shownValue = (lever, value) => {
  if (value === null) return lever.kind === "instant" ? "never" : "off";
  if (lever.kind === "switch") return value ? "on" : "off";
  if (lever.kind === "instant") return value.replace("T", " ");
  return `${Number(value.toPrecision(6)).toLocaleString("en")}${lever.suffix}`;
};

const localText = (seconds, zone) => {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).formatToParts(new Date(seconds * 1000)).map((part) => [part.type, part.value]));
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
};

// Fills `place` with the levers of a scenario; `changed(settings)` is called with what differs from the scenario, and
// `tried(lever)` where several values of a number are wanted.
export function makeLevers(place, scenario, changed, tried) {
  let settings = {}, searched = "", crossing = Object.keys(scenario.crossings)[0];
  const several = Object.keys(scenario.crossings).length > 1;
  const rows = new Map();
  const groups = new Map();
  place.replaceChildren();
  function set(lever, value) {
    if (value === lever.value) delete settings[lever.id];
    else settings[lever.id] = value;
    refresh(lever.id);
    changed({ ...settings });
  }

  function makeRow(lever) {
    const id = `lever-${lever.id.replaceAll(/[^a-z0-9]+/gi, "-")}`;
    const output = element("output", { for: id });
    const label = element("label", { for: id }, lever.label);
    const box = element("div", { class: "lever", "data-lever": lever.id }, element("div", { class: "row" }, label, output));
    const control = CONTROLS[lever.kind](lever, id, box, (value) => set(lever, value));
    if (lever.band) {
      const at = (value) => `${(100 * (value - lever.low)) / (lever.high - lever.low)}%`;
      const band = element("span");
      band.style.left = at(lever.band[0]);
      band.style.width = `calc(${at(lever.band[1])} - ${at(lever.band[0])})`;
      box.append(element("div", { class: "band", title: "90 % interval of the fit" }, band));
    }
    if (control.button) box.append(control.button);
    if (lever.note) box.append(element("span", { class: "note", id: `${id}-note` }, lever.note));
    if (lever.note) control.input.setAttribute("aria-describedby", `${id}-note`);
    return { lever, box, output, control };
  }

  const label = (box) => box.querySelector("label");

  const CONTROLS = {
    number(lever, id, box, take) {
      const input = element("input", { id, type: "range", min: lever.low, max: lever.high, step: lever.step });
      let off = null;
      if (lever.off) {
        off = element("input", { type: "checkbox", id: `${id}-on`, "aria-label": `${lever.label}: on` });
        off.addEventListener("change", () => take(off.checked ? Number(input.value) : null));
        label(box).prepend(off, " ");
      }
      input.addEventListener("input", () => take(Number(input.value)));
      // a key of the slider instead of one more stop for the Tab key at each lever
      const title = "Play several values of this lever; or press Enter on the slider";
      const button = element("button", { type: "button", class: "try", tabindex: -1, title }, "Try a range …");
      button.addEventListener("click", () => tried(lever));
      input.setAttribute("aria-keyshortcuts", "Enter");
      input.addEventListener("keydown", (event) => { if (event.key === "Enter" && !button.hidden) tried(lever); });
      box.append(input);
      return {
        input, button,
        show(value) {
          if (off) off.checked = value !== null;
          button.hidden = value === null;
          input.value = value ?? lever.high / 10;
          input.setAttribute("aria-valuetext", shownValue(lever, value));
        },
      };
    },
    switch(lever, id, box, take) {
      const input = element("input", { id, type: "checkbox" });
      input.addEventListener("change", () => take(input.checked));
      label(box).prepend(input, " ");
      return { input, show: (value) => { input.checked = value; } };
    },
    instant(lever, id, box, take) {
      const low = localText(scenario.start, scenario.zone), high = localText(scenario.horizon, scenario.zone);
      const input = element("input", { id, type: "datetime-local", min: low, max: high, step: 3600 });
      const off = element("input", { type: "checkbox", "aria-label": `${lever.label}: on` });
      const middle = localText((scenario.start + scenario.horizon) / 2, scenario.zone).replace(/T.*/, "T00:00");
      off.addEventListener("change", () => take(off.checked ? input.value || middle : null));
      input.addEventListener("change", () => take(input.value || null));
      label(box).prepend(off, " ");
      box.append(input);
      return { input, show(value) { off.checked = value !== null; input.value = value ?? ""; } };
    },
  };

  for (const lever of scenario.levers) {
    if (!groups.has(lever.group)) {
      const count = element("span", { class: "count" });
      const box = element("details", { class: "group", open: OPEN.has(lever.group) }, element("summary", {}, lever.group, " ", count));
      groups.set(lever.group, { box, count });
      place.append(box);
    }
    const row = makeRow(lever);
    rows.set(lever.id, row);
    groups.get(lever.group).box.append(row.box);
  }

  function refresh(only) {
    for (const { lever, box, output, control } of only ? [rows.get(only)] : rows.values()) {
      const isChanged = lever.id in settings, value = isChanged ? settings[lever.id] : lever.value;
      box.classList.toggle("changed", isChanged);
      output.replaceChildren(shownValue(lever, value));
      if (isChanged) output.append(" ", element("span", { class: "was" }, `was ${shownValue(lever, lever.value)}`));
      control.show(value);
    }
    for (const [name, { count }] of groups) {
      const number = Object.keys(settings).filter((id) => rows.get(id).lever.group === name).length;
      count.textContent = number ? `${number} changed` : "";
    }
  }

  // Shows the levers of the chosen crossing, those that are changed, and those of no crossing; a search looks at all.
  function filter() {
    for (const { box, lever } of rows.values()) {
      const isHere = !several || !lever.crossing || lever.crossing === crossing || lever.id in settings;
      box.hidden = searched ? !`${nameOf(lever)} ${lever.group} ${lever.note}`.toLowerCase().includes(searched) : !isHere;
      label(box).lastChild.textContent = searched || lever.crossing !== crossing ? nameOf(lever) : lever.label;
    }
    for (const { box } of groups.values()) {
      box.hidden = [...box.querySelectorAll(".lever")].every((each) => each.hidden);
      if (searched) box.open = true;
    }
  }

  function find(text) {
    if (searched && !text.trim()) for (const [name, { box }] of groups) box.open = OPEN.has(name);
    searched = text.trim().toLowerCase();
    filter();
  }

  const nameOf = (lever) => several && lever.crossing ? `${scenario.crossings[lever.crossing].title}: ${lever.label[0].toLowerCase()}${lever.label.slice(1)}` : lever.label;

  refresh();
  filter();
  return {
    find,
    choose(name) { crossing = name; filter(); },
    get: () => ({ ...settings }),
    move(id, value) { set(rows.get(id).lever, value); },
    inputOf: (id) => rows.get(id)?.control.input,
    nameOf,
    set(given) {
      settings = Object.fromEntries(Object.entries(given).filter(([id]) => rows.has(id) && given[id] !== rows.get(id).lever.value));
      refresh();
      filter();
    },
    words: (given) => Object.entries(given).filter(([id]) => rows.has(id)).map(([id, value]) => `${nameOf(rows.get(id).lever)}: ${shownValue(rows.get(id).lever, value)}`),
  };
}
