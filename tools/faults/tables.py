"""What became of a campaign's cases, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from faults.ledger import REFUSED, TAKEN, Case

HEAD = (
    *("area", "cases", "taken or harmless", "refused in one line", "errors", "crashes", "hangs"),
    *("lost", "slowest, s", "most memory, MB"),
)


def table(cases: Sequence[Case]) -> str:
    """Markdown: a row per area, and all of them together."""
    areas = list(dict.fromkeys(case.area for case in cases))
    rows = [_row(area, [case for case in cases if case.area == area]) for area in areas]
    if len(areas) > 1:
        rows.append(_row("**all**", cases))
    lines = ["| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _row(name: str, cases: Sequence[Case]) -> list[str]:
    counts = Counter(case.outcome for case in cases)
    counted = (
        len(cases),
        counts[TAKEN],
        counts[REFUSED],
        counts["error"] + counts["memory"],
        counts["crash"],
        counts["hang"],
        counts["lost"],
    )
    slowest = max((case.seconds for case in cases), default=0)
    memory = max((case.megabytes for case in cases), default=0)
    return [name, *(f"{n:,}" for n in counted), f"{slowest:.1f}", f"{memory:.0f}"]


def findings(cases: Sequence[Case]) -> Iterator[str]:
    """A paragraph per finding, the same ones together."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for case in cases:
        if case.is_finding:
            last = case.what.strip().splitlines()[-3:]
            found.setdefault((case.area, case.outcome, "\n".join(last)), []).append(case.number)
    for (area, outcome, what), numbers in found.items():
        some = ", ".join(map(str, numbers[:8]))
        yield f"\n{area}: {outcome}, {len(numbers)} cases ({some}):\n{what}"
