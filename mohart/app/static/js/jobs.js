// Tracking: begin, follow live, cancel, continue.

import * as api from "./api.js";
import * as edit from "./edit.js";
import { by, clock, say } from "./dom.js";
import { on, staleFrom, state, tell } from "./state.js";

let stream = null;
let heard = "0:0"; // id of the last event
let busy = false; // a request to begin is on its way
let pace = null; // {at, done}: when this page began to look, for the time that is left

const isLive = (job) => job && (job.status === "queued" || job.status === "running");

export async function load() {
  const jobs = await api.get(`/api/videos/${state.video.id}/jobs`);
  if (jobs.length) attach(jobs[0]);
  else detach();
}

// Has another tab begun one?
export async function refresh() {
  if (!state.video) return;
  const jobs = await api.get(`/api/videos/${state.video.id}/jobs`);
  if (jobs.length && (!state.job || jobs[0].id !== state.job.id)) attach(jobs[0]);
}

export function detach() {
  if (stream) stream.close();
  stream = null;
  state.job = null;
  state.results.clear();
  tell("job");
  tell("tracked");
}

function attach(job) {
  detach();
  state.job = job;
  pace = null;
  heard = "0:0";
  listen();
  tell("job");
}

// Events of the job from the last one that was heard on.
function listen() {
  if (stream) stream.close();
  const mine = new EventSource(`/api/jobs/${state.job.id}/events?after=${heard}`);
  stream = mine;
  const hear = (name, action) =>
    mine.addEventListener(name, (event) => {
      if (stream === mine) action(JSON.parse(event.data), event.lastEventId);
    });
  hear("job", (now) => {
    state.job = now;
    tell("job");
  });
  hear("reset", () => {
    state.results.clear();
    pace = null;
    tell("tracked");
  });
  hear("boxes", (lines, id) => {
    heard = id;
    state.results.add(lines);
    tell("tracked");
  });
  hear("end", (now) => {
    mine.close();
    const was = state.job;
    state.job = now;
    tell("job");
    tell("tracked");
    if (now.status === "failed") say(now.message, "problem");
    else if (isLive(was)) say(now.status === "done" ? "done" : now.message);
  });
  hear("gone", (text) => {
    mine.close();
    say(text, "problem");
  });
  mine.onerror = () => {
    if (stream === mine && mine.readyState !== EventSource.CLOSED) {
      by("job-text").textContent = "The connection is lost; trying again…";
    }
  };
}

// A browser keeps six connections to a server: tabs that nobody sees give theirs back.
function rest() {
  if (!isLive(state.job)) return;
  if (document.visibilityState === "visible") listen();
  else if (stream) stream.close();
}

export async function track() {
  if (busy || !state.video || isLive(state.job)) return;
  busy = true;
  show();
  try {
    if (!(await edit.save())) return;
    const detector = by("detector").value || null;
    const wanted = { version: edit.versionNow(), detector, detect_every: Number(by("every").value) || 10 };
    const job = await api.post(`/api/videos/${state.video.id}/jobs`, wanted);
    attach(job);
    say("");
    if (job.version !== wanted.version) {
      await edit.refresh("objects that begin later have numbers above 1000 now: the others are the detector's");
    }
  } catch (error) {
    if (error.answer && error.answer.current) edit.refused(error);
    else say(error.message, "problem");
    if (error.answer && error.answer.job) await refresh();
  } finally {
    busy = false;
    show();
  }
}

export async function cancel() {
  if (!isLive(state.job)) return;
  by("cancel").disabled = true;
  try {
    await api.post(`/api/jobs/${state.job.id}/cancel`, {});
  } catch (error) {
    by("cancel").disabled = false;
    say(error.message, "problem");
  }
}

function label() {
  const stale = staleFrom();
  const { job } = state;
  const detector = by("detector").value || null;
  if (!job || job.status === "failed" || (job.detector || null) !== detector) return "Track";
  if (stale !== Infinity) return `Continue from frame ${stale + 1}`;
  return "Track again";
}

function show() {
  const { job, video } = state;
  if (!video) return;
  const live = isLive(job);
  const boxes = state.rows.some((row) => row.box);
  by("track").disabled = busy || live || !(boxes || by("detector").value);
  by("track").textContent = live ? "Tracking…" : label();
  by("progress").hidden = !live;
  by("cancel").disabled = !live;
  by("every-label").hidden = !by("detector").value;
  by("export").disabled = !(job && (job.status === "done" || (job.status === "cancelled" && job.last >= 0)));
  by("job-text").textContent = told(job, live);
  by("job-text").dataset.kind = job && job.status === "failed" ? "problem" : "";
}

function told(job, live) {
  if (!job) return "";
  const total = state.video.frames - (job.first || 0);
  const done = Math.max(0, state.results.last - (job.first || 0) + 1);
  if (!live) {
    const words = [job.message, ...(job.warnings || [])].filter(Boolean);
    if (job.status === "done") words.unshift(`${done} frames tracked.`);
    if (staleFrom() !== Infinity && job.status !== "failed") {
      words.push(`What you see from frame ${staleFrom() + 1} on is from before your change.`);
    }
    return words.join(" ");
  }
  if (job.status === "queued") return "Waiting for another video to be tracked…";
  if (!done) return "Loading the tracker…";
  by("bar").value = done / total;
  const now = performance.now() / 1000;
  if (!pace) pace = { at: now, done };
  const rate = now - pace.at > 1 ? (done - pace.done) / (now - pace.at) : done / Math.max(state.results.seconds, 0.1);
  const left = rate > 0 ? ` · ${clock((total - done) / rate)} left` : "";
  return `Frame ${done} of ${total} · ${rate.toFixed(1)} frames/s${left}`;
}

export function start() {
  by("track").onclick = track;
  by("cancel").onclick = cancel;
  by("detector").onchange = show;
  on("job", () => {
    if (state.job && state.results.last < 0) by("bar").value = 0;
  });
  addEventListener("visibilitychange", rest);
  on("video drawn tracked job", show);
}
