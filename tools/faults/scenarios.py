"""Commands to be killed, with what they need and what must be true of them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np

from faults.clips import HEIGHT, WIDTH, picture
from faults.forked import run
from faults.kills import LONG, Scenario
from mohart.training.checkpoint import load_checkpoint
from mohart.video.writer import VideoWriter

LENGTH = 240  # frames, with the state of the tracker kept after every 50th
BOXES = "frame,id,x,y,w,h\n1,1,4,20,20,30\n"
CORRECTED = "frame,id,x,y,w,h\n131,1,30,22,20,30\n"
KEPT = ("out/tracks.csv", "out/tracks.txt", "out/keyframes.csv", "out/video.mp4")
TRACK = ("track", "clip.mp4", "--init", "boxes.csv", "--model", "small.safetensors", "-o", "out")
STEPS = ("train.steps=12", "train.validate_every=6", "train.validation_clips=2")


def no_scenario(_: Path) -> Scenario:
    """For kinds that are done in another way."""
    raise AssertionError("has no scenario")


def _stock(stock: Path) -> None:
    """A clip, and weights that are quick."""
    with VideoWriter(stock / "clip.mp4", WIDTH, HEIGHT, 25) as writer:
        for t in range(LENGTH):
            writer.write(picture(t % 30))
    (stock / "boxes.csv").write_text(BOXES)
    (stock / "more.csv").write_text(CORRECTED)
    _done(["train", "smoke", "-o", "small"], stock)
    shutil.copy(stock / "small" / "best.safetensors", stock / "small.safetensors")
    shutil.rmtree(stock / "small")


def _done(arguments: list[str], place: Path) -> None:
    ended = run(arguments, place, LONG)
    if ended.code != 0:
        raise RuntimeError(f"{arguments}: {ended}")


def _frames(folder: Path) -> int:
    """How many frames a table has, roughly: one object, a row each."""
    path = folder / "tracks.csv"
    return len(path.read_text().splitlines()) - 1 if path.is_file() else 0


def track_video(stock: Path) -> Scenario:
    """Into a new folder, completed with --resume, or with the same command where nothing was."""
    _stock(stock)

    def lay(place: Path) -> None:
        shutil.copytree(stock, place, dirs_exist_ok=True)

    def again(place: Path) -> tuple[str, ...]:
        there = any(
            (place / name / "run.json").is_file() and _frames(place / name)
            for name in ("out", ".out.mohart-part")
        )
        return ("track", "--resume", "out") if there else TRACK

    def check(place: Path) -> str:
        part, out = place / ".out.mohart-part", place / "out"
        if out.exists() and not (out / "run.json").is_file():
            return "lost: a folder without run.json has appeared"
        states = [int(path.stem) for path in part.glob("state/*.npz")]
        if part.exists() and _frames(part) > max([1, *states]) + 100:
            return f"lost: {_frames(part)} frames, and states behind {states} alone"
        return ""

    return Scenario(lay, TRACK, again, KEPT, check)


def track_over(stock: Path) -> Scenario:
    """Over earlier results, which must be whole until the new ones are."""
    _stock(stock)
    (stock / "boxes.csv").write_text(BOXES.replace(",4,20,", ",8,24,"))
    _done([*TRACK, "--end", "60"], stock)
    (stock / "boxes.csv").write_text(BOXES)
    earlier = _digest(stock / "out")
    command = (*TRACK, "--overwrite")

    def lay(place: Path) -> None:
        shutil.copytree(stock, place, dirs_exist_ok=True)

    def check(place: Path) -> str:
        if not (place / "out" / "run.json").is_file():
            aside = place / ".out.mohart-old" / "run.json"  # between the two moves of a swap
            return "" if aside.is_file() else "lost: the earlier results are gone"
        if _digest(place / "out") == earlier:
            return ""
        report = json.loads((place / "out" / "run.json").read_text())
        if report["interrupted"] or report["last_frame"] != LENGTH:
            return "lost: earlier results were replaced by a part"
        return ""

    return Scenario(lay, command, lambda place: command, KEPT, check)


def track_corrected(stock: Path) -> Scenario:
    """Going on with a complete run from a correction."""
    _stock(stock)
    _done(list(TRACK), stock)
    command = ("track", "--resume", "out", "--init", "more.csv")

    def lay(place: Path) -> None:
        shutil.copytree(stock, place, dirs_exist_ok=True)

    def check(place: Path) -> str:
        there = any((place / n / "run.json").is_file() for n in ("out", ".out.mohart-old"))
        return "" if there else "lost: the run that was corrected is gone"

    return Scenario(lay, command, lambda place: command, KEPT, check)


def train(stock: Path) -> Scenario:
    """Completed with --resume: the same weights."""
    changes = [word for text in (*STEPS, "train.workers=1") for word in ("--set", text)]
    command = ("train", "smoke", *changes, "-o", "run")

    def again(place: Path) -> tuple[str, ...]:
        there = (place / "run" / "last.safetensors").is_file()
        return ("train", "--resume", "run") if there else command

    return Scenario(
        _nothing,
        command,
        again,
        ("run/best.safetensors", "run/last.safetensors"),
        same=_same_tensors,
    )


def ablate(stock: Path) -> Scenario:
    """The same command again: the same report."""
    command = (
        "ablate",
        "smoke",
        "--relation",
        "none,attention",
        "--seeds",
        "2",
        "--sequences",
        "4",
        "--jobs",
        "0",
        "-o",
        "abl",
    )
    return Scenario(
        _nothing, command, lambda place: command, ("abl/report",), same=_same_report, keeps=False
    )


def convert(stock: Path) -> Scenario:
    """Over an earlier file, which stays until the new one is whole."""
    rows = 30_000
    text = "".join(f"{t // 10 + 1},{t % 10 + 1},{t % 300},20,30,60,1,1,1\n" for t in range(rows))
    (stock / "gt.txt").write_text(text)
    (stock / "out.json").write_text(old := '{"old": true}\n')
    command = ("convert", "gt.txt", "out.json", "--kind", "gt", "--size", "640x480", "--overwrite")

    def lay(place: Path) -> None:
        shutil.copytree(stock, place, dirs_exist_ok=True)

    def check(place: Path) -> str:
        there = (place / "out.json").read_text()
        if there == old:
            return ""
        try:
            json.loads(there)
        except ValueError:
            return "lost: out.json is neither the old file nor a whole one"
        return ""

    return Scenario(lay, command, lambda place: command, ("out.json",), check, keeps=False)


def synth(stock: Path) -> Scenario:
    """Over an earlier sequence, which must be whole until the new one is."""
    shape = ("--sequences", "1", "--size", "160x120", "--objects", "2:3")
    command = ("synth", "seq", *shape, "--frames", "60", "--overwrite")
    _done(["synth", "seq", *shape, "--frames", "4"], stock)

    def lay(place: Path) -> None:
        shutil.copytree(stock, place, dirs_exist_ok=True)

    def check(place: Path) -> str:
        for path in (place / "seq").glob("*/gt/gt.txt"):  # hidden ones too: between two moves
            frames = len(list((path.parents[1] / "img1").glob("*.jpg")))
            whole = int(path.read_text().splitlines()[-1].split(",")[0]) == frames
            if whole and frames in (4, 60):
                return ""
        return "lost: neither the earlier sequence nor the new one is whole"

    return Scenario(lay, command, lambda place: command, ("seq",), check, keeps=False)


def _nothing(place: Path) -> None:
    """A command that needs nothing."""


def _digest(folder: Path) -> str:
    """Of all files of a folder, with their names."""
    found = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        found.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return found.hexdigest()


def _same_tensors(a: Path, b: Path) -> bool:
    first, second = load_checkpoint(a).tensors, load_checkpoint(b).tensors
    return first.keys() == second.keys() and all(
        np.array_equal(first[name].float().numpy(), second[name].float().numpy()) for name in first
    )


def _same_report(a: Path, b: Path) -> bool:
    """Pictures of plots carry no date, so all of a report can be compared."""
    return a.read_bytes() == b.read_bytes()
