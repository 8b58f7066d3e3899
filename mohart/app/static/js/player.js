// Which frame is shown. The newest wish wins: while one frame is on its way, wishes are not queued.

import * as api from "./api.js";
import { by, clock, icon, say } from "./dom.js";
import { on, state, tell } from "./state.js";

const KEPT = 24; // decoded pictures
const AHEAD = 8; // frames that the server makes ready together
const kept = new Map();
let shown = null; // {video, frame, picture}
let wanted = null;
let busy = false;
let playing = false;
let warming = false;

export const pictureNow = () => shown;

export function go(frame) {
  const { video } = state;
  if (!video) return;
  const last = video.frames - 1;
  const target = Math.max(0, Math.min(last, Math.round(frame)));
  if (target !== state.frame) {
    state.frame = target;
    tell("frame");
  }
  wanted = target;
  load();
}

async function load() {
  if (busy || wanted === null || !state.video) return;
  busy = true;
  const [video, frame] = [state.video.id, wanted];
  wanted = null;
  try {
    const found = kept.get(`${video}:${frame}`) || (await api.frame(video, frame));
    keep(`${video}:${frame}`, found);
    if (state.video && state.video.id === video) {
      shown = { video, frame, picture: found.picture };
      state.time = found.time;
      tell("picture");
      if (playing) warm(video, frame + AHEAD);
    }
  } catch (error) {
    pause();
    say(error.message, "problem");
  } finally {
    busy = false;
  }
  load();
}

// The server makes frames ready in groups: while one is played, it can make the next.
async function warm(video, frame) {
  if (warming || frame >= state.video.frames || kept.has(`${video}:${frame}`)) return;
  warming = true;
  try {
    keep(`${video}:${frame}`, await api.frame(video, frame));
  } catch {
    // it is asked for again when it is shown, and told then
  } finally {
    warming = false;
  }
}

function keep(name, found) {
  kept.delete(name);
  kept.set(name, found);
  if (kept.size > KEPT) {
    const [oldest, { picture }] = kept.entries().next().value;
    kept.delete(oldest);
    if (!shown || picture !== shown.picture) picture.close();
  }
}

export function forget() {
  pause();
  shown = null;
  wanted = null;
}

export function step(frames) {
  pause();
  go(state.frame + frames);
}

export function toggle() {
  if (playing) pause();
  else play();
}

export function pause() {
  playing = false;
  showPlaying();
}

// At the video's rate where the machine is quick enough; every frame is shown.
async function play() {
  if (!state.video) return;
  playing = true;
  showPlaying();
  if (state.frame >= state.video.frames - 1) go(0);
  const pace = 1000 / Math.min(state.video.frame_rate || 30, 60);
  let due = performance.now();
  while (playing && state.video && state.frame < state.video.frames - 1) {
    due = Math.max(due + pace, performance.now());
    await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    if (!playing) return;
    if (!busy) go(state.frame + 1);
  }
  pause();
}

function showPlaying() {
  const button = by("play");
  button.setAttribute("aria-label", playing ? "Pause" : "Play");
  button.replaceChildren(icon(playing ? "pause" : "play"));
}

export function start() {
  by("prev").onclick = () => step(-1);
  by("next").onclick = () => step(1);
  by("play").onclick = toggle;
  by("slider").oninput = (event) => {
    pause();
    go(Number(event.target.value));
  };
  by("number").onchange = (event) => step(Number(event.target.value) - 1 - state.frame || 0);
  on("video frame", () => {
    if (!state.video) return;
    by("slider").max = state.video.frames - 1;
    by("slider").value = state.frame;
    by("slider").setAttribute("aria-valuetext", `frame ${state.frame + 1} of ${state.video.frames}`);
    by("number").max = state.video.frames;
    by("number").value = state.frame + 1;
    by("of").textContent = `of ${state.video.frames}`;
  });
  on("picture", () => {
    const time = clock(state.time);
    by("clock").textContent = time && `${time}.${String(Math.floor((state.time % 1) * 1000)).padStart(3, "0")}`;
  });
}
