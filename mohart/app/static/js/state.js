// What the page shows, in one place. Whoever changes it calls `tell`; whoever shows it listens.

import { Results } from "./results.js";
import * as drawn from "./rows.js";

export const state = {
  video: null, // what the server says about it
  frame: 0,
  time: null, // seconds of the frame that is shown
  selected: null, // id of an object
  rows: [],
  names: {},
  job: null, // the newest job of the video
  results: new Results(),
  drag: null, // {id, box} while a box is being drawn, moved or resized
};

const NOTHING = [];
const listeners = new Map();
let compared = {}; // what was asked for last: it is asked for in every picture

// what: "video" | "frame" | "drawn" | "tracked" | "job" | "selected"
export function on(what, listener) {
  for (const word of what.split(" ")) {
    if (!listeners.has(word)) listeners.set(word, []);
    listeners.get(word).push(listener);
  }
}

export function tell(what) {
  for (const listener of listeners.get(what) || []) listener();
}

export function select(id) {
  if (state.selected === id) return;
  state.selected = id;
  tell("selected");
}

// From which frame on the results are older than what was drawn; Infinity where they are not.
export function staleFrom() {
  if (!state.job || !state.results.frames.size) return Infinity;
  const was = state.job.rows || NOTHING;
  if (compared.was !== was || compared.now !== state.rows) {
    compared = { was, now: state.rows, change: drawn.firstChange(was, state.rows) ?? Infinity };
  }
  return compared.change;
}

// Objects in a frame: [{id, box, state: 0 | 1 | 2, confidence, key, ghost, stale}].
export function objectsAt(frame) {
  const found = new Map();
  const stale = frame >= staleFrom();
  for (const [id, x1, y1, x2, y2, confidence, mode] of state.results.at(frame)) {
    found.set(id, { id, box: [x1, y1, x2, y2], state: mode, confidence, stale });
  }
  const tracked = state.results.frames.has(frame);
  for (const id of drawn.ids(state.rows)) {
    const row = drawn.before(state.rows, frame, id);
    if (!row) {
      if (stale) found.delete(id);
    } else if (row.frame === frame && row.box) {
      found.set(id, { id, box: row.box, state: 0, confidence: 1, key: true });
    } else if (!row.box) {
      if (stale || row.frame === frame) found.delete(id);
    } else if (!found.has(id) && (!tracked || stale)) {
      found.set(id, { id, box: row.box, state: 0, confidence: null, ghost: true });
    }
  }
  if (stale) {
    const mine = new Set(drawn.ids(state.rows));
    const was = new Set(drawn.ids(state.job.rows || NOTHING));
    for (const id of found.keys()) if (was.has(id) && !mine.has(id)) found.delete(id);
  }
  if (state.drag) {
    const old = found.get(state.drag.id) || { state: 0, confidence: 1 };
    found.set(state.drag.id, { ...old, ghost: false, id: state.drag.id, box: state.drag.box, key: true });
  }
  return [...found.values()].sort((a, b) => a.id - b.id);
}

export function allIds() {
  const found = new Set(drawn.ids(state.rows));
  const was = new Set(drawn.ids((state.job && state.job.rows) || NOTHING));
  for (const id of state.results.runs.keys()) if (!was.has(id) || found.has(id)) found.add(id);
  return [...found].sort((a, b) => a - b);
}

export const newId = () => Math.max(0, ...allIds()) + 1;

export const titleOf = (id) => (state.names[id] ? `${id} · ${state.names[id]}` : `${id}`);
