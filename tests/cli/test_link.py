"""`mohart link`: from fragments to one identity; what is looked at is up to the real head."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mohart.cli.main import main
from mohart.video import VideoWriter

COLOURS = {"red": (30, 30, 220), "green": (60, 200, 40)}


def square(colour: str) -> np.ndarray:
    """A thing that one knows again: a colour with a pattern of its own."""
    picture = np.full((36, 24, 3), COLOURS[colour], np.uint8)
    if colour == "red":
        cv2.circle(picture, (12, 12), 8, (255, 255, 255), -1)
    else:
        picture[::6] = 0
    return picture


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Red on the left and green on the right; both are away in frames 10 to 14 (from 0)."""
    rng = np.random.default_rng(0)
    ground = rng.integers(90, 130, (96, 160, 3), dtype=np.uint8)
    with VideoWriter(tmp_path / "clip.mp4", 160, 96, 25) as writer:
        for t in range(25):
            frame = ground.copy()
            if not 10 <= t < 15:
                frame[30:66, 30 + t : 54 + t] = square("red")
                frame[30:66, 100 - t : 124 - t] = square("green")
            writer.write(frame)
    return tmp_path / "clip.mp4"


@pytest.fixture
def results(clip: Path) -> Path:
    """Ids 1 (red) and 2 (green) before, 3 (green) and 4 (red) after."""
    rows = []
    for t in range(25):
        if not 10 <= t < 15:
            red, green = (1, 2) if t < 10 else (4, 3)
            rows.append(f"{t + 1},{red},{30 + t + 1},31,24,36,0.9,-1,-1,-1\n")
            rows.append(f"{t + 1},{green},{100 - t + 1},31,24,36,0.9,-1,-1,-1\n")
    (clip.parent / "tracks.txt").write_text("".join(rows))
    return clip.parent / "tracks.txt"


def place_of(row: list[str]) -> tuple[float, ...]:
    """Frame and box."""
    return tuple(map(float, [row[0], *row[2:6]]))


@pytest.mark.slow
def test_fragments_are_joined_by_what_they_look_like(
    clip: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, links = clip.parent / "linked.txt", clip.parent / "links.csv"
    command = ["link", str(results), "--source", str(clip), "-o", str(out)]
    assert main([*command, "--links", str(links)]) == 0
    assert "4 tracks, 2 joined, 2 left" in capsys.readouterr().out
    before, after = (
        sorted((line.split(",") for line in path.read_text().splitlines()), key=place_of)
        for path in (results, out)
    )
    now = {old[1]: new[1] for old, new in zip(before, after, strict=True)}
    assert now == {"1": "1", "2": "2", "3": "2", "4": "1"}
    assert [place_of(row) for row in after] == [place_of(row) for row in before]
    table = [line.split(",")[:3] for line in links.read_text().splitlines()]
    assert table[0] == ["track_id", "joined", "frames"]
    assert sorted(table[1:]) == [["1", "4", "6"], ["2", "3", "6"]]
    assert main(command) == 2  # it is there
    assert "linked.txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--same", "3"], "expected same in -1..1"),
        (["--longest", "0"], "longest >= 1"),
        (["--links", "links.txt"], "expected a file ending in .csv or .parquet"),
        (["--model", "none.safetensors"], "none.safetensors: no such weights"),
        (["--model", "fsat"], "fsat: no such weights; expected a .safetensors file or a name; did"),
    ],
)
def test_wrong_use_is_one_line_and_2(
    clip: Path, results: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    out = clip.parent / "linked.txt"
    command = ["link", str(results), "--source", str(clip), "-o", str(out), *options]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert not out.exists()


@pytest.mark.slow
def test_another_video_is_noticed(
    clip: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results.write_text(results.read_text().replace("25,", "99,"))
    out = clip.parent / "linked.txt"
    assert main(["link", str(results), "--source", str(clip), "-o", str(out)]) == 2
    assert "is this the right video?" in capsys.readouterr().err
