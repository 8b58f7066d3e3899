// Puts the parts together, one sequence when it is looked at first; `#frame=31` goes to a frame.
const viewers = new Map();

function openSequence(number) {
  if (viewers.has(number)) return viewers.get(number);
  const section = document.getElementById(`sequence-${number}`);
  const data = read(`data-${number}`);
  const pictures = read(`pictures-${number}`);
  const viewer = new Viewer(section, data, pictures);
  viewers.set(number, viewer);
  new Timeline(section, data, viewer);
  new ErrorList(section, data, pictures, viewer);
  new Moments(section, data, pictures, viewer);
  viewer.go(data.start);
  return viewer;
}

function choose(number) {
  for (const section of document.querySelectorAll(".sequence")) section.hidden = section.dataset.sequence !== String(number);
  const list = document.getElementById("sequence");
  if (list) list.value = number;
  return openSequence(number);
}

function follow() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const count = document.querySelectorAll(".sequence").length;
  const viewer = choose(clamp(Number(asked.get("s")) || 0, 0, count - 1));
  if (!asked.has("frame")) return;
  viewer.stop();
  viewer.go(Number(asked.get("frame")) - 1);
  viewer.stage.closest(".panel").scrollIntoView({ block: "start" });
}

const list = document.getElementById("sequence");
if (list) list.onchange = () => choose(Number(list.value));
window.addEventListener("hashchange", follow);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#s=']");
  if (link && link.getAttribute("href") === location.hash) follow(); // the same place once more
});
follow();
document.documentElement.dataset.ready = "yes";
