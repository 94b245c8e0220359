"use strict";
// Draws each chart of the page with uPlot: bands, reported figures, zoom by dragging, lines switched on and off.
(() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const rounded = (value) => value == null ? "-" : Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
  const faded = (colour, share) => `${colour}${Math.round(share * 255).toString(16).padStart(2, "0")}`;
  // ink of all parties together is too dark on a dark page
  const visible = (colour) => colour.toLowerCase() === "#22262b" ? style("--ink") : colour;

  function seriesOf(chart) {
    const data = [chart.times], series = [{}], bands = [];
    for (const line of chart.lines) {
      const colour = visible(line.colour);
      if (line.low && line.high) {
        const high = data.push(line.high) - 1, low = data.push(line.low) - 1;
        const edge = { show: line.shown, stroke: "transparent", width: 0, points: { show: false }, band: line.name };
        series.push({ ...edge }, { ...edge });
        bands.push({ series: [high, low], fill: faded(colour, 0.18) });
      }
      data.push(line.values);
      series.push({
        label: line.name, show: line.shown, stroke: colour, width: 2, dash: line.dashed ? [6, 4] : undefined,
        value: (_, value) => rounded(value), points: { show: false },
        ...(chart.bars ? { fill: faded(colour, 0.55), paths: uPlot.paths.bars({ size: [0.8, 100], align: 1 }) } : {}),
      });
    }
    return { data, series, bands };
  }

  function drawReadings(plot, chart) {
    const { ctx } = plot, ratio = devicePixelRatio, size = 5 * ratio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
    ctx.clip();
    for (const reading of chart.readings) {
      const colour = style(reading.fitted ? "--reported" : "--validation");
      const [a, b] = [reading.begin, reading.end].map((at) => plot.valToPos(at, "x", true));
      const x = (a + b) / 2, y = plot.valToPos(reading.value, "y", true);
      ctx.strokeStyle = ctx.fillStyle = colour;
      ctx.lineWidth = 2 * ratio;
      ctx.beginPath(); ctx.moveTo(a, y); ctx.lineTo(b, y); ctx.stroke();
      ctx.beginPath(); ctx.moveTo(x, y - size); ctx.lineTo(x + size, y); ctx.lineTo(x, y + size); ctx.lineTo(x - size, y); ctx.closePath(); ctx.fill();
    }
    ctx.restore();
  }

  function optionsOf(chart, place, parts) {
    const axis = { stroke: style("--muted"), grid: { stroke: style("--faint"), width: 1 }, ticks: { stroke: style("--faint") }, font: "12px system-ui, sans-serif" };
    return {
      width: place.clientWidth, height: Math.max(260, Math.min(380, place.clientWidth * 0.5)),
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), chart.zone),
      series: parts.series, bands: parts.bands,
      scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(high, ...chart.readings.map((r) => r.value), 1e-9) * 1.05] } },
      axes: [{ ...axis, values: dates }, { ...axis, size: 64, values: (_, ticks) => ticks.map(rounded) }],
      hooks: { draw: [(plot) => drawReadings(plot, chart)] },
      legend: { live: true },
    };
    function dates(plot, ticks) {
      const span = ticks.length > 1 ? ticks[1] - ticks[0] : 86400;
      return ticks.map((at) => {
        const day = uPlot.tzDate(new Date(at * 1e3), chart.zone);
        const date = `${day.getDate()} ${day.toLocaleString("en", { month: "short" })}`;
        if (span >= 86400) return date;
        const time = `${String(day.getHours()).padStart(2, "0")}:${String(day.getMinutes()).padStart(2, "0")}`;
        return time === "00:00" ? date : time;
      });
    }
  }

  function draw(figure) {
    const place = figure.querySelector(".plot");
    const chart = JSON.parse(figure.querySelector("script").textContent);
    let plot, shown = null;
    const build = () => {
      if (plot) { shown = plot.series.map((each) => each.show); plot.destroy(); }
      const parts = seriesOf(chart);
      if (shown) parts.series.forEach((each, n) => { if (n) each.show = shown[n]; });
      plot = new uPlot(optionsOf(chart, place, parts), parts.data, place);
      wireLegend();
    };
    // a band belongs to its line: it has no row of its own, and comes and goes with the line
    const wireLegend = () => {
      const rows = place.querySelectorAll(".u-legend .u-series");
      plot.series.forEach((each, n) => {
        const row = rows[n];
        if (!row) return;
        if (n === 0) { row.querySelector("th").replaceChildren("time"); return; }
        if (each.band) { row.style.display = "none"; return; }
        const head = row.querySelector("th");
        head.tabIndex = 0;
        head.setAttribute("role", "button");
        head.setAttribute("aria-pressed", String(each.show));
        const toggle = () => {
          const show = !plot.series[n].show;
          plot.series.forEach((other, k) => { if (k === n || other.band === each.label) plot.setSeries(k, { show }); });
          head.setAttribute("aria-pressed", String(show));
        };
        head.addEventListener("click", (event) => { event.stopImmediatePropagation(); toggle(); }, true);
        head.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(); } });
      });
    };
    build();
    let width = place.clientWidth;
    new ResizeObserver(() => { if (place.clientWidth !== width) { width = place.clientWidth; build(); } }).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
    const hint = document.createElement("p");
    hint.className = "hint";
    hint.textContent = "Drag to zoom, double-click to see all; choose lines in the legend.";
    place.after(hint);
  }

  document.querySelectorAll("figure.chart").forEach(draw);

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
