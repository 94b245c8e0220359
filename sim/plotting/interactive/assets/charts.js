"use strict";
// Draws charts with uPlot: bands, reported figures, zoom by dragging, lines switched on and off.
//
// BorderCharts.draw(figure, chart, options) draws a chart (sim/plotting/interactive/blocks.py) in the element `figure`, in its
// `.plot` if it has one, and returns a handle:
//   update(chart)  shows new data; zoom, chosen lines and cursor stay
//   mark(seconds)  draws a thin line at a time; null takes it away
//   destroy()      takes the chart away
// Options: `onTime(seconds)` is called when the reader clicks on a time; charts with the same `sync` share cursor and zoom;
// `hint: false` leaves the hint out; `height` in pixels.
var BorderCharts = (() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  const rounded = (value) => value == null ? "-" : Math.abs(value) >= 1000 ? whole.format(value) : String(Number(value.toPrecision(3)));
  const faded = (colour, share) => `${colour}${Math.round(share * 255).toString(16).padStart(2, "0")}`;
  const pen = document.createElement("canvas").getContext("2d");
  const partsOf = (colour) => { pen.fillStyle = colour; return [1, 3, 5].map((at) => parseInt(pen.fillStyle.slice(at, at + 2), 16)); };
  const hex = (parts) => `#${parts.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
  const luminance = (parts) => {
    const [red, green, blue] = parts.map((part) => part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };

  // the colour itself, on a dark page with as much white as its contrast needs (3 to 1, WCAG 2.2); ink becomes the ink of the page
  function visible(colour) {
    if (colour.toLowerCase() === "#22262b") return style("--ink");
    const paper = luminance(partsOf(style("--paper"))), parts = partsOf(colour);
    const mixed = (share) => parts.map((part) => part + share * (255 - part));
    let share = 0;
    while (paper < 0.18 && share < 1 && (luminance(mixed(share)) + 0.05) / (paper + 0.05) < 3) share += 0.1;
    return hex(mixed(share));
  }
  const hasBand = (line) => Boolean(line.low && line.high && !line.ghost);
  const shape = (chart) => JSON.stringify([chart.zone, chart.bars, ...chart.lines.map((line) => [line.name, line.colour, hasBand(line), line.dashed, line.ghost])]);
  const keyOf = (line) => `${line.name}\n${line.ghost ? "ghost" : ""}`;

  // the local time of a zone, as a date whose own fields have it; `uPlot.tzDate` makes a formatter each time, which is slow
  function localIn(zone) {
    const fields = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
    const format = new Intl.DateTimeFormat("en", { ...fields, hourCycle: "h23", timeZone: zone });
    const known = new Map();  // ticks are asked for at every drawing
    return (seconds) => {
      if (known.has(seconds)) return known.get(seconds);
      const part = Object.fromEntries(format.formatToParts(seconds * 1e3).map(({ type, value }) => [type, Number(value)]));
      const date = new Date(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
      if (known.size > 1000) known.clear();
      known.set(seconds, date);
      return date;
    };
  }

  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const dateOf = (day) => `${day.getDate()} ${MONTHS[day.getMonth()]}`;
  const timeOf = (day) => [day.getHours(), day.getMinutes()].map((number) => String(number).padStart(2, "0")).join(":");

  function ticksIn(local) {
    return (_, ticks) => {
      const span = ticks.length > 1 ? ticks[1] - ticks[0] : 86400;
      return ticks.map(local).map((day) => span >= 86400 || timeOf(day) === "00:00" ? dateOf(day) : timeOf(day));
    };
  }

  function momentIn(local) {
    return (_, seconds) => {
      if (seconds == null) return "-";
      const day = local(seconds);
      return `${DAYS[day.getDay()]} ${dateOf(day)} ${timeOf(day)}`;
    };
  }

  function dataOf(chart) {
    return [chart.times, ...chart.lines.flatMap((line) => hasBand(line) ? [line.high, line.low, line.values] : [line.values])];
  }

  // `line` of a series is its place among the lines: a band is two more series of the same line
  function seriesOf(chart, isShown) {
    const series = [{}], bands = [];
    chart.lines.forEach((line, n) => {
      const colour = faded(visible(line.colour), line.ghost ? 0.6 : 1), show = isShown(line);
      if (hasBand(line)) {
        const edge = { show, stroke: "transparent", width: 0, points: { show: false }, line: n, edge: true };
        const high = series.push({ ...edge }) - 1, low = series.push({ ...edge }) - 1;
        bands.push({ series: [high, low], fill: faded(visible(line.colour), 0.18) });
      }
      series.push({
        label: line.name, show, line: n, stroke: colour, width: line.ghost ? 1 : 2, dash: line.ghost ? [3, 3] : line.dashed ? [6, 4] : undefined,
        value: (_, value) => rounded(value), points: { show: false },
        ...(chart.bars ? { fill: line.ghost ? undefined : faded(visible(line.colour), 0.55), paths: uPlot.paths.bars({ size: [0.8, 100], align: 1 }) } : {}),
      });
    });
    return { series, bands };
  }

  function drawReadings(plot, readings) {
    const { ctx } = plot, ratio = devicePixelRatio, size = 5 * ratio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
    ctx.clip();
    for (const reading of readings) {
      const colour = style(reading.fitted ? "--reported" : "--validation");
      const [a, b] = [reading.begin, reading.end].map((at) => plot.valToPos(at, "x", true));
      const x = (a + b) / 2, y = plot.valToPos(reading.value, "y", true);
      ctx.strokeStyle = ctx.fillStyle = colour;
      ctx.lineWidth = 2 * ratio;
      ctx.setLineDash([]);
      ctx.beginPath(); ctx.moveTo(a, y); ctx.lineTo(b, y); ctx.stroke();
      ctx.beginPath(); ctx.moveTo(x, y - size); ctx.lineTo(x + size, y); ctx.lineTo(x, y + size); ctx.lineTo(x - size, y); ctx.closePath(); ctx.fill();
    }
    ctx.restore();
  }

  class Drawn {
    constructor(place, chart, options) {
      Object.assign(this, { place, chart, options, chosen: new Map(), at: null, isZoomed: false });
      this.build();
      this.observer = new ResizeObserver(() => { if (place.clientWidth && place.clientWidth !== this.plot.width) this.plot.setSize(this.size()); });
      this.observer.observe(place);
      this.scheme = matchMedia("(prefers-color-scheme: dark)");
      this.onScheme = () => this.build();
      this.scheme.addEventListener("change", this.onScheme);
      if (options.hint === false) return;
      this.hint = document.createElement("p");
      this.hint.className = "hint";
      this.hint.textContent = "Drag to zoom, double-click to see all; choose lines in the legend.";
      place.after(this.hint);
    }

    size() {
      const width = this.place.clientWidth;
      return { width, height: this.options.height ?? Math.max(260, Math.min(380, width * 0.5)) };
    }

    build() {
      const zoom = this.plot && this.zoom();
      this.plot?.destroy();
      this.plot = new uPlot(this.uPlotOptions(), dataOf(this.chart), this.place);
      if (zoom) this.plot.setScale("x", zoom);
      this.playhead = document.createElement("div");
      this.playhead.className = "playhead";
      this.plot.over.append(this.playhead);
      this.plot.over.addEventListener("click", (event) => this.tellTime(event));
      this.placeMark();
      this.wireLegend();
    }

    uPlotOptions() {
      const axis = { stroke: style("--muted"), grid: { stroke: style("--faint"), width: 1 }, ticks: { stroke: style("--faint") }, font: "12px system-ui, sans-serif" };
      const top = (high) => Math.max(high, ...this.chart.readings.map((reading) => reading.value), 1e-9) * 1.05;
      const local = localIn(this.chart.zone), { series, bands } = seriesOf(this.chart, (line) => this.chosen.get(keyOf(line)) ?? line.shown);
      series[0].value = momentIn(local);
      return {
        ...this.size(),
        series, bands, tzDate: local,
        scales: { x: { auto: () => !this.isZoomed }, y: { range: (_, low, high) => [Math.min(0, low), top(high)] } },
        axes: [{ ...axis, values: ticksIn(local) }, { ...axis, size: 64, values: (_, ticks) => ticks.map(rounded) }],
        hooks: { draw: [(plot) => { drawReadings(plot, this.chart.readings); this.placeMark(); }] },
        cursor: this.options.sync ? { sync: { key: this.options.sync, scales: ["x", null] } } : {},
        legend: { live: true, markers: { dash: (plot, n) => plot.series[n].dash ? "dashed" : "solid" } },
      };
    }

    // the stretch of time that the reader chose, if it is not all and still has data
    zoom() {
      const [times, now] = [this.plot.data[0], this.chart.times], { min, max } = this.plot.scales.x;
      const isZoomed = times.length > 1 && (min > times[0] || max < times.at(-1));
      return isZoomed && now.length && min < now.at(-1) && max > now[0] ? { min, max } : null;
    }

    update(chart) {
      const isSame = shape(chart) === shape(this.chart);
      this.chart = chart;
      if (!isSame) return this.build();
      this.isZoomed = Boolean(this.zoom());
      this.plot.batch(() => this.plot.setData(dataOf(chart)));
      this.isZoomed = false;
    }

    mark(seconds) {
      this.at = seconds;
      this.placeMark();
    }

    placeMark() {
      if (!this.playhead) return;
      const x = this.at == null ? -1 : this.plot.valToPos(this.at, "x");
      this.playhead.hidden = !(x >= 0 && x <= this.plot.bbox.width / devicePixelRatio);
      this.playhead.style.transform = `translateX(${x}px)`;
    }

    tellTime(event) {
      const seconds = this.plot.posToVal(event.clientX - this.plot.over.getBoundingClientRect().left, "x");
      const { times } = this.chart;
      this.options.onTime?.(Math.min(Math.max(seconds, times[0]), times.at(-1)));
    }

    // a band belongs to its line: it has no row of its own, and comes and goes with the line
    wireLegend() {
      const rows = this.place.querySelectorAll(".u-legend .u-series");
      this.plot.series.forEach((each, n) => {
        const row = rows[n];
        if (n === 0) { row.querySelector("th").replaceChildren("time"); return; }
        if (each.edge) { row.style.display = "none"; return; }
        const head = row.querySelector("th"), toggle = () => this.toggle(each.line, head);
        head.tabIndex = 0;
        head.setAttribute("role", "button");
        head.setAttribute("aria-pressed", String(each.show));
        head.addEventListener("click", (event) => { event.stopImmediatePropagation(); toggle(); }, true);
        head.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(); } });
      });
    }

    toggle(line, head) {
      const show = !this.plot.series.find((each) => each.line === line).show;
      this.plot.series.forEach((each, n) => { if (each.line === line) this.plot.setSeries(n, { show }); });
      this.chosen.set(keyOf(this.chart.lines[line]), show);
      head.setAttribute("aria-pressed", String(show));
    }

    destroy() {
      this.observer.disconnect();
      this.scheme.removeEventListener("change", this.onScheme);
      this.plot.destroy();
      this.hint?.remove();
    }
  }

  function draw(figure, chart, options = {}) {
    const place = figure.querySelector(".plot") ?? figure.appendChild(Object.assign(document.createElement("div"), { className: "plot" }));
    const drawn = new Drawn(place, chart, options);
    return { update: (next) => drawn.update(next), mark: (seconds) => drawn.mark(seconds), destroy: () => drawn.destroy() };
  }

  return { draw };
})();
