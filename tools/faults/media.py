"""Damaged videos and images, tracked by `mohart track` in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from faults.clips import IMAGES, LENGTH, image_bytes, promising, video_bytes
from faults.damage import Generator, damage_bytes, pick
from faults.forked import import_all, run
from faults.ledger import REFUSED, TAKEN, Case

MEDIA: Mapping[str, int] = {"videos": 60, "images": 30, "headers that promise much": 10}
BOX = "4,20,20,30"
TRACKED = (0, 3)  # exit codes: all, or damaged in part
Prepared = Callable[[Path, int, Generator], tuple[Path, str]]


def attack(area: str, folder: Path, numbers: Sequence[int], seed: int) -> Iterator[Case]:
    """Do cases of an area.

    Args:
        area: of `MEDIA`.
        folder: an empty one, to work in.
        numbers: of the cases.
        seed: with a number decides everything about a case.
    """
    import_all()
    makers: dict[str, Callable[[Path], Prepared]] = {
        "videos": _videos,
        "images": _images,
        "headers that promise much": _headers,
    }
    (folder / "whole").mkdir()
    prepare = makers[area](folder / "whole")
    for number in numbers:
        place = folder / "case"
        place.mkdir()
        generator = np.random.default_rng([seed, number])
        source, what = prepare(place, number, generator)
        tracker = "mohart" if generator.random() < 0.2 else "static"
        more = [] if generator.random() < 0.3 else ["--no-video"]
        ended = run(
            ["track", str(source), "--box", BOX, "--tracker", tracker, "-o", "out", *more], place
        )
        problem = ended.problem
        if not problem and ended.code in TRACKED and not (place / "out" / "tracks.csv").exists():
            problem = "lost: no tracks.csv"
        kind = problem.partition(":")[0]
        outcome = kind or (TAKEN if ended.code in TRACKED else REFUSED)
        said = f"{what}: {problem}" if problem else what
        yield Case(
            area=area,
            number=number,
            outcome=outcome,
            seconds=round(ended.computed, 2),
            megabytes=ended.megabytes,
            what=said,
        )
        shutil.rmtree(place)


def _videos(whole: Path) -> Prepared:
    clips = video_bytes(whole)

    def prepare(place: Path, number: int, generator: Generator) -> tuple[Path, str]:
        name, data = pick(clips, generator)
        path = place / name
        path.write_bytes(damage_bytes(data, generator, head=600))
        return path, name

    return prepare


def _images(whole: Path) -> Prepared:
    def prepare(place: Path, number: int, generator: Generator) -> tuple[Path, str]:
        ending = str(pick(IMAGES, generator))
        for t in range(6):
            data = image_bytes(ending, t)
            if t != 1 and generator.random() < 0.5:
                data = damage_bytes(data, generator, head=60)
            (place / f"{t + 1:06d}.{ending}").write_bytes(data)
        return place, ending

    return prepare


def _headers(whole: Path) -> Prepared:
    files = promising(whole)

    def prepare(place: Path, number: int, generator: Generator) -> tuple[Path, str]:
        name, data = files[number % len(files)]
        ending = name.rpartition(".")[2]
        if ending not in IMAGES or number // len(files) % 2:
            (place / name).write_bytes(data)
            return place / name, name
        for t in range(6):  # among others
            content = data if t == number % 6 else image_bytes(ending, t)
            (place / f"{t + 1:06d}.{ending}").write_bytes(content)
        return place, f"{name} among {LENGTH}"

    return prepare
