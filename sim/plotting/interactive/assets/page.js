"use strict";
// The page of a report: draws its charts, copies its tables, and aligns its numbers.
(() => {
  document.querySelectorAll("figure.chart").forEach((figure) => BorderCharts.draw(figure, JSON.parse(figure.querySelector("script").textContent)));

  const status = document.querySelector(".status");
  const tell = (text) => { status.textContent = text; setTimeout(() => { status.textContent = ""; }, 2000); };
  const textOf = (table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()).join("\t")).join("\n");
  document.querySelectorAll("button.copy").forEach((button) => button.addEventListener("click", async () => {
    const text = textOf(button.nextElementSibling.querySelector("table"));
    try { await navigator.clipboard.writeText(text); }
    catch {  // pages opened from a file may not use the clipboard
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    tell("The table is copied.");
  }));
  // a row with a name only is the heading of a group
  document.querySelectorAll("tbody tr").forEach((row) => { if (row.cells.length > 2 && [...row.cells].slice(1).every((cell) => !cell.textContent.trim())) row.classList.add("group"); });
  document.querySelectorAll("td, th").forEach((cell) => { if (/^[≥≤+−-]?\s?[\d,]*\.?\d+( ?%)?$/.test(cell.textContent)) cell.classList.add("number"); });
})();
