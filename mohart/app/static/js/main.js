// Puts the parts together, and keeps the address: #video=ID&frame=N, frames counted from 1.

import * as api from "./api.js";
import * as edit from "./edit.js";
import * as exports_ from "./exports.js";
import * as jobs from "./jobs.js";
import * as keys from "./keys.js";
import * as objects from "./objects.js";
import * as picture from "./picture.js";
import * as player from "./player.js";
import * as pointer from "./pointer.js";
import * as timeline from "./timeline.js";
import * as videos from "./videos.js";
import { by, make, say } from "./dom.js";
import { on, state, tell } from "./state.js";

function asked() {
  const words = new URLSearchParams(location.hash.slice(1));
  const video = words.get("video");
  return { video: /^[0-9a-f]{16}$/.test(video || "") ? video : null, frame: Number(words.get("frame")) || 1 };
}

function remember() {
  const hash = state.video ? `#video=${state.video.id}&frame=${state.frame + 1}` : "";
  history.replaceState(null, "", location.pathname + hash);
}

let later = 0;
function rememberLater() {
  clearTimeout(later);
  later = setTimeout(remember, 300);
}

async function open(id, frame = 0) {
  let video = await api.get(`/api/videos/${id}`);
  while (video.status === "checking") {
    say(`Checking ${video.name}…`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    video = await api.get(`/api/videos/${id}`);
  }
  if (video.status === "broken") throw new Error(`${video.name} cannot be used: ${video.problem}`);
  const project = await api.get(`/api/videos/${id}/keyframes`);
  videos.hide();
  player.forget();
  jobs.detach();
  Object.assign(state, { video, frame: 0, time: null, selected: null, rows: [], names: {} });
  show("work", video.name);
  say(video.problem ? `note: ${video.problem}` : "");
  tell("video");
  edit.load(project);
  player.go(frame);
  await jobs.load();
  remember();
}

async function home() {
  if (state.video) await edit.save();
  player.forget();
  jobs.detach();
  state.video = null;
  show("start", "mohart");
  remember();
  videos.show();
}

function show(view, title) {
  document.body.dataset.view = view;
  by("title").textContent = title;
  document.title = view === "work" ? `${title} – mohart` : "mohart";
}

function showEdits() {
  by("undo").disabled = !edit.canUndo();
  by("redo").disabled = !edit.canRedo();
  by("saved").textContent = !state.video ? "" : edit.isSaving() ? "Saving…" : "Saved";
}

async function again() {
  if (document.visibilityState !== "visible" || !state.video) return;
  try {
    await edit.refresh();
    await jobs.refresh();
  } catch (error) {
    say(error.message, "problem");
  }
}

async function begin() {
  if (new URLSearchParams(location.search).has("token")) {
    history.replaceState(null, "", location.pathname + location.hash); // a cookie has it now
  }
  for (const part of [picture, player, pointer, timeline, objects, jobs, keys, exports_]) part.start();
  videos.start((id) => open(id).catch((error) => say(error.message, "problem")));
  edit.onSaved(showEdits);
  on("drawn job video", showEdits);
  on("frame", rememberLater);
  by("home").onclick = home;
  by("undo").onclick = edit.undo;
  by("redo").onclick = edit.redo;
  addEventListener("visibilitychange", again);
  addEventListener("focus", again);
  addEventListener("beforeunload", (event) => {
    if (state.video && edit.isSaving()) event.preventDefault();
  });
  addEventListener("hashchange", () => follow());
  const about = await api.get("/api/app");
  for (const name of about.detectors) {
    const text = name === "motion" ? "and what moves (fixed camera)" : `and what ${name} finds`;
    by("detector").append(make("option", { value: name, text: `my boxes ${text}` }));
  }
  await follow();
  document.body.dataset.ready = "yes";
}

async function follow() {
  const { video, frame } = asked();
  if (video && state.video && state.video.id === video) return player.go(frame - 1);
  if (!video) return home();
  try {
    return await open(video, frame - 1);
  } catch (error) {
    await home();
    return say(error.message, "problem");
  }
}

begin().catch((error) => say(error.message, "problem"));
