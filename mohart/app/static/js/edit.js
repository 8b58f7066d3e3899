// Changes of what was drawn: undo, redo, saving, and what another tab has changed meanwhile.

import * as api from "./api.js";
import { say } from "./dom.js";
import { state, tell } from "./state.js";

let past = [];
let future = [];
let version = 0;
let saving = null; // a promise while the server is told
let pending = false; // something is not saved yet
let hooks = { saved: () => {} };

export const canUndo = () => past.length > 0;
export const canRedo = () => future.length > 0;
export const versionNow = () => version;
export const isSaving = () => pending;
export const onSaved = (saved) => {
  hooks = { saved };
};

export function load(project) {
  past = [];
  future = [];
  take(project);
}

function take(project) {
  version = project.version;
  state.rows = project.rows;
  state.names = { ...project.names };
  pending = false;
  hooks.saved();
  tell("drawn");
}

export function change(rows, names = state.names) {
  past.push({ rows: state.rows, names: state.names });
  if (past.length > 500) past.shift();
  future = [];
  show(rows, names);
}

export function undo() {
  step(past, future);
}

export function redo() {
  step(future, past);
}

function step(from, to) {
  const next = from.pop();
  if (!next) return;
  to.push({ rows: state.rows, names: state.names });
  show(next.rows, next.names);
}

function show(rows, names) {
  state.rows = rows;
  state.names = names;
  pending = true;
  tell("drawn");
  hooks.saved();
  save();
}

// Saves one after the other; what changes meanwhile is saved next.
export function save() {
  if (saving) return saving;
  if (!pending) return Promise.resolve(true);
  saving = (async () => {
    try {
      while (pending) {
        const video = state.video.id;
        pending = false;
        const wanted = { version, rows: state.rows, names: state.names };
        const answer = await api.put(`/api/videos/${video}/keyframes`, wanted);
        if (!state.video || state.video.id !== video) return true;
        version = answer.version;
      }
      return true;
    } catch (error) {
      refused(error);
      return false;
    } finally {
      saving = null;
      hooks.saved();
    }
  })();
  return saving;
}

// A version that is too old: what the server has is shown, and said so.
export function refused(error) {
  if (error.answer && error.answer.current) load(error.answer.current);
  else pending = true;
  say(error.message, "problem");
}

// Another tab may have worked on the same video.
export async function refresh(why = "loaded what another tab has changed") {
  if (!state.video || pending || saving) return;
  const project = await api.get(`/api/videos/${state.video.id}/keyframes`);
  if (pending || saving || project.version === version) return;
  load(project);
  say(why);
}
