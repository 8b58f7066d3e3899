"""A result of the committed sample with known errors, and its page."""

from __future__ import annotations

from pathlib import Path

import pytest

from mohart.cli.main import main

SAMPLE = Path(__file__).parents[2] / "datasets/samples/synth-0080"
GT = SAMPLE / "gt/gt.txt"


def rows_with_errors() -> list[tuple[int, int, list[float]]]:
    """The truth as a result: object 1 missed in frames 10 to 14, 2 becomes 9 at 30, a ghost 7."""
    found = []
    for line in GT.read_text().splitlines():
        fields = line.split(",")
        frame, track_id, box = int(fields[0]), int(fields[1]), [float(v) for v in fields[2:6]]
        if int(fields[6]) == 0 or (track_id == 1 and 10 <= frame <= 14):
            continue
        found.append((frame, 9 if track_id == 2 and frame >= 30 else track_id, box))
    found += [(frame, 7, [400.0, 250.0, 40.0, 60.0]) for frame in (20, 21, 22, 40)]
    return sorted(found)


@pytest.fixture(scope="session")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MOT text with those errors."""
    path = tmp_path_factory.mktemp("result") / "tracks.txt"
    path.write_text(
        "".join(
            f"{frame},{track_id},{','.join(f'{v:g}' for v in box)},0.{track_id},-1,-1,-1\n"
            for frame, track_id, box in rows_with_errors()
        )
    )
    return path


@pytest.fixture(scope="session")
def page(result: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its page, with ground truth."""
    pytest.importorskip("trackeval")
    path = tmp_path_factory.mktemp("page") / "report.html"
    command = ["report", str(result), "--source", str(SAMPLE), "--gt", str(GT), "-o", str(path)]
    assert main(command) == 0
    return path
