// The files that a finished job can be taken away as.

import { by, make } from "./dom.js";
import { staleFrom, state } from "./state.js";

const KINDS = [
  ["mot", "MOTChallenge text", "frame, id, left, top, width, height, confidence"],
  ["kitti", "KITTI text", "one line per box"],
  ["csv", "CSV table", "with states, also lost objects; frames from 0"],
  ["json", "JSON lines", "likewise, one object per box"],
  ["coco", "COCO video JSON", "videos, images, annotations"],
  ["video", "Video", "boxes drawn on it, H.264"],
];

export function start() {
  by("export").onclick = () => {
    const notes = [];
    if (state.job.status === "cancelled") notes.push("Tracking was cancelled: files end where it was.");
    if (staleFrom() !== Infinity) notes.push("Changes since the last tracking are not in these files; continue first.");
    by("export-note").textContent = notes.join(" ");
    by("exports").replaceChildren(
      ...KINDS.map(([kind, name, what]) =>
        make(
          "li",
          {},
          make("a", { href: `/api/jobs/${state.job.id}/export/${kind}`, download: true, "data-kind": kind, text: name }),
          make("span", { class: "faint", text: what }),
        ),
      ),
    );
    by("export-dialog").showModal();
  };
}
