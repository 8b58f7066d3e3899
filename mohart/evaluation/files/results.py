"""Folders and files with truth and results -> pairs of files, one per sequence.

No list of sequences is needed: the truth says which there are. Layouts, `SEQ` the sequence's name:

    truth, MOT     SEQ/gt/gt.txt, SEQ/gt.txt, SEQ.txt, in the folder itself or in its train/
    truth, KITTI   SEQ.txt, in the folder itself, in label_02/ or in training/label_02/
    results        SEQ.txt, data/SEQ.txt, SEQ/SEQ.txt, SEQ/tracks.txt, SEQ/results.txt or the only
                   text file of SEQ/; a folder that holds one such folder is fine as well

Which results belong to which truth is the business of `evaluation/files/pairing.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from mohart.errors import ConfigError, MissingDataError
from mohart.evaluation.files.pairing import video_of

_NOT_RESULTS = re.compile(r"readme.*|license.*|.*_summary|gt|det|seqinfo|.*seqmap.*", re.IGNORECASE)
_PREFERRED = ("tracks", "results")


def find_mot_truth(path: Path) -> dict[str, Path]:
    """Sequence name -> ground truth file, at least one.

    Raises:
        MissingDataError: there is none.
        ConfigError: several folders below have some, and none of them is called train.
    """
    _must_exist(path)
    if path.is_file():
        return {_name_of_file(path): path}
    here = path.absolute()
    if (here / "gt" / "gt.txt").is_file():
        return {here.name: path / "gt" / "gt.txt"}
    nested = {
        sub.name: file
        for sub in _folders(path)
        for file in (sub / "gt" / "gt.txt", sub / "gt.txt")
        if file.is_file()
    }
    if nested:  # where SEQ/gt/gt.txt and SEQ/gt.txt both exist, the first is the official one
        return {name: _first_file(path / name) for name in nested}
    if (path / "gt.txt").is_file():
        return {here.name: path / "gt.txt"}
    flat = _text_files(path)
    if flat:
        return flat
    below = {sub: found for sub in _folders(path) if (found := _below(sub))}
    if not below:
        raise MissingDataError(
            f"{path}: no ground truth; expected SEQ/gt/gt.txt, SEQ/gt.txt or SEQ.txt"
        )
    trains = [sub for sub in below if sub.name == "train"]
    chosen = trains or list(below)
    if len(chosen) > 1:
        names = ", ".join(sub.name for sub in chosen)
        raise ConfigError(f"{path}: ground truth in several folders ({names}); give one of them")
    return below[chosen[0]]


def find_kitti_truth(path: Path) -> dict[str, Path]:
    """Sequence name -> label file, at least one.

    Raises:
        MissingDataError: there is none.
    """
    _must_exist(path)
    if path.is_file():
        return {path.stem: path}
    for folder in (path, path / "label_02", path / "training" / "label_02"):
        if found := _text_files(folder):
            return found
    raise MissingDataError(f"{path}: no label files; expected 0000.txt, ..., here or in label_02/")


def find_results(path: Path, names: Iterable[str]) -> dict[str, Path]:
    """Sequence name -> results file, at least one; names as the files have them.

    Args:
        path: a file or folder.
        names: of the sequences that the truth has.

    Raises:
        MissingDataError: there is none.
        ConfigError: several trackers, or several files for one sequence.
    """
    _must_exist(path)
    if path.is_file():
        return {path.stem: path}
    known = {video_of(name) for name in names}
    for folder in (path, path / "data"):
        if flat := _text_files(folder):
            return flat
    subs = [sub for sub in _folders(path) if video_of(sub.name) in known]
    nested = {sub.name: file for sub in subs if (file := _only_file(sub))}
    if nested:
        return nested
    trackers = [sub for sub in _folders(path) if _text_files(sub) or _text_files(sub / "data")]
    if len(trackers) == 1:
        return find_results(trackers[0], names)
    if trackers:
        listed = ", ".join(sub.name for sub in trackers)
        raise ConfigError(f"{path}: results of several trackers ({listed}); give one of them")
    raise MissingDataError(
        f"{path}: no results; expected SEQ.txt, data/SEQ.txt or SEQ/tracks.txt for sequences such "
        f"as {min(names, default='SEQ')}"
    )


def _name_of_file(path: Path) -> str:
    parents = path.absolute().parents
    if path.stem != "gt":
        return path.stem
    return parents[1].name if parents[0].name == "gt" else parents[0].name


def _only_file(folder: Path) -> Path | None:
    """The results file of a sequence's folder.

    Raises:
        ConfigError: there are several, none with a name that says so.
    """
    found = _text_files(folder)
    for name in (folder.name, *_PREFERRED):
        if name in found:
            return found[name]
    if len(found) > 1:
        raise ConfigError(
            f"{folder}: several text files ({', '.join(found)}), none is called {folder.name}.txt "
            f"or tracks.txt; which are the results?"
        )
    return next(iter(found.values()), None)


def _first_file(folder: Path) -> Path:
    official = folder / "gt" / "gt.txt"
    return official if official.is_file() else folder / "gt.txt"


def _below(folder: Path) -> dict[str, Path]:
    """Nested ground truth one level deeper, as in MOT17/train/SEQ/gt/gt.txt."""
    return {s.name: f for s in _folders(folder) if (f := _first_file(s)).is_file()}


def _text_files(folder: Path) -> dict[str, Path]:
    """Stem -> text file, without files that are known to be something else."""
    found = sorted(folder.glob("[!.]*.txt")) if folder.is_dir() else []  # not ._NAME of a Mac
    return {p.stem: p for p in found if p.is_file() and not _NOT_RESULTS.fullmatch(p.stem)}


def _folders(path: Path) -> list[Path]:
    return sorted(sub for sub in path.iterdir() if sub.is_dir())


def _must_exist(path: Path) -> None:
    if not path.exists():
        raise MissingDataError(f"{path}: no such file or folder")
