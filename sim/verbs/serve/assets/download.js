// Downloads: files made in the browser from what is shown.

export function download(name, content, type = "") {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

// All series of the charts as rows: crossing, chart, unit, line, local time, mean and band.
// The setting stands in each row, so that a table of several downloads tells them apart.
export function seriesAsCsv(shown, scenario, setting) {
  const local = new Intl.DateTimeFormat("sv-SE", { timeZone: scenario.zone, dateStyle: "short", timeStyle: "short" });
  const rows = ["setting,replications,crossing,chart,unit,line,time,value,p05,p95"], begin = `${quoted(setting)},${shown.replications}`;
  for (const chart of shown.charts) {
    const times = chart.times.map((at) => local.format(new Date(at * 1000)));
    for (const line of chart.lines) {
      line.values.forEach((value, n) => {
        if (value !== null) rows.push([begin, quoted(chart.crossing), quoted(chart.title), chart.unit, quoted(line.name), times[n], value, line.low?.[n] ?? "", line.high?.[n] ?? ""].join(","));
      });
    }
  }
  return `${rows.join("\n")}\n`;
}

// One picture of all charts below each other, with a title and lines of words above them.
export function pictureOf(charts, [title, ...lines]) {
  const plots = [...charts.values()].map(({ figure }) => ({ caption: figure.querySelector("figcaption").textContent, canvas: figure.querySelector("canvas"), legend: legendOf(figure) }));
  const ratio = devicePixelRatio, width = Math.max(...plots.map(({ canvas }) => canvas.width)), row = 22 * ratio;
  const picture = document.createElement("canvas");
  picture.width = width + 2 * row;
  picture.height = plots.reduce((sum, { canvas }) => sum + canvas.height + 3 * row, 5 * row);
  const context = picture.getContext("2d"), style = getComputedStyle(document.documentElement);
  const write = (text, y, font, colour = style.getPropertyValue("--ink")) => { context.font = font; context.fillStyle = colour; context.fillText(text, row, y, width); };
  context.fillStyle = style.getPropertyValue("--paper");
  context.fillRect(0, 0, picture.width, picture.height);
  write(title, 1.5 * row, `600 ${18 * ratio}px system-ui, sans-serif`);
  lines.forEach((line, n) => write(line, (2.6 + n) * row, `${12 * ratio}px system-ui, sans-serif`));
  let y = 5 * row;
  for (const { caption, canvas, legend } of plots) {
    write(caption, y, `600 ${14 * ratio}px system-ui, sans-serif`);
    context.drawImage(canvas, row, y + row / 2);
    let x = row;
    context.font = `${12 * ratio}px system-ui, sans-serif`;
    for (const { name, colour } of legend) {
      context.fillStyle = colour;
      context.fillRect(x, y + canvas.height + 0.75 * row, row / 2, row / 5);
      context.fillStyle = style.getPropertyValue("--ink");
      context.fillText(name, x + 0.7 * row, y + canvas.height + row);
      x += context.measureText(name).width + 1.5 * row;
    }
    y += canvas.height + 3 * row;
  }
  return new Promise((done) => picture.toBlob(done, "image/png"));
}

function legendOf(figure) {
  return [...figure.querySelectorAll(".u-legend .u-series")]
    .filter((row) => row.style.display !== "none" && !row.classList.contains("u-off") && row.querySelector(".u-marker"))
    .map((row) => ({ name: row.querySelector(".u-label").textContent, colour: row.querySelector(".u-marker").style.borderColor || row.querySelector(".u-marker").style.background }))
    .filter(({ colour }) => colour);
}
