// Mouse, pen and fingers on the picture: draw, move and resize boxes; zoom and shift.

import * as edit from "./edit.js";
import { by } from "./dom.js";
import { handlesOf, layout, redraw, shift, showAll, toPicture, zoomAt } from "./picture.js";
import { pause } from "./player.js";
import * as drawn from "./rows.js";
import { newId, objectsAt, select, state, tell } from "./state.js";

const LEAST = 4; // CSS pixels that a new box must measure; less was a click
const REACH = { mouse: 7, pen: 12, touch: 20 }; // of a handle, CSS pixels
const canvas = by("picture");
const fingers = new Map();
let action = null; // what the pointer does: {kind, ...}

const spot = (event) => {
  const place = canvas.getBoundingClientRect();
  return [event.clientX - place.left, event.clientY - place.top];
};

function onCanvas(box) {
  const { scale, left, top } = layout();
  return [box[0] * scale + left, box[1] * scale + top, box[2] * scale + left, box[3] * scale + top];
}

// The handle of the chosen object, or the object, under a point.
function under([x, y], type) {
  const reach = REACH[type] || REACH.mouse;
  const objects = objectsAt(state.frame);
  const chosen = objects.find((object) => object.id === state.selected);
  if (chosen) {
    const far = handlesOf(onCanvas(chosen.box))
      .map(([name, hx, hy]) => ({ name, far: Math.max(Math.abs(hx - x), Math.abs(hy - y)) }))
      .sort((a, b) => a.far - b.far || a.name.length - b.name.length)[0];
    if (far.far <= reach) return { object: chosen, handle: far.name };
  }
  const [px, py] = toPicture(x, y);
  const hit = objects.filter(({ box }) => px >= box[0] && px <= box[2] && py >= box[1] && py <= box[3]);
  // the chosen one first, then the smallest: it may lie on a larger one
  const size = ({ box }) => (box[2] - box[0]) * (box[3] - box[1]);
  hit.sort((a, b) => (b === chosen) - (a === chosen) || size(a) - size(b));
  return hit.length ? { object: hit[0], handle: null } : null;
}

function down(event) {
  if (event.button > 0 || !state.video) return;
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, spot(event));
  pause();
  if (fingers.size === 2) {
    leave();
    action = { kind: "pinch" };
    return;
  }
  if (action) return;
  const start = spot(event);
  if (event.shiftKey) {
    action = { kind: "shift", last: start };
    return;
  }
  const found = event.altKey ? null : under(start, event.pointerType);
  if (!found) {
    action = { kind: "new", start, id: newId() };
  } else {
    const { object, handle } = found;
    select(object.id);
    action = { kind: handle ? "resize" : "move", handle, start, id: object.id, box: object.box };
  }
}

function move(event) {
  const here = spot(event);
  if (!action) {
    if (event.pointerType === "mouse") canvas.style.cursor = cursor(under(here, "mouse"));
    return;
  }
  if (action.kind === "pinch") return pinch(event.pointerId, here);
  if (fingers.has(event.pointerId)) fingers.set(event.pointerId, here);
  if (action.kind === "shift") {
    shift(here[0] - action.last[0], here[1] - action.last[1]);
    action.last = here;
    return undefined;
  }
  const far = Math.max(Math.abs(here[0] - action.start[0]), Math.abs(here[1] - action.start[1]));
  if (!state.drag && far < LEAST) return undefined;
  state.drag = { id: action.id, box: dragged(here) };
  redraw();
  return undefined;
}

function dragged(here) {
  const { scale } = layout();
  const { kind, start, handle } = action;
  const [dx, dy] = [(here[0] - start[0]) / scale, (here[1] - start[1]) / scale];
  if (kind === "new") {
    const [[x1, y1], [x2, y2]] = [toPicture(...start), toPicture(...here)];
    return drawn.tidy(inside([x1, y1, x2, y2]));
  }
  const box = [...action.box];
  if (kind === "move") return drawn.tidy([box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy]);
  if (handle.includes("w")) box[0] += dx;
  if (handle.includes("e")) box[2] += dx;
  if (handle.includes("n")) box[1] += dy;
  if (handle.includes("s")) box[3] += dy;
  return drawn.tidy(box);
}

// New boxes end at the frame.
function inside(box) {
  const { width, height } = state.video;
  return box.map((value, n) => Math.max(0, Math.min(n % 2 ? height : width, value)));
}

function pinch(id, here) {
  const other = [...fingers].find(([name]) => name !== id);
  const before = fingers.get(id);
  fingers.set(id, here);
  if (!other || !before) return;
  const apart = (a) => Math.hypot(a[0] - other[1][0], a[1] - other[1][1]) || 1;
  const middle = [(here[0] + other[1][0]) / 2, (here[1] + other[1][1]) / 2];
  zoomAt(...middle, apart(here) / apart(before));
  shift((here[0] - before[0]) / 2, (here[1] - before[1]) / 2);
}

function up(event) {
  fingers.delete(event.pointerId);
  if (!action || (action.kind === "pinch" && fingers.size)) return;
  const done = action;
  const drag = state.drag;
  leave();
  if (done.kind === "pinch" || done.kind === "shift") return;
  if (!drag) {
    if (done.kind === "new") select(null);
    return;
  }
  if (done.kind === "new") select(done.id);
  if (drag.box[2] - drag.box[0] < 1 || drag.box[3] - drag.box[1] < 1) return;
  edit.change(drawn.withBox(state.rows, state.frame, drag.id, drag.box));
}

export function leave() {
  action = null;
  state.drag = null;
  tell("drawn");
}

function cursor(found) {
  if (!found) return "crosshair";
  if (!found.handle) return "move";
  return { n: "ns", s: "ns", e: "ew", w: "ew", nw: "nwse", se: "nwse", ne: "nesw", sw: "nesw" }[found.handle] + "-resize";
}

export function start() {
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", (event) => {
    fingers.delete(event.pointerId);
    leave();
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (state.video) zoomAt(...spot(event), Math.exp(-event.deltaY / 400));
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => {
    if (!under(spot(event), "mouse")) showAll();
  });
}
