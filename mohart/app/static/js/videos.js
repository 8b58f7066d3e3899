// The first page: the list of videos, and uploads.

import * as api from "./api.js";
import { by, clock, confirmed, make, say } from "./dom.js";

const POLL = 700; // milliseconds while a video is being checked
let timer = 0;
let active = false;
let open = () => {};

const megabytes = (bytes) => (bytes ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : "");

export function show() {
  active = true;
  refresh();
}

export function hide() {
  active = false;
  clearTimeout(timer);
}

async function refresh() {
  clearTimeout(timer);
  if (!active) return;
  try {
    const videos = await api.get("/api/videos");
    by("no-videos").hidden = videos.length > 0;
    const [list, focus] = [by("videos"), document.activeElement && document.activeElement.id];
    list.replaceChildren(...videos.map(entry));
    if (focus && !by(focus)?.matches(":focus")) by(focus)?.focus();
    if (videos.some((video) => video.status === "checking")) timer = setTimeout(refresh, POLL);
  } catch (error) {
    say(error.message, "problem");
    timer = setTimeout(refresh, 5 * POLL);
  }
}

function entry(video) {
  const ready = video.status === "ready";
  const facts = make("span", { class: "faint", text: factsOf(video) });
  if (video.status === "broken") facts.classList.add("problem");
  const title = make(
    "button",
    { class: "title", id: `open-${video.id}`, disabled: !ready, onclick: () => open(video.id) },
    make("b", { text: video.name }),
    facts,
  );
  const away = make("button", {
    class: "quiet", text: "Remove", id: `remove-${video.id}`, "aria-label": `Remove ${video.name}`,
    onclick: () => forget(video),
  });
  return make("li", { "data-status": video.status }, title, away);
}

function factsOf(video) {
  if (video.status === "broken") return `This video cannot be used: ${video.problem}`;
  if (video.status === "checking") {
    const of = video.total ? ` of about ${video.total}` : "";
    return video.done ? `Checking: frame ${video.done}${of}` : "Checking…";
  }
  const facts = [
    `${video.width} × ${video.height}`, `${video.frames} frames`,
    video.frame_rate_known ? `${Math.round(video.frame_rate * 100) / 100} per second` : "",
    clock(video.seconds), megabytes(video.bytes), video.linked ? "on this machine" : "",
    video.problem ? `note: ${video.problem}` : "",
  ];
  return facts.filter(Boolean).join(" · ");
}

async function forget(video) {
  const kept = video.linked ? " The file itself stays." : "";
  if (!(await confirmed(`Remove ${video.name} with everything drawn and tracked in it?${kept}`))) return;
  try {
    await api.remove(`/api/videos/${video.id}`);
  } catch (error) {
    say(error.message, "problem");
  }
  refresh();
}

async function take(file) {
  if (!file) return;
  say("");
  const bar = by("upload-progress");
  const sending = api.upload(file, (done, total) => {
    bar.value = total ? done / total : 0;
    by("upload-text").textContent = `${megabytes(done)} of ${megabytes(total)}`;
  });
  by("uploading").hidden = false;
  by("choose").disabled = true;
  by("upload-cancel").onclick = sending.cancel;
  try {
    const video = await sending.done;
    await refresh();
    await ready(video);
  } catch (error) {
    say(error.message, "problem");
  } finally {
    by("uploading").hidden = true;
    by("choose").disabled = false;
    by("file").value = "";
    bar.value = 0;
  }
}

// Opens a new video as soon as it is checked, if the user still waits for it.
async function ready(video) {
  let now = video;
  while (active && now.status === "checking") {
    await new Promise((resolve) => setTimeout(resolve, POLL / 2));
    now = await api.get(`/api/videos/${video.id}`);
  }
  if (active && now.status === "ready") open(now.id);
  else if (now.status === "broken") say(`${now.name} cannot be used: ${now.problem}`, "problem");
  refresh();
}

export function start(onOpen) {
  open = onOpen;
  by("choose").onclick = () => by("file").click();
  by("file").onchange = (event) => take(event.target.files[0]);
  const zone = document.body;
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    if (active) by("drop").classList.add("over");
  });
  zone.addEventListener("dragleave", () => by("drop").classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    by("drop").classList.remove("over");
    if (active && !by("choose").disabled) take(event.dataTransfer.files[0]);
  });
}
