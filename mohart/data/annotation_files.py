"""Annotation files on disk: which there are, reading them, where converted ones go.

Conventions: a folder is MOT sequences (`SEQ/gt/gt.txt`), a KITTI folder (`label_02/0000.txt`), or
files of one format; converted to a folder, a sequence becomes `SEQ/gt/gt.txt` with `seqinfo.ini`
(MOT ground truth), `SEQ/det/det.txt` (detections) or `SEQ` with the ending of the format.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mohart.data.kitti import find_kitti_root
from mohart.data.mot import find_mot_sequences
from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.formats.annotation import Annotation, Rendered
from mohart.formats.coco.video import read_coco_vid
from mohart.formats.coco.write import render_coco_vid
from mohart.formats.cvat.read import read_cvat
from mohart.formats.cvat.write import render_cvat
from mohart.formats.detect import ALL_ENDINGS, ENDINGS, Detected, Format, FormatKind, detect_format
from mohart.formats.detrac.read import read_detrac
from mohart.formats.detrac.write import render_detrac
from mohart.formats.kitti.annotation import read_kitti_annotation, render_kitti
from mohart.formats.mot.annotation import read_mot_annotation, render_mot
from mohart.formats.mot.labels import LABELS
from mohart.formats.mot.seqinfo import read_seqinfo
from mohart.formats.own.columns import read_jsonl, render_csv, render_jsonl
from mohart.formats.own.dialect import read_any_csv
from mohart.formats.own.parquet import read_parquet, render_parquet


@dataclass(frozen=True)
class Source:
    """A file to be read.

    Attributes:
        path: the file.
        name: of the sequence, for the name of the output.
        detected: format and kind, given or guessed.
    """

    path: Path
    name: str
    detected: Detected


def find_sources(
    path: Path, *, given: Format | None = None, kind: FormatKind | None = None
) -> list[Source]:
    """The annotation files at or below a path, by name.

    Args:
        path: a file or a folder.
        given: their format; guessed where not given.
        kind: ground truth or results, for MOT and KITTI; guessed where not given.

    Returns:
        At least one.

    Raises:
        MissingDataError: nothing is there.
        FormatError: a file is in no known format.
        ConfigError: it is not clear what a file is.
    """
    if not path.exists():
        raise MissingDataError(f"{path}: no such file or folder; check the path")
    if path.is_file():
        return [Source(path, _sequence_name(path), detect_format(path, given=given, kind=kind))]
    if given in (None, "mot", "mot-det"):
        found = _mot_files(path, given)
        if found:
            return [
                Source(file, _sequence_name(file), Detected(fmt, kind or "gt", why))
                for file, fmt, why in found
            ]
    root = find_kitti_root(path) if given in (None, "kitti") else None
    files = _files(root / "label_02" if root is not None else path, given)
    known = [file for file in files if file.stat().st_size] or files
    first = detect_format(known[0], given=given, kind=kind)
    sources = []
    for file in files:
        empty = file not in known  # nothing to guess from
        found_here = first if empty else detect_format(file, given=given, kind=kind)
        if found_here[:2] != first[:2]:
            raise ConfigError(
                f"{file}: {found_here.format}, but {known[0].name} is {first.format}; convert "
                "them one by one, or say --from and --kind"
            )
        sources.append(Source(file, file.stem, found_here))
    return sources


def _sequence_name(file: Path) -> str:
    """`SEQ` of `SEQ/gt/gt.txt`, the stem of any other file."""
    inside = file.parent.name in ("gt", "det") and file.stem == file.parent.name
    return (file.absolute().parent.parent.name if inside else file.stem) or file.stem


def _mot_files(folder: Path, given: Format | None) -> list[tuple[Path, Format, str]]:
    """The gt.txt (or det.txt) of every sequence that has one."""
    sequences = find_mot_sequences(folder)
    choices: list[tuple[Format, str]] = [("mot", "gt"), ("mot-det", "det")]
    for fmt, part in choices:
        if given in (None, fmt):
            files = [sequence / part / f"{part}.txt" for sequence in sequences]
            there = [file for file in files if file.is_file()]
            if there:
                why = "" if given else f"a MOT sequence folder with {part}/{part}.txt"
                return [(file, fmt, why) for file in there]
    return []


def _files(folder: Path, given: Format | None) -> list[Path]:
    endings = ALL_ENDINGS if given is None else set(ENDINGS[given])
    files = sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in endings and file.is_file() and file.name[0] != "."
    )
    files = [file for file in files if not file.name.endswith(LABELS)]
    if not files:
        raise MissingDataError(
            f"{folder}: no annotation files; expected {', '.join(sorted(endings))}, MOT sequences "
            "or a KITTI folder"
        )
    if given is None and len({file.suffix.lower() for file in files}) > 1:
        raise ConfigError(f"{folder}: files of several formats; say which with --from")
    return files


def read_source(source: Source, *, identities: bool = True) -> list[Annotation]:
    """The videos of a file, at least one.

    Args:
        source: the file.
        identities: whether ids matter; without, MOT text and tables need none and get none.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is damaged; a DamagedFileError has all problems.
    """
    path, fmt, kind = source.path, source.detected.format, source.detected.kind
    match fmt:
        case "mot" | "mot-det":
            info_path = path.parent.parent / "seqinfo.ini"
            inside = path.parent.name in ("gt", "det") and info_path.is_file()
            info = read_seqinfo(info_path) if inside else None
            mot_kind = "det" if fmt == "mot-det" else kind or "gt"
            record = read_mot_annotation(path, kind=mot_kind, info=info, identities=identities)
            return [record if info else replace(record, name=source.name)]
        case "kitti":
            return [read_kitti_annotation(path, kind=kind or "gt")]
        case "coco-vid":
            return read_coco_vid(path)
        case "cvat":
            return [read_cvat(path)]
        case "detrac":
            return [read_detrac(path)]
        case "csv":
            return [read_any_csv(path, identities=identities)]
        case "jsonl":
            return [read_jsonl(path, identities=identities)]
        case "parquet":
            return [read_parquet(path, identities=identities)]


def render(
    records: Sequence[Annotation], fmt: Format, kind: FormatKind | None, *, seqinfo: bool = False
) -> Rendered:
    """The content of one file.

    Args:
        records: one record, or several for COCO.
        fmt: the format.
        kind: ground truth or results, for MOT and KITTI; by the confidences where None.
        seqinfo: whether `seqinfo.ini` is written beside it.

    Raises:
        MissingDataError: a package for the format is not installed.
    """
    record = records[0]
    chosen = kind or ("gt" if (record.tracks.confidence == 1).all() else "results")
    match fmt:
        case "mot":
            return render_mot(record, kind=chosen, seqinfo=seqinfo)
        case "mot-det":
            return render_mot(record, kind="det", seqinfo=seqinfo)
        case "kitti":
            return render_kitti(record, kind=chosen)
        case "coco-vid":
            return render_coco_vid(records)
        case "cvat":
            return render_cvat(record)
        case "detrac":
            return render_detrac(record)
        case "csv":
            return render_csv(record)
        case "jsonl":
            return render_jsonl(record)
        case "parquet":
            return render_parquet(record)


def output_path(target: Path, name: str, fmt: Format, kind: FormatKind | None) -> Path:
    """Where a sequence goes in a folder.

    >>> output_path(Path("out"), "a/b", "cvat", None).as_posix()
    'out/a-b.xml'
    """
    safe = re.sub(r"[^\w.+ -]", "-", name).strip(" .") or "video"
    if fmt == "mot-det":
        return target / safe / "det" / "det.txt"
    if fmt == "mot" and kind != "results":
        return target / safe / "gt" / "gt.txt"
    return target / f"{safe}{ENDINGS[fmt][0]}"


def check_length(record: Annotation, path: Path) -> None:
    """Make sure that no box lies behind the end of the video.

    Raises:
        FormatError: one does; says how to change the length.
    """
    last = int(record.tracks.frame.max()) + 1 if len(record.tracks) else 0
    if record.length is not None and last > record.length:
        raise FormatError(
            f"{path}: a box in frame {last} (counted from 1), but the video has {record.length} "
            "frames; correct the file, or give --length"
        )
