"""The comparison as text and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mohart.metrics.text_table import format_columns
from online_bench.rivals import in_words
from online_bench.runs import Entry
from online_bench.scoring import COLUMNS, combined, difference
from online_bench.sets import OnlineSet

KINDS = {  # views that are compared together
    "online": ("online", "called only then"),
    "coasted": ("coasted",),
    "interpolated (offline)": ("interpolated",),
}
ORDER = [view for views in KINDS.values() for view in views]


def best_of(entries: Iterable[Entry], column: str = "HOTA") -> Entry | None:
    """The entry with the largest score; of equal ones the first."""
    return max(entries, key=lambda entry: combined(entry.scores)[column], default=None)


def shown(entries: Sequence[Entry]) -> list[tuple[Entry, str]]:
    """Own trackers; then each rival and view with its default and with the best of its grid."""
    rows = [(entry, "") for entry in entries if not entry.rival]
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.rival:
            groups.setdefault((entry.view, entry.tracker), []).append(entry)
    for _, members in sorted(
        groups.items(), key=lambda item: (ORDER.index(item[0][0]), item[0][1])
    ):
        default = next(entry for entry in members if not entry.settings)
        best = best_of(members)
        rows.append((default, "default"))
        if best is not None and best is not default:
            rows.append((best, f"best of {len(members)}: {in_words(best.settings)}"))
    return rows


def table(data: OnlineSet, every: int, entries: Sequence[Entry]) -> str:
    """All rows of a set at one rate."""
    rows = [["tracker", "how", "settings", *COLUMNS]]
    for entry, words in shown(entries):
        scores = combined(entry.scores)
        numbers = [f"{scores[name]:.1f}" for name in COLUMNS[:-1]] + [f"{scores['IDSW']:.0f}"]
        name = entry.tracker if entry.rival else f"mohart: {entry.tracker}"
        rows.append([name, entry.view, words, *numbers])
    title = f"{data.about}; detections in every {_ordinal(every)}frame"
    return f"{title}\n{format_columns(rows, left=3)}\n"


def _ordinal(every: int) -> str:
    return "" if every == 1 else f"{every}th "


def against_rivals(data: OnlineSet, entries: Sequence[Entry], name: str) -> list[dict[str, Any]]:
    """One of mohart's trackers against the best rival per column, for each of `KINDS`.

    With several sequences also the paired difference to every rival's best with its interval.
    """
    own = next((entry for entry in entries if not entry.rival and entry.tracker == name), None)
    if own is None:
        return []
    found = []
    for kind, views in KINDS.items():
        rivals = [entry for entry in entries if entry.rival and entry.view in views]
        strongest = best_of(rivals)
        if strongest is None:
            continue
        scores = [combined(entry.scores) for entry in rivals]
        best = {c: max(row[c] for row in scores) for c in COLUMNS}
        best["IDSW"] = combined(strongest.scores)["IDSW"]  # silence makes no switches
        item: dict[str, Any] = {
            "tracker": name,
            "against": kind,
            "own": combined(own.scores),
            "best": best,
            "best_by_HOTA": {
                "tracker": strongest.tracker,
                "view": strongest.view,
                "settings": strongest.settings,
                "scores": combined(strongest.scores),
            },
        }
        if len(data.sequences) > 1:
            item["paired"] = {
                rival: difference(best_entry.scores, own.scores)
                for rival in dict.fromkeys(entry.tracker for entry in rivals)
                if (best_entry := best_of(e for e in rivals if e.tracker == rival)) is not None
            }
        found.append(item)
    return found


def in_lines(items: Iterable[dict[str, Any]]) -> str:
    """`against_rivals` as text."""
    lines = []
    for item in items:
        own, best, first = item["own"], item["best"], item["best_by_HOTA"]
        lines.append(
            f"{item['tracker']} against the best {item['against']} rival: "
            f"HOTA {own['HOTA']:.1f} : {best['HOTA']:.1f} "
            f"({first['tracker']}, {first['view']}, {in_words(first['settings'])}), "
            f"IDF1 {own['IDF1']:.1f} : {best['IDF1']:.1f}, "
            f"switches {own['IDSW']:.0f} : {best['IDSW']:.0f}"
        )
        for rival, rows in item.get("paired", {}).items():
            parts = []
            for c in ("HOTA", "IDF1"):
                low, high = rows[c]["low"], rows[c]["high"]
                parts.append(f"{c} {rows[c]['difference']:+.1f} ({low:+.1f} to {high:+.1f})")
            lines.append(f"  minus {rival}'s best, 95 %: {', '.join(parts)}")
    return "\n".join(lines) + ("\n" if lines else "")


def as_json(
    data: OnlineSet, every: int, entries: Sequence[Entry], compared: list[dict[str, Any]]
) -> dict[str, Any]:
    """Everything that was measured on a set at one rate; `compared` is from `against_rivals`."""
    return {
        "set": data.name,
        "about": data.about,
        "every": every,
        "sequences": [sequence.name for sequence in data.sequences],
        "rows": [
            {
                "tracker": entry.tracker,
                "rival": entry.rival,
                "view": entry.view,
                "settings": entry.settings,
                "seconds_per_frame": entry.seconds,
                "scores": combined(entry.scores),
            }
            for entry in entries
        ],
        "against_rivals": compared,
    }
