"""One Markdown table per set: every tracker once, all rates of detections side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from online_bench.runs import Entry
from online_bench.scoring import combined
from online_bench.sets import OnlineSet
from online_bench.tables import KINDS, best_of


def overview(data: OnlineSet, measured: Mapping[int, Sequence[Entry]]) -> str:
    """Rivals with the best (by HOTA) of their settings, chosen for every cell anew.

    Args:
        data: the set.
        measured: frames between detections -> all entries.

    Returns:
        Markdown; per rate HOTA, IDF1 and switches online, then HOTA coasted and interpolated.
    """
    head, kinds = ["tracker"], list(KINDS)
    for every in measured:
        name = "every frame" if every == 1 else f"every {every}th"
        head += [f"{name}: HOTA", "IDF1", "switches"]
        head += ["filled"] if every == 1 else ["coasted", "filled"]
    rows = []
    first = next(iter(measured.values()))
    for rival in (False, True):
        for tracker in dict.fromkeys(e.tracker for e in first if e.rival == rival):
            cells = [f"trackers: {tracker}" if rival else f"**{tracker}**"]
            for every, entries in measured.items():
                own = [e for e in entries if e.tracker == tracker and e.rival == rival]
                cells += _cells(own, kinds if every > 1 else [kinds[0], kinds[2]])
            rows.append(cells)
    lines = [f"{data.about}:", "", *(_line(cells) for cells in (head, ["---"] * len(head), *rows))]
    return "\n".join(lines) + "\n"


def _cells(entries: Sequence[Entry], kinds: Sequence[str]) -> list[str]:
    """HOTA, IDF1, switches of the best online entry; HOTA of the best of every other kind."""
    cells = []
    for n, kind in enumerate(kinds):
        best = best_of(entry for entry in entries if entry.view in KINDS[kind])
        scores = combined(best.scores) if best else None
        cells.append(f"{scores['HOTA']:.1f}" if scores else "-")
        if n == 0:
            cells += [f"{scores['IDF1']:.1f}", f"{scores['IDSW']:.0f}"] if scores else ["-", "-"]
    return cells


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
