"use strict";
// Charts in a frame of a notebook: one at a time, light or dark like the page around the frame, and as high as they need.
(() => {
  const frame = window.frameElement;  // null where the frame may not look at the page around it
  const [figure] = document.getElementsByTagName("figure"), select = document.querySelector("select");
  const charts = JSON.parse(document.querySelector("script").textContent);
  let handle;

  function pixelOf(colour) {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  }

  function matchPage() {
    const [red, green, blue] = pixelOf(getComputedStyle(frame.parentElement).color);
    const isDark = 0.3 * red + 0.6 * green + 0.1 * blue > 128;  // the text around is light
    for (const rule of document.styleSheets[0].cssRules) {
      if (rule.conditionText?.includes("prefers-color-scheme")) rule.media.mediaText = isDark ? "all" : "not all";
    }
    for (let around = frame.parentElement; around; around = around.parentElement) {
      const colour = getComputedStyle(around).backgroundColor;
      if (pixelOf(colour)[3] === 255) return document.documentElement.style.setProperty("--paper", colour);
    }
  }

  function show(chart) {
    handle?.destroy();
    handle = BorderCharts.draw(figure, chart);
  }

  if (frame) matchPage();
  show(charts[0]);
  select?.addEventListener("change", () => show(charts[select.value]));
  if (frame) new ResizeObserver(() => { frame.style.height = `${document.body.offsetHeight}px`; }).observe(document.body);
})();
