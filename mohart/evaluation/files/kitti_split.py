"""Which KITTI sequences are scored, and how long they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mohart.errors import ConfigError, did_you_mean
from mohart.formats.kitti.seqmap import read_seqmap

SEQMAP = "evaluate_tracking.seqmap"
# Source: the validation sequences of KITTI MOTS, Voigtlaender et al. 2019, which 2-D papers share.
VALIDATION = ("0002", "0006", "0007", "0008", "0010", "0013", "0014", "0016", "0018")


class KittiSplit(NamedTuple):
    """A choice of sequences.

    Attributes:
        name: for the result file.
        lengths: sequence -> number of frames; None where no map says so.
    """

    name: str
    lengths: Mapping[str, int | None]


def choose_split(
    truths: Mapping[str, Path], *, split: str | None = None, seqmap: Path | None = None
) -> KittiSplit:
    """The sequences to score.

    A map given, or lying beside the labels as `evaluate_tracking.seqmap.NAME`, is honoured. Where
    there is none, the truth's own sequences are taken.

    Args:
        truths: sequence -> label file.
        split: `training`, `val`, `training_minus_val`, another map's name, or names of sequences
            with commas between them; by default the map of the training set, or everything.
        seqmap: a map file.

    Raises:
        ConfigError: the split is unknown, or names a sequence without truth.
        FormatError: the map is damaged.
        MissingDataError: there is no such map.
    """
    lengths: dict[str, int | None] = dict.fromkeys(sorted(truths))
    beside = _maps_beside(next(iter(truths.values())))
    if seqmap is not None:
        if split is not None and not _is_list(split) and split not in ("val", "training_minus_val"):
            raise ConfigError("give either --split NAME or --seqmap FILE")
        mapped: Mapping[str, int] = read_seqmap(seqmap)
        name = seqmap.name.removeprefix(f"{SEQMAP}.")
    elif split in beside:
        mapped, name = read_seqmap(beside[split]), split
        split = None
    elif "training" in beside:
        mapped, name = read_seqmap(beside["training"]), "training"
    else:
        mapped, name = {}, "all"
    chosen = {**lengths, **mapped} if split else (dict(mapped) or lengths)
    if split:
        picked, name = _picked(split, list(chosen), list(beside)), split
        chosen = {sequence: chosen.get(sequence) for sequence in picked}
    missing = [sequence for sequence in chosen if sequence not in truths]
    if missing:
        raise ConfigError(
            f"split {name}: no truth for {', '.join(missing)}; the truth has {', '.join(truths)}"
        )
    return KittiSplit(name, chosen)


def _picked(split: str, known: list[str], maps: list[str]) -> list[str]:
    """Sequences of a split that is not a map of its own."""
    if _is_list(split):
        return list(dict.fromkeys(split.split(",")))
    match split:
        case "training":
            return known
        case "val":
            return [name for name in known if name in VALIDATION]
        case "training_minus_val":
            return [name for name in known if name not in VALIDATION]
    words = dict.fromkeys(["training", "val", "training_minus_val", *maps])
    raise ConfigError(f"split: '{split}' is unknown{did_you_mean(split, words)}, or 0001,0004")


def _is_list(split: str) -> bool:
    return re.fullmatch(r"\d+(,\d+)*", split) is not None


def _maps_beside(label_file: Path) -> dict[str, Path]:
    """Name -> map file, in the folder of the labels and in the one above."""
    folder = label_file.absolute().parent
    found = [*folder.glob(f"{SEQMAP}.*"), *folder.parent.glob(f"{SEQMAP}.*")]
    return {path.name.removeprefix(f"{SEQMAP}."): path for path in reversed(found)}
