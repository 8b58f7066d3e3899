// A lane per object: seen, predicted, lost, what was drawn, and doubtful moments.

import { by, make, soon } from "./dom.js";
import { colourOf } from "./palette.js";
import { diamond } from "./picture.js";
import { go, pause } from "./player.js";
import { ACTIVE, PREDICTED } from "./results.js";
import { allIds, on, select, staleFrom, state, titleOf } from "./state.js";

const LANE = 24; // pixels, as in the style sheet
const scroller = by("lanes");
const labels = by("labels");
const canvas = by("tracks");
let lanes = [];

const redraw = soon(draw);

function showLabels() {
  const ids = allIds();
  const same = ids.length === lanes.length && ids.every((id, n) => id === lanes[n]);
  lanes = ids;
  if (!same) {
    labels.replaceChildren(
      ...ids.map((id) => make("button", { "data-id": id, onclick: () => select(id) })),
    );
  }
  for (const button of labels.children) {
    const id = Number(button.dataset.id);
    button.textContent = titleOf(id);
    button.setAttribute("aria-pressed", id === state.selected);
    button.setAttribute("aria-label", `Follow object ${titleOf(id)}`);
    button.style.setProperty("--colour", colourOf(id));
  }
  redraw();
}

const xOf = (frame, width) => (frame / Math.max(state.video.frames, 1)) * width;

function draw() {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !state.video) return;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(document.body);
  const ink = style.getPropertyValue("--ink");
  const shade = style.getPropertyValue("--lane");
  const stale = staleFrom();
  lanes.forEach((id, n) => {
    const top = n * LANE - scroller.scrollTop;
    if (top > height || top < -LANE) return;
    pen.fillStyle = id === state.selected ? style.getPropertyValue("--chosen") : shade;
    pen.fillRect(0, top + 1, width, LANE - 2);
    for (const run of state.results.runs.get(id) || []) drawRun(pen, run, id, top, width, ink, stale);
  });
  pen.fillStyle = ink;
  for (const row of state.rows) {
    const n = lanes.indexOf(row.id);
    const [x, y] = [xOf(row.frame + 0.5, width), n * LANE - scroller.scrollTop + LANE / 2];
    if (row.box) diamond(pen, Math.max(5, Math.min(width - 5, x)), y, 5);
    else pen.fillRect(x - 1.5, y - 8, 3, 16);
  }
  drawDoubts(pen, width, style.getPropertyValue("--warn"));
  pen.fillStyle = ink;
  pen.fillRect(Math.round(xOf(state.frame + 0.5, width)) - 1, 0, 2, height);
}

// What is older than a change is pale.
function drawRun(pen, run, id, top, width, ink, stale) {
  const left = xOf(run.start, width);
  const long = Math.max(xOf(run.stop, width) - left, 1);
  const fresh = Math.max(0, Math.min(xOf(Math.min(stale, run.stop), width) - left, long));
  for (const [from, size, strength] of [[left, fresh, 1], [left + fresh, long - fresh, 0.3]]) {
    if (size <= 0) continue;
    pen.globalAlpha = strength;
    if (run.state === ACTIVE) {
      pen.fillStyle = colourOf(id);
      pen.fillRect(from, top + 6, size, LANE - 12);
    } else if (run.state === PREDICTED) {
      pen.fillStyle = colourOf(id);
      pen.fillRect(from, top + 10, size, LANE - 20);
    } else {
      pen.fillStyle = ink;
      pen.globalAlpha = strength * 0.5;
      for (let x = from; x < from + size; x += 5) pen.fillRect(x, top + LANE / 2 - 1, Math.min(2, from + size - x), 2);
    }
  }
  pen.globalAlpha = 1;
}

function drawDoubts(pen, width, colour) {
  pen.fillStyle = colour;
  for (const doubt of state.results.doubts) {
    const n = lanes.indexOf(doubt.id);
    const [x, y] = [xOf(doubt.frame + 0.5, width), n * LANE - scroller.scrollTop + 1];
    pen.beginPath();
    pen.moveTo(x - 4, y);
    pen.lineTo(x + 4, y);
    pen.lineTo(x, y + 6);
    pen.fill();
  }
}

function press(event) {
  if (!state.video) return;
  const place = canvas.getBoundingClientRect();
  const id = lanes[Math.floor((event.clientY - place.top + scroller.scrollTop) / LANE)];
  if (event.type === "pointerdown") {
    canvas.setPointerCapture(event.pointerId);
    pause();
    if (id !== undefined) select(id);
  } else if (!canvas.hasPointerCapture(event.pointerId)) {
    return;
  }
  go(Math.floor(((event.clientX - place.left) / place.width) * state.video.frames));
}

export function start() {
  on("video drawn tracked job selected", soon(showLabels));
  on("frame", redraw);
  on("selected", () => {
    const button = labels.querySelector(`[data-id="${Number(state.selected)}"]`);
    if (button) button.scrollIntoView({ block: "nearest" });
  });
  scroller.addEventListener("scroll", redraw);
  canvas.addEventListener("pointerdown", press);
  canvas.addEventListener("pointermove", press);
  new ResizeObserver(redraw).observe(scroller);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
