// Keyboard shortcuts, and the list of them that "?" shows.

import * as edit from "./edit.js";
import * as jobs from "./jobs.js";
import * as objects from "./objects.js";
import { by, make } from "./dom.js";
import { showAll } from "./picture.js";
import * as player from "./player.js";
import { leave } from "./pointer.js";
import { allIds, select, state } from "./state.js";

// [keys as shown, what they do, {event key: action}]
const SHORTCUTS = [
  ["← →", "previous, next frame", { ArrowLeft: () => player.step(-1), ArrowRight: () => player.step(1) }],
  ["Shift+← →", "ten frames", { "Shift+ArrowLeft": () => player.step(-10), "Shift+ArrowRight": () => player.step(10) }],
  ["Home End", "first, last frame", { Home: () => player.step(-Infinity), End: () => player.step(Infinity) }],
  ["Space", "play, pause", { " ": player.toggle }],
  ["PageUp PageDown", "previous, next drawn frame", { PageUp: () => objects.toDrawn(-1), PageDown: () => objects.toDrawn(1) }],
  ["D, Shift+D", "next, previous doubtful moment", { d: () => objects.toDoubt(1), "Shift+D": () => objects.toDoubt(-1) }],
  ["↑ ↓", "previous, next object", { ArrowUp: () => choose(-1), ArrowDown: () => choose(1) }],
  ["N", "new box in the middle", { n: objects.addBox }],
  ["J L I K", "move the box left, right, up, down", nudges(false)],
  ["Shift+J L I K", "make it narrower, wider, lower, higher", nudges(true)],
  ["C", "copy the object's box to here", { c: objects.copyHere }],
  ["X", "swap with the nearest object from here on", { x: objects.swapNearest }],
  ["E", "the object ends here", { e: objects.endHere }],
  ["Delete", "remove what was drawn here", { Delete: objects.removeHere, Backspace: objects.removeHere }],
  ["Shift+Delete", "delete the object", { "Shift+Delete": objects.removeObject }],
  ["F2", "name the object", { F2: () => state.selected !== null && by("name").select() }],
  ["T", "track, continue", { t: jobs.track }],
  ["Ctrl+Z, Ctrl+Y", "undo, redo", { "Ctrl+z": edit.undo, "Ctrl+y": edit.redo, "Ctrl+Shift+Z": edit.redo }],
  ["0", "show the whole frame", { 0: showAll }],
  ["Esc", "leave the box, choose nothing", { Escape: dismiss }],
  ["?", "this list", { "?": help, "Shift+?": help }],
];

function nudges(sizes) {
  const ways = { j: [-1, 0], l: [1, 0], i: [0, -1], k: [0, 1] };
  return Object.fromEntries(
    Object.entries(ways).map(([key, [dx, dy]]) =>
      sizes
        ? [`Shift+${key.toUpperCase()}`, () => objects.nudge(0, 0, dx, dy, 2)]
        : [key, () => objects.nudge(dx, dy)],
    ),
  );
}

function choose(step) {
  const ids = allIds();
  if (!ids.length) return;
  const place = ids.indexOf(state.selected);
  select(ids[(place < 0 ? (step > 0 ? 0 : ids.length - 1) : place + step + ids.length) % ids.length]);
}

function dismiss() {
  if (state.drag) leave();
  else select(null);
}

export function help() {
  by("help-dialog").showModal();
}

const actions = Object.assign({}, ...SHORTCUTS.map(([, , map]) => map));

// Keys that a control needs itself stay with it.
function taken(target, key) {
  if (target.matches("input:not([type=range]), select, textarea")) return true;
  if (target.matches("button, a") && (key === " " || key === "Enter")) return true;
  return target.matches("input[type=range]") && /^(Arrow|Home|End|Page)/.test(key);
}

function press(event) {
  if (document.querySelector("dialog[open]") || event.altKey) return;
  const help_ = event.key === "?" && !event.target.matches("input, textarea");
  if (!state.video && !help_) return;
  if (taken(event.target, event.key)) {
    if (event.key === "Escape" || (event.key === "Enter" && event.target.matches("input"))) event.target.blur();
    return;
  }
  const name = `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.shiftKey ? "Shift+" : ""}${event.key}`;
  const action = actions[name];
  if (!action) return;
  event.preventDefault();
  action();
}

export function start() {
  addEventListener("keydown", press);
  by("help").onclick = help;
  by("shortcuts").replaceChildren(
    ...SHORTCUTS.flatMap(([keys, what]) => [make("dt", { text: keys }), make("dd", { text: what })]),
  );
}
