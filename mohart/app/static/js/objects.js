// The list of objects, and what can be done with the chosen one.

import * as edit from "./edit.js";
import { by, confirmed, make, say, soon } from "./dom.js";
import { colourOf } from "./palette.js";
import { go, pause } from "./player.js";
import { WORDS } from "./results.js";
import * as drawn from "./rows.js";
import { allIds, newId, objectsAt, on, select, state, titleOf } from "./state.js";

const NUDGE = 1; // pixels

const here = (id) => objectsAt(state.frame).find((object) => object.id === id);

// The box of an object in this frame, or the last one before it, or the next one after it.
function boxFor(id) {
  const object = here(id);
  if (object) return object.box;
  const row =
    drawn.of(state.rows, id).findLast((r) => r.box && r.frame <= state.frame) ||
    drawn.of(state.rows, id).find((r) => r.box);
  return row ? row.box : null;
}

export function copyHere() {
  const box = state.selected && boxFor(state.selected);
  if (!box) return say("choose an object first");
  edit.change(drawn.withBox(state.rows, state.frame, state.selected, box));
  return say(`box of ${titleOf(state.selected)} kept in frame ${state.frame + 1}`);
}

export function endHere() {
  const id = state.selected;
  if (!id) return say("choose an object first");
  const first = drawn.of(state.rows, id).find((row) => row.box);
  if (first && first.frame >= state.frame) {
    return say("it begins here or later; delete the object instead", "problem");
  }
  edit.change(drawn.withEnd(state.rows, state.frame, id));
  return say(`${titleOf(id)} is not followed from frame ${state.frame + 1} on`);
}

export function removeHere() {
  const id = state.selected;
  if (!id) return;
  if (drawn.at(state.rows, state.frame, id)) edit.change(drawn.without(state.rows, state.frame, id));
  else say("nothing was drawn for it in this frame; Shift+Delete deletes the whole object");
}

export async function removeObject() {
  const id = state.selected;
  if (!id) return;
  const count = drawn.of(state.rows, id).length;
  if (!count) {
    say("the detector found it; end it where it appears instead: Ends here", "problem");
    return;
  }
  if (count > 1 && !(await confirmed(`Delete object ${titleOf(id)} with ${count} drawn boxes?`))) return;
  const names = { ...state.names };
  delete names[id];
  edit.change(drawn.withoutObject(state.rows, id), names);
  select(null);
}

export function swapWith(other) {
  const [one, two] = [here(state.selected), here(other)];
  if (!one || !two) return say("both must be in this frame; go to one where they are", "problem");
  edit.change(drawn.withSwap(state.rows, state.frame, one, two));
  return say(`${titleOf(one.id)} and ${titleOf(two.id)} swapped from frame ${state.frame + 1} on`);
}

// With the nearest other object, for the keyboard.
export function swapNearest() {
  const mine = state.selected && here(state.selected);
  if (!mine) return say("choose an object in this frame first");
  const middle = ({ box }) => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const far = (object) => Math.hypot(middle(object)[0] - middle(mine)[0], middle(object)[1] - middle(mine)[1]);
  const others = objectsAt(state.frame).filter((object) => object.id !== mine.id);
  others.sort((a, b) => far(a) - far(b));
  return others.length ? swapWith(others[0].id) : say("there is no other object in this frame");
}

export function addBox() {
  if (!state.video) return;
  pause();
  const { width, height } = state.video;
  const id = newId();
  const shift = ((id * 37) % 9) - 4; // so that two of them do not lie on each other
  const [x, y] = [width * (0.5 + shift * 0.03), height * 0.5];
  const box = [x - width * 0.06, y - height * 0.12, x + width * 0.06, y + height * 0.12];
  edit.change(drawn.withBox(state.rows, state.frame, id, box));
  select(id);
}

export function nudge(dx, dy, dw = 0, dh = 0, times = 1) {
  const box = state.selected && boxFor(state.selected);
  if (!box) return;
  const by_ = NUDGE * times;
  const moved = [box[0] + dx * by_, box[1] + dy * by_, box[2] + (dx + dw) * by_, box[3] + (dy + dh) * by_];
  if (moved[2] - moved[0] < 1 || moved[3] - moved[1] < 1) return;
  edit.change(drawn.withBox(state.rows, state.frame, state.selected, moved));
}

// Previous or next frame in which something was drawn, of the chosen object if there is one.
export function toDrawn(step) {
  const frames = state.rows.filter((row) => !state.selected || row.id === state.selected).map((row) => row.frame);
  const next = step > 0 ? frames.find((f) => f > state.frame) : frames.findLast((f) => f < state.frame);
  pause();
  if (next !== undefined) go(next);
}

export function toDoubt(step) {
  const doubt = state.results.next(state.frame, step);
  if (!doubt) return;
  pause();
  go(doubt.frame);
  select(doubt.id);
  say(`frame ${doubt.frame + 1}: ${titleOf(doubt.id)} ${doubt.why}`);
}

function rename(text) {
  const id = state.selected;
  const name = text.trim();
  if (!id || name === (state.names[id] || "")) return;
  const names = { ...state.names, [id]: name };
  if (!name) delete names[id];
  edit.change(state.rows, names);
}

function show() {
  const id = state.selected;
  const ids = allIds();
  if (id !== null && !ids.includes(id)) return select(null);
  by("nothing").hidden = id !== null;
  by("chosen").hidden = id === null;
  by("count").textContent = ids.length ? `(${ids.length})` : "";
  by("hint").hidden = ids.length > 0 || !state.video;
  by("doubt").disabled = !state.results.doubts.length;
  by("doubt").lastChild.textContent = state.results.doubts.length ? `doubtful (${state.results.doubts.length})` : "doubtful";
  showList(ids);
  if (id === null) return undefined;
  const object = here(id);
  if (document.activeElement !== by("name")) by("name").value = state.names[id] || "";
  by("facts").textContent = factsOf(id, object);
  by("unkey").disabled = !drawn.at(state.rows, state.frame, id);
  by("end").disabled = !object;
  const others = objectsAt(state.frame).filter((other) => other.id !== id);
  by("swap").disabled = !object || !others.length;
  const options = [["", "choose…"], ...others.map((other) => [other.id, titleOf(other.id)])];
  by("swap").replaceChildren(...options.map(([value, text]) => make("option", { value, text })));
  return undefined;
}

function factsOf(id, object) {
  if (!object) return `Object ${id}: not in this frame.`;
  const [x1, y1, x2, y2] = object.box;
  const size = `${Math.round(x2 - x1)} × ${Math.round(y2 - y1)} pixels`;
  if (object.key) return `Object ${id}: drawn here, ${size}.`;
  if (object.ghost) return `Object ${id}: drawn before, not tracked yet.`;
  return `Object ${id}: ${WORDS[object.state]}, confidence ${object.confidence.toFixed(2)}, ${size}.`;
}

function showList(ids) {
  const now = new Map(objectsAt(state.frame).map((object) => [object.id, object]));
  const list = by("objects");
  while (list.children.length > ids.length) list.lastChild.remove();
  while (list.children.length < ids.length) {
    const button = make("button", { onclick: () => choose(Number(button.dataset.id)) });
    button.append(make("i"), make("span"), make("small"));
    list.append(make("li", {}, button));
  }
  ids.forEach((id, n) => {
    const button = list.children[n].firstChild;
    const [mark, title, fact] = button.children;
    const object = now.get(id);
    button.dataset.id = id;
    button.setAttribute("aria-pressed", id === state.selected);
    mark.style.background = colourOf(id);
    title.textContent = titleOf(id);
    fact.textContent = !object ? "–" : object.key ? "drawn" : object.ghost ? "before" : WORDS[object.state];
  });
}

// Choosing one that is not in this frame goes to where it is.
function choose(id) {
  select(id);
  if (here(id)) return;
  const runs = state.results.runs.get(id) || [];
  const [row] = drawn.of(state.rows, id);
  const frames = [...runs.map((run) => run.start), ...(row ? [row.frame] : [])];
  if (frames.length) go(frames.reduce((a, b) => (Math.abs(b - state.frame) < Math.abs(a - state.frame) ? b : a)));
}

export function start() {
  on("video frame drawn tracked job selected", soon(show));
  by("copy").onclick = copyHere;
  by("end").onclick = endHere;
  by("unkey").onclick = removeHere;
  by("remove").onclick = removeObject;
  by("add").onclick = addBox;
  by("doubt").onclick = () => toDoubt(1);
  by("swap").onchange = (event) => event.target.value && swapWith(Number(event.target.value));
  by("name").onchange = (event) => rename(event.target.value);
}
