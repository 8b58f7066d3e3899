// The frame and its boxes on the canvas, and where they are: zoom and place.

import { by, soon } from "./dom.js";
import { colourOf, inkOn } from "./palette.js";
import { pictureNow } from "./player.js";
import { LOST, PREDICTED } from "./results.js";
import { objectsAt, on, select, state, titleOf } from "./state.js";

const HANDLE = 4; // half a handle's side, CSS pixels
const MAX_ZOOM = 16;
const canvas = by("picture");
const pen = canvas.getContext("2d");
const view = { zoom: 1, x: 0, y: 0 }; // x, y: shift of the zoomed picture, CSS pixels

// Scale and corner of the picture on the canvas.
export function layout() {
  const { clientWidth: width, clientHeight: height } = canvas;
  const video = state.video || { width: 1, height: 1 };
  const scale = Math.min(width / video.width, height / video.height) * view.zoom;
  const left = (width - video.width * scale) / 2 + view.x;
  const top = (height - video.height * scale) / 2 + view.y;
  return { scale, left, top, width, height };
}

export function toPicture(x, y) {
  const { scale, left, top } = layout();
  return [(x - left) / scale, (y - top) / scale];
}

// Zoom so that the point under (x, y) stays there.
export function zoomAt(x, y, factor) {
  const [px, py] = toPicture(x, y);
  view.zoom = Math.max(1, Math.min(MAX_ZOOM, view.zoom * factor));
  const { scale, left, top } = layout();
  shift(x - (px * scale + left), y - (py * scale + top));
}

export function shift(dx, dy) {
  view.x += dx;
  view.y += dy;
  const { scale, width, height } = layout();
  const [spareX, spareY] = [
    Math.max(0, (state.video.width * scale - width) / 2),
    Math.max(0, (state.video.height * scale - height) / 2),
  ];
  view.x = Math.max(-spareX, Math.min(spareX, view.x));
  view.y = Math.max(-spareY, Math.min(spareY, view.y));
  redraw();
}

export function showAll() {
  Object.assign(view, { zoom: 1, x: 0, y: 0 });
  redraw();
}

// Zoomed in, the chosen object stays in the middle from frame to frame.
function follow() {
  const shown = pictureNow();
  if (view.zoom <= 1 || state.drag || !shown) return;
  const object = objectsAt(shown.frame).find(({ id }) => id === state.selected);
  if (!object) return;
  const { scale, left, top, width, height } = layout();
  const [x1, y1, x2, y2] = object.box;
  shift(width / 2 - (((x1 + x2) / 2) * scale + left), height / 2 - (((y1 + y2) / 2) * scale + top));
}

export const redraw = soon(draw);

function draw() {
  const ratio = window.devicePixelRatio || 1;
  const { scale, left, top, width, height } = layout();
  if (!width || !state.video) return;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const shown = pictureNow();
  if (!shown || shown.video !== state.video.id) return;
  pen.imageSmoothingEnabled = scale < 3;
  pen.drawImage(shown.picture, left, top, state.video.width * scale, state.video.height * scale);
  const place = ([x1, y1, x2, y2]) => [x1 * scale + left, y1 * scale + top, x2 * scale + left, y2 * scale + top];
  // boxes belong to the frame that is seen, not to one that is still on its way
  const objects = objectsAt(shown.frame).map((object) => ({ ...object, at: place(object.box) }));
  const chosen = (object) => object.id === state.selected;
  objects.sort((a, b) => chosen(a) - chosen(b));
  for (const object of objects) drawBox(object, chosen(object));
  for (const object of objects) drawLabel(object, chosen(object), width, height);
  const mine = objects.find(chosen);
  if (mine) drawHandles(mine.at);
}

function drawBox(object, chosen) {
  const [x1, y1, x2, y2] = object.at;
  const path = new Path2D();
  if (object.state === LOST) {
    const arm = Math.max(5, Math.min(x2 - x1, y2 - y1) / 5);
    for (const [x, y, dx, dy] of [[x1, y1, 1, 1], [x2, y1, -1, 1], [x1, y2, 1, -1], [x2, y2, -1, -1]]) {
      path.moveTo(x + arm * dx, y);
      path.lineTo(x, y);
      path.lineTo(x, y + arm * dy);
    }
  } else {
    path.rect(x1, y1, x2 - x1, y2 - y1);
  }
  pen.save();
  pen.globalAlpha = object.ghost || object.stale ? 0.55 : 1;
  if (object.ghost) pen.setLineDash([2, 5]);
  else if (object.state === PREDICTED) pen.setLineDash([7, 5]);
  const line = chosen ? 3 : 2;
  pen.lineWidth = line + 2;
  pen.strokeStyle = "rgba(0, 0, 0, 0.55)";
  pen.stroke(path);
  pen.lineWidth = line;
  pen.strokeStyle = colourOf(object.id);
  pen.stroke(path);
  pen.restore();
}

function drawLabel(object, chosen, width, height) {
  const [x1, y1] = object.at;
  if (x1 > width || y1 > height || object.at[2] < 0 || object.at[3] < 0) return;
  const colour = colourOf(object.id);
  const text = titleOf(object.id) + (object.state === LOST ? " ?" : "");
  pen.save();
  pen.globalAlpha = object.ghost || object.stale ? 0.7 : 1;
  pen.font = `${chosen ? 600 : 500} 12px system-ui, sans-serif`;
  const mark = object.key ? 12 : 0;
  const long = Math.min(pen.measureText(text).width, 180) + 10 + mark;
  const left = Math.max(0, Math.min(x1 - 1, width - long));
  const top = Math.max(0, y1 - 19);
  pen.fillStyle = object.state === PREDICTED || object.state === LOST || object.ghost ? "#111c" : colour;
  pen.fillRect(left, top, long, 18);
  const ink = pen.fillStyle === colour ? inkOn(colour) : colour;
  pen.fillStyle = object.state || object.ghost ? "#fff" : ink;
  pen.textBaseline = "middle";
  pen.fillText(text, left + 5, top + 9.5, 180);
  if (object.key) diamond(pen, left + long - 9, top + 9, 4);
  pen.restore();
}

export function diamond(target, x, y, size) {
  target.beginPath();
  target.moveTo(x, y - size);
  target.lineTo(x + size, y);
  target.lineTo(x, y + size);
  target.lineTo(x - size, y);
  target.fill();
}

export function handlesOf([x1, y1, x2, y2]) {
  const [mx, my] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return [
    ["nw", x1, y1], ["n", mx, y1], ["ne", x2, y1], ["e", x2, my],
    ["se", x2, y2], ["s", mx, y2], ["sw", x1, y2], ["w", x1, my],
  ];
}

function drawHandles(at) {
  for (const [, x, y] of handlesOf(at)) {
    pen.fillStyle = "#fff";
    pen.strokeStyle = "#000";
    pen.lineWidth = 1;
    pen.fillRect(x - HANDLE, y - HANDLE, 2 * HANDLE, 2 * HANDLE);
    pen.strokeRect(x - HANDLE + 0.5, y - HANDLE + 0.5, 2 * HANDLE - 1, 2 * HANDLE - 1);
  }
}

export function start() {
  on("picture drawn tracked selected job", redraw);
  on("picture", follow);
  on("video", () => {
    showAll();
    select(null);
  });
  new ResizeObserver(redraw).observe(canvas);
}
