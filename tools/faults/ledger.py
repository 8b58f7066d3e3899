"""What became of every case, a line of JSON each, so that a campaign can be stopped and goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

SLOW_SECONDS = 20.0  # of the processor; more is a hang
STUCK = 15  # so many times that by the clock is one, too: machines may be busy
REFUSED, TAKEN = "refused", "taken"  # in one clear line; as if nothing were wrong with it
FINE = (REFUSED, TAKEN)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case.

    Attributes:
        area: what was damaged or killed.
        number: of the case in its area; with the seed it decides everything about it.
        outcome: `taken`, `refused`, or what is wrong: `crash`, `hang`, `error`, `lost`.
        seconds: of the processor that it took; of a kill, by the clock, from signal to end.
        megabytes: by which the largest memory of its process grew above what an idle one has.
        what: which damage, and for a finding what was seen.
    """

    area: str
    number: int
    outcome: str
    seconds: float
    megabytes: float
    what: str = ""

    @property
    def is_finding(self) -> bool:
        """Whether something is wrong with the product."""
        return self.outcome not in FINE


class Ledger:
    """All cases of one area and seed.

    Args:
        path: of the file; a last line that was not written to its end is done again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text("utf-8") if path.is_file() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            path.write_text(whole, "utf-8")
        self.cases = [Case(**json.loads(line)) for line in whole.splitlines()]

    def missing(self, count: int) -> list[int]:
        """Numbers of the cases that are still to be done, of `count`."""
        done = {case.number for case in self.cases}
        return [number for number in range(count) if number not in done]

    def take(self, cases: Iterable[Case]) -> Iterator[Case]:
        """Keep every case as it comes, and pass it on."""
        with self.path.open("a", encoding="utf-8") as file:
            for case in cases:
                file.write(json.dumps(asdict(case)) + "\n")
                file.flush()
                self.cases.append(case)
                yield case


def read_ledgers(folder: Path) -> list[Case]:
    """The cases of all ledgers in a folder."""
    return [case for path in sorted(folder.glob("*.jsonl")) for case in Ledger(path).cases]
