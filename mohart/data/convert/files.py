"""Annotation files -> annotation files of another format, one by one, with a list of losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mohart.data.annotation_files import Source, check_length, output_path, read_source, render
from mohart.data.convert.plan import Job, Plan, refuse_existing, refuse_twice
from mohart.errors import ConfigError, MohartError
from mohart.files import write_bytes, write_text
from mohart.formats.annotation import Annotation, Rendered
from mohart.formats.mot.annotation import seqinfo_of
from mohart.formats.mot.labels import LABELS, labels_path
from mohart.formats.mot.seqinfo import write_seqinfo
from mohart.formats.rows import DamagedFileError

NO_SEQINFO = "no seqinfo.ini written, size or rate is not known; give --size and --fps"


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Attributes:
        source: the file that was read.
        target: the file that was written; None where it was refused.
        boxes: how many were written.
        tracks: how many objects have an identity.
        frames: length of the video.
        lost: what the format could not keep.
        notes: what was assumed, and what a reader of the new file should know.
        problems: why it was refused.
    """

    source: Path
    target: Path | None
    boxes: int = 0
    tracks: int = 0
    frames: int = 0
    lost: Sequence[str] = ()
    notes: Sequence[str] = ()
    problems: Sequence[str] = field(default=())


def convert(plan: Plan) -> Iterator[Outcome]:
    """Convert file by file; a damaged one is refused and the others go on.

    Where all go into one file, nothing is written unless all are fine.
    """
    if plan.one_file and plan.format == "coco-vid":
        yield from _convert_together(plan)
        return
    for source in plan.sources:
        try:
            records = _read(plan.job, source)
            if plan.one_file and len(records) > 1:
                raise ConfigError(
                    f"{source.path}: {len(records)} videos, but a {plan.format} file holds one; "
                    "give a folder as the target"
                )
            paths = _targets(plan, source, records)
        except MohartError as error:
            yield _refused(source.path, error)
            continue
        for record, path in zip(records, paths, strict=True):
            try:
                yield _write_one(plan, source, record, path)
            except MohartError as error:
                yield _refused(source.path, error)


def _refused(path: Path, error: MohartError) -> Outcome:
    found = error.problems if isinstance(error, DamagedFileError) else [error]
    return Outcome(path, None, problems=[str(problem) for problem in found])


def _read(job: Job, source: Source) -> list[Annotation]:
    """The records of a file, with what the user says about the videos."""
    given: dict[str, object] = {"length": job.length, "frame_rate": job.frame_rate}
    if job.size is not None:
        given |= {"width": job.size[0], "height": job.size[1]}
    said: Mapping[str, object] = {name: value for name, value in given.items() if value is not None}
    records = [replace(record, **said) for record in read_source(source)]  # type: ignore[arg-type]
    for record in records:
        check_length(record, source.path)
    return records


def _targets(plan: Plan, source: Source, records: Sequence[Annotation]) -> list[Path]:
    if plan.one_file:
        return [plan.job.target]
    by_name = source.detected.format == "coco-vid"
    kind = plan.job.kind or source.detected.kind
    paths = []
    for record in records:
        chosen = kind or ("gt" if (record.tracks.confidence == 1).all() else "results")
        name = record.name if by_name else source.name
        paths.append(output_path(plan.job.target, name, plan.format, chosen))
    refuse_twice(paths)
    refuse_existing(paths, plan.job, plan.format)
    return paths


def _write_one(plan: Plan, source: Source, record: Annotation, path: Path) -> Outcome:
    info = None
    is_sequence = path.parent.name in ("gt", "det") and not plan.one_file
    if plan.format in ("mot", "mot-det") and is_sequence:
        info = seqinfo_of(record)
    rendered = render(
        [record], plan.format, plan.job.kind or source.detected.kind, seqinfo=info is not None
    )
    _refuse_losses(plan, source.path, rendered)
    if info is not None:
        info_path = path.parent.parent / "seqinfo.ini"
        refuse_existing([info_path], plan.job, plan.format)
        write_seqinfo(info_path, info)
    _write(path, rendered, plan)
    outcome = _outcome(source, path, [record], rendered)
    notes = [NO_SEQINFO] if is_sequence and info is None else []
    if plan.format in ("mot", "kitti") and not (plan.job.kind or source.detected.kind):
        notes.append("ground truth or results? by the confidences; say which with --kind")
    return replace(outcome, notes=[*outcome.notes, *notes])


def _refuse_losses(plan: Plan, path: Path, rendered: Rendered) -> None:
    if plan.job.strict and rendered.lost:
        more = f" and {len(rendered.lost) - 1} more" if rendered.lost[1:] else ""
        raise ConfigError(
            f"{path}: {rendered.lost[0]}{more}; --strict refuses losses, choose another format or "
            "leave --strict out"
        )


def _write(path: Path, rendered: Rendered, plan: Plan) -> None:
    """The file and what belongs to it; class names of an older file do not stay."""
    if plan.format == "mot":
        labels = labels_path(path)
        if LABELS in rendered.beside:
            write_text(labels, rendered.beside[LABELS])
        else:
            labels.unlink(missing_ok=True)
    if isinstance(rendered.content, str):
        write_text(path, rendered.content)
    else:
        write_bytes(path, rendered.content)


def _outcome(
    source: Source, path: Path, records: Sequence[Annotation], rendered: Rendered
) -> Outcome:
    notes = (
        [
            f"read as {source.detected.format}"
            f"{f' ({source.detected.kind})' if source.detected.kind else ''}: "
            f"{source.detected.why}"
        ]
        if source.detected.why
        else []
    )
    notes += [text for record in records for text in record.assumed]
    return Outcome(
        source.path,
        path,
        boxes=sum(len(record.tracks) for record in records),
        tracks=sum(len(set(r.tracks.track_id[r.has_identity].tolist())) for r in records),
        frames=sum(record.frames for record in records),
        lost=rendered.lost,
        notes=[*notes, *rendered.notes],
    )


def _convert_together(plan: Plan) -> Iterator[Outcome]:
    records: list[Annotation] = []
    refused = []
    for source in plan.sources:
        try:
            records += _read(plan.job, source)
        except MohartError as error:
            refused.append(_refused(source.path, error))
    if refused:
        yield from refused
        return
    source = plan.sources[0]
    try:
        rendered = render(records, plan.format, None)
        _refuse_losses(plan, plan.job.source, rendered)
        _write(plan.job.target, rendered, plan)
    except MohartError as error:
        yield _refused(plan.job.source, error)
        return
    yield replace(_outcome(source, plan.job.target, records, rendered), source=plan.job.source)
