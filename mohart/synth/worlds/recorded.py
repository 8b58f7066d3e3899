"""Real walks drawn like the world `crowd`: text files of frame, id, x, y in metres, or MOT boxes.

Of boxes the middle of the lower edge counts, where people stand, in metres by the height of a
person. A camera that moves is part of such walks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from mohart.aliases import Floats, Random
from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.formats.mot.tracks import read_mot
from mohart.synth.worlds.world import Simulated, check_world, draw_colours, simulated

Part = Literal["training", "validation", "test"]
SHARES = {"training": (0.0, 0.7), "validation": (0.7, 0.85), "test": (0.85, 1.0)}
TALL = 1.7  # metres of a person
MIDDLE = 0.5  # of the frame's height: the walker in the middle starts within this square


@dataclass(frozen=True)
class Walks:
    """One file.

    Attributes:
        path: where it was read.
        tracks: per walker the first moment and the places [K, 2] in metres from there on.
        length: number of moments.
    """

    path: Path
    tracks: list[tuple[int, Floats]]
    length: int


@dataclass(frozen=True, kw_only=True)
class RecordedCrowd:
    """Walkers whose paths were recorded from above.

    Attributes:
        folder: with files `*.txt` of rows `frame id x y`, metres, as the ETH and UCY data come, or
            of MOT text; or with sequences in MOT layout, `*/gt/gt.txt`.
        part: which time of every file: the first 70 %, the next 15 %, or the last.
        width: of the frames, pixels.
        height: of the frames, pixels.
        objects: smallest and largest number; the nearest to a walker chosen at random.
        size: smallest and largest diameter, of the frame's height.
        view: metres that the frame's height shows.
        between: frames from one recorded moment to the next; places between are interpolated.
        every: only every so many recorded moments count: boxes come with every frame of a video.

    Raises:
        MissingDataError: the folder has no such files.
        FormatError: a row is neither four numbers nor MOT text.
        ConfigError: a setting is out of range, or nobody walks long enough.

    Source: ETH walking pedestrians, Pellegrini et al. 2009; UCY crowds, Lerner et al. 2007.
    """

    folder: Path
    part: Part = "training"
    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (2, 8)
    size: tuple[float, float] = (0.09, 0.11)
    view: float = 8.0
    between: int = 2
    every: int = 1
    walks: list[Walks] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_world(
            width=self.width, height=self.height, objects=self.objects, size=self.size, speed=0.0
        )
        if self.view <= 0 or min(self.between, self.every) < 1:
            raise ConfigError(
                "view, between, every: expected more than 0 metres, at least 1 frame, 1 moment"
            )
        files = sorted(self.folder.glob("[!.]*.txt"))
        files = files or sorted(self.folder.glob("[!.]*/gt/gt.txt"))
        if not files:
            raise MissingDataError(
                f"{self.folder}: expected files *.txt with rows `frame id x y` or MOT text, or "
                "folders with gt/gt.txt; name the folder that has them"
            )
        object.__setattr__(self, "walks", [read_walks(file, self.every) for file in files])

    def simulate(self, rng: Random, frames: int) -> Simulated:
        """See :class:`mohart.synth.worlds.world.World`; nothing is simulated but cut out."""
        moments = -(-(frames - 1) // self.between) + 1
        weights = np.array([self._starts(w, moments) for w in self.walks], float)
        if weights.sum() == 0:
            raise ConfigError(f"{self.folder}: no file is {moments} moments long; ask for fewer")
        for _ in range(1000):
            walks = self.walks[int(rng.choice(len(weights), p=weights / weights.sum()))]
            first = int(SHARES[self.part][0] * walks.length)
            start = first + int(rng.integers(self._starts(walks, moments)))
            paths = [
                walk[start - begin : start - begin + moments]
                for begin, walk in walks.tracks
                if begin <= start < begin + len(walk) - 1
            ]
            if len(paths) >= self.objects[0]:
                cut = self._cut(rng, paths, frames, moments)
                if cut.present[0].sum() >= self.objects[0]:
                    return cut
        raise ConfigError(f"{self.folder}: hardly ever {self.objects[0]} walkers; ask for fewer")

    def _starts(self, walks: Walks, moments: int) -> int:
        """Number of moments at which a sequence of this length can start in our part."""
        low, high = (int(share * walks.length) for share in SHARES[self.part])
        return max(0, high - low - moments + 1)

    def _cut(self, rng: Random, paths: list[Floats], frames: int, moments: int) -> Simulated:
        """Walkers around one of them, in pixels; absent after the end of their record."""
        first = np.stack([path[0] for path in paths])
        middle = first[rng.integers(len(first))]
        near = np.argsort(np.linalg.norm(first - middle, axis=-1))[: self.objects[1]]
        scale = self.height / self.view
        room = np.array([self.width, self.height])
        origin = room * (0.5 + MIDDLE * rng.uniform(-0.5, 0.5, 2)) - middle * scale
        x, v = np.zeros((2, frames, len(near), 2))
        present = np.zeros((frames, len(near)), bool)
        times = np.arange(frames) / self.between
        for n, k in enumerate(near):
            path = paths[k][:moments] * scale + origin
            x[:, n] = smooth_path(path, times)
            present[:, n] = times <= len(path) - 1
        v[:-1] = np.diff(x, axis=0)
        v[-1] = v[-2]
        radii = rng.uniform(*self.size, len(near)) * self.height / 2
        inside = ((x[0] > 0) & (x[0] < room)).all(-1)
        shown = rng.permutation(np.flatnonzero(inside))
        return simulated(
            x[:, shown],
            v[:, shown],
            radii[shown],
            draw_colours(rng, len(shown)),
            rng.permutation(len(shown)).astype(float),
            present=present[:, shown],
        )


def smooth_path(places: Floats, times: Floats) -> Floats:
    """[K, 2] places at 0, 1, ... -> [T, 2] at `times`; the last place holds afterwards.

    Source: cubic Hermite curve through all places, Catmull and Rom 1974.
    """
    slope = np.gradient(places, axis=0)
    k = np.clip(np.floor(times).astype(int), 0, len(places) - 2)
    s = np.clip(times - k, 0, 1)[:, None]
    a, b, da, db = places[k], places[k + 1], slope[k], slope[k + 1]
    result: Floats = (
        a * (1 + 2 * s) * (1 - s) ** 2
        + b * s**2 * (3 - 2 * s)
        + da * s * (1 - s) ** 2
        - db * s**2 * (1 - s)
    )
    return result


def read_walks(path: Path, every: int = 1) -> Walks:
    """Read one file; a walker who is gone for a while counts as another one when back.

    Args:
        path: rows `frame id x y`, or MOT text.
        every: only every so many moments count.

    Raises:
        FormatError: it is neither.
    """
    expected = f"{path}: expected rows `frame id x y`, four numbers each"
    try:
        text = path.read_text(encoding="utf-8").splitlines()
        first = next((line for line in text if line.strip()), "")
        if "," in first:
            rows = _standing(path)
        else:
            rows = np.array([line.split() for line in text if line.strip()], float)
    except ValueError as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{expected} ({error})") from None
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise FormatError(expected)
    if every > 1:
        step = np.diff(np.unique(rows[:, 0])).min(initial=np.inf)
        rows = rows[np.round((rows[:, 0] - rows[:, 0].min()) / step) % every == 0]
    moments, moment = np.unique(rows[:, 0], return_inverse=True)
    steps = np.diff(moments)
    step = steps.min() if len(steps) else 1.0
    moment = np.round((rows[:, 0] - moments[0]) / step).astype(int)
    tracks: list[tuple[int, Floats]] = []
    for walker in np.unique(rows[:, 1]):
        mine = np.flatnonzero(rows[:, 1] == walker)
        mine = mine[np.argsort(moment[mine], kind="stable")]
        for part in np.split(mine, np.flatnonzero(np.diff(moment[mine]) != 1) + 1):
            if len(part) >= 2:
                tracks.append((int(moment[part[0]]), rows[part, 2:]))
    return Walks(path, tracks, int(moment.max()) + 1)


def _standing(path: Path) -> Floats:
    """MOT text -> rows `frame id x y` of where people stand, metres; distractors are left out."""
    tracks = read_mot(path)
    tracks = tracks.select(~tracks.ignored)
    tall = tracks.boxes[:, 3] - tracks.boxes[:, 1]
    if not len(tall):
        return np.zeros((0, 4))
    metre = float(np.median(tall)) / TALL
    x = (tracks.boxes[:, 0] + tracks.boxes[:, 2]) / 2 / metre
    return np.stack([tracks.frame, tracks.track_id, x, tracks.boxes[:, 3] / metre], -1)
