"""What a conversion will do: which files, which format, where to; checked before any is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mohart.data.annotation_files import Source, find_sources, output_path
from mohart.errors import ConfigError, OutputError
from mohart.files import check_file
from mohart.formats.detect import ALL_ENDINGS, Format, FormatKind, target_format
from mohart.formats.mot.labels import labels_path


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to convert.

    Attributes:
        source: a file or a folder.
        target: a file with the ending of a format, or a folder.
        source_format: guessed where None.
        target_format: by the ending where None.
        kind: ground truth or results, for MOT and KITTI; guessed where None.
        strict: refuse what cannot be kept.
        overwrite: replace files that exist.
        size: width and height in pixels, for sources that do not say it.
        length: number of frames.
        frame_rate: frames per second.
    """

    source: Path
    target: Path
    source_format: Format | None = None
    target_format: Format | None = None
    kind: FormatKind | None = None
    strict: bool = False
    overwrite: bool = False
    size: tuple[int, int] | None = None
    length: int | None = None
    frame_rate: float | None = None


@dataclass(frozen=True)
class Plan:
    """A job whose sources and formats are known.

    Attributes:
        job: the job.
        sources: files to be read.
        format: to be written.
        one_file: whether all of them go into one file.
    """

    job: Job
    sources: Sequence[Source]
    format: Format
    one_file: bool


def plan_conversion(job: Job) -> Plan:
    """Find the files and check what can be checked before any is read.

    Raises:
        MissingDataError: nothing is there.
        FormatError: a file is in no known format.
        ConfigError: a format or an option is not clear, or the target cannot hold all sources.
        OutputError: a file to be written exists.
    """
    fmt = target_format(job.target, job.target_format)
    sources = find_sources(job.source, given=job.source_format, kind=job.kind)
    one_file = not job.target.is_dir() and job.target.suffix.lower() in ALL_ENDINGS
    if one_file and len(sources) > 1 and fmt != "coco-vid":
        raise ConfigError(
            f"{job.source}: {len(sources)} sequences, but a {fmt} file holds one; give a folder "
            "as the target"
        )
    plan = Plan(job, sources, fmt, one_file)
    if one_file:
        paths = [job.target]
    else:
        names = [s.name for s in sources if s.detected.format != "coco-vid"]
        kinds = [s.detected.kind for s in sources if s.detected.format != "coco-vid"]
        paths = [
            output_path(job.target, name, fmt, job.kind or kind)
            for name, kind in zip(names, kinds, strict=True)
        ]
        refuse_twice(paths)
    refuse_existing(paths, job, fmt)
    refuse_sources(paths, sources)
    return plan


def refuse_twice(paths: Sequence[Path]) -> None:
    """Make sure that no two sequences go to the same place.

    Raises:
        ConfigError: two do.
    """
    for place, path in enumerate(paths):
        if path in paths[:place]:
            raise ConfigError(f"{path}: two sequences have this name; convert them one by one")


def refuse_sources(paths: Sequence[Path], sources: Sequence[Source]) -> None:
    """Make sure that no file is written over one that is converted: it keeps what is lost.

    Raises:
        OutputError: one would be.
    """
    read = {source.path.resolve() for source in sources}
    for path in paths:
        if path.resolve() in read:
            raise OutputError(f"{path}: is converted itself; choose another target")


def refuse_existing(paths: Sequence[Path], job: Job, fmt: Format) -> None:
    """Make sure that nothing is overwritten unless the job says so.

    Raises:
        OutputError: a file exists.
    """
    for path in paths:
        for file in (path, *([labels_path(path)] if fmt == "mot" else [])):
            check_file(file, overwrite=job.overwrite)
