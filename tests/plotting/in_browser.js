// What tests of the interactive chart use in a browser, with one `figure` on the page.
const figure = document.querySelector("figure"), told = [], seen = {};
const turn = () => new Promise((done) => setTimeout(done, 100));
const rows = () => [...figure.querySelectorAll(".u-legend .u-series")].filter((row) => row.style.display !== "none");
const legend = () => rows().map((row) => row.textContent.trim());
const names = (some) => some.map((row) => row.querySelector("th").textContent);
const off = () => names(rows().filter((row) => row.classList.contains("u-off")));
const playhead = () => figure.querySelector(".playhead");
const mouse = (kind, share, target) => {
  const over = figure.querySelector(".u-over"), box = over.getBoundingClientRect();
  const at = { clientX: box.left + share * box.width, clientY: box.top + 50, bubbles: true, button: 0, movementX: 1 };
  (target ?? over).dispatchEvent(new MouseEvent(kind, at));
};
const zoom = () => {
  for (const [kind, share] of [["mousemove", 0.5], ["mousedown", 0.5], ["mousemove", 0.75]]) mouse(kind, share);
  mouse("mouseup", 0.75, document);
};
const click = (share) => ["mousemove", "mousedown", "mouseup", "click"].forEach((kind) => mouse(kind, share));
// the times at both ends
const ends = async () => {
  const all = [];
  for (const share of [0, 1]) { mouse("mousemove", share); await turn(); all.push(legend()[0]); }
  return all;
};
const report = async (test) => {
  await turn();
  try { await test(); } catch (error) { seen.error = String(error.stack); }
  document.body.append(Object.assign(document.createElement("pre"), { textContent: JSON.stringify(seen) }));
};
