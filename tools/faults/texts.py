"""What reads text, and how to show it damaged files: a function per reader, as its verb uses it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from faults.damage import (
    STRANGE,
    Generator,
    damage_bytes,
    damage_json,
    damage_json_lines,
    damage_text,
    pick,
)
from faults.samples import (
    FRAMES,
    SIZE,
    Sample,
    annotation_files,
    box_files,
    coco_results,
    generated_scored,
    real_scored,
)
from faults.watch import Try
from mohart.config.bench import load_real_sets
from mohart.config.loader import load_config
from mohart.config.shipped import shipped_configs
from mohart.data.check.folder import check_folder, summarise_folder
from mohart.data.convert.files import convert
from mohart.data.convert.plan import Job, plan_conversion
from mohart.errors import FormatError
from mohart.evaluation.files.input import load_kitti, load_mot
from mohart.evaluation.files.scoring import event_columns, score
from mohart.formats.detect import FORMATS
from mohart.formats.init_boxes import check_boxes_in_frame, parse_box
from mohart.formats.keyframes import read_keyframes
from mohart.formats.kitti.seqmap import read_seqmap
from mohart.tracking.detectors.file import FileDetector


class Target(NamedTuple):
    """Something that reads files.

    Attributes:
        share: of all cases, in proportion to those of the others.
        prepare: an empty folder, and one of real data or None -> what does one case.
    """

    share: int
    prepare: Callable[[Path, Path | None], Try]


def write_damaged(path: Path, sample: Sample, generator: Generator) -> None:
    """A file with damage of the kind that its format can have."""
    content = sample.content
    if isinstance(content, bytes):
        found = damage_bytes(content, generator, head=400)
    elif sample.ending == ".json":
        found = damage_json(content, generator)
    elif sample.ending == ".jsonl":
        found = damage_json_lines(content, generator)
    else:
        found = damage_text(content, generator)
    path.write_bytes(found)


def scored(folder: Path, data: Path | None) -> Try:
    """`mohart eval`: truth or results are damaged."""
    sources = generated_scored() + (real_scored(data) if data else [])

    def attempt(generator: Generator) -> str:
        source = pick(sources, generator)
        whole, other = ("truth", "results") if generator.random() < 0.5 else ("results", "truth")
        paths = {name: folder / f"{name}.txt" for name in (whole, other)}
        paths[whole].write_text(getattr(source, whole))
        paths[other].write_bytes(damage_text(getattr(source, other), generator))
        read = load_mot if source.kind == "mot" else load_kitti
        files = read(paths["truth"], paths["results"])
        if files.errors:
            unclear = [p for p in files.errors if not p.what or not p.fix or "\n" in str(p)]
            if unclear:
                raise ValueError(f"unclear: {unclear[0]!r}")
            raise FormatError(str(files.errors[0]))
        found = score(files, with_events=True)
        event_columns(found.events, files.first_frame)
        return str(other)

    return attempt


def boxes(folder: Path, _: Path | None) -> Try:
    """`mohart track --init FILE`, with and without --init-frame."""
    samples = box_files()

    def attempt(generator: Generator) -> str:
        sample = pick(samples, generator)
        path = folder / f"boxes{sample.ending}"
        write_damaged(path, sample, generator)
        found = read_keyframes(path, frame=pick((None, 0, 8, "all"), generator)).keyframes
        found.find_stray_end()
        check_boxes_in_frame(found.drawn.track_id, found.drawn.boxes, *SIZE, str(path))
        return str(sample.ending)

    return attempt


def detections(folder: Path, _: Path | None) -> Try:
    """`mohart track --detections FILE`."""
    kept = [s for s in annotation_files() if s.format not in ("cvat", "detrac")]
    samples = [*kept, coco_results()]

    def attempt(generator: Generator) -> str:
        sample = pick(samples, generator)
        path = folder / f"detections{sample.ending}"
        write_damaged(path, sample, generator)
        detector = FileDetector(path, video="clip")
        for frame in range(FRAMES):
            detector.at(frame)
        return str(sample.format or "a list of results")

    return attempt


def conversion(folder: Path, _: Path | None) -> Try:
    """`mohart convert FILE ... --to FORMAT`, written."""
    samples = annotation_files()
    source, target = folder / "in", folder / "out"
    source.mkdir()

    def attempt(generator: Generator) -> str:
        sample = pick(samples, generator)
        path = source / f"file{sample.ending}"
        for old in source.iterdir():
            old.unlink()
        write_damaged(path, sample, generator)
        fmt = pick(FORMATS, generator)
        size = pick((None, SIZE), generator)
        given = pick((None, sample.format), generator)
        job = Job(
            source=path,
            target=target,
            source_format=given,
            target_format=fmt,
            size=size,
            overwrite=True,
        )
        outcomes = list(convert(plan_conversion(job)))
        shutil.rmtree(target, ignore_errors=True)
        refused = [problem for outcome in outcomes for problem in outcome.problems]
        if refused:
            raise FormatError(refused[0])
        return f"{sample.format} to {fmt}"

    return attempt


def settings(folder: Path, _: Path | None) -> Try:
    """`mohart train FILE --set ...`."""
    texts = [path.read_text("utf-8") for path in shipped_configs().values()]
    changes = (
        *("train.steps", "model.relation", "model.relation.width", "data.generator.objects"),
        *("train.lengths", "model", "train.optim.rate", "data.world.kind", "a.b", ""),
    )

    def attempt(generator: Generator) -> str:
        path = folder / "config.yaml"
        text = pick(texts, generator)
        if generator.random() < 0.3:
            path.write_text(text)
            given = [f"{pick(changes, generator)}={pick(STRANGE, generator)}" for _ in range(2)]
            load_config(path, given)
            return "--set"
        path.write_bytes(damage_text(text, generator))
        load_config(path)
        return "file"

    return attempt


SETS = """\
- name: pets
  source: pets/video.mp4
  gt: pets/gt/gt.txt
  window: 60
- name: highway
  source: highway/video.mp4
  gt: highway/gt/gt.txt
  min_area: 200.0
"""


def bench_sets(folder: Path, _: Path | None) -> Try:
    """`mohart bench --real DIR` with its bench.yaml."""

    def attempt(generator: Generator) -> str:
        (folder / "bench.yaml").write_bytes(damage_text(SETS, generator))
        load_real_sets(folder)
        return ""

    return attempt


def sequences(folder: Path, _: Path | None) -> Try:
    """`mohart data check` of a MOT folder: seqinfo.ini, labels.txt, gt.txt; KITTI's seqmap."""
    info = (
        "[Sequence]\nname=clip\nimDir=img1\nframeRate=25\nseqLength=12\nimWidth=640\n"
        "imHeight=480\nimExt=.jpg\n"
    )
    mot = next(s.content for s in annotation_files() if s.format == "mot")
    assert isinstance(mot, str)  # noqa: S101  # it is a text format
    whole = {"seqinfo.ini": info, "gt/labels.txt": "person\ncar\n", "gt/gt.txt": mot}
    (folder / "clip" / "gt").mkdir(parents=True)

    def attempt(generator: Generator) -> str:
        name = pick((*whole, "seqmap"), generator)
        if name == "seqmap":
            path = folder / "evaluate.seqmap"
            path.write_bytes(damage_text("0000 empty 000000 000154\n0001 empty 0 447\n", generator))
            read_seqmap(path)
            return str(name)
        for other, text in whole.items():
            damaged = damage_text(text, generator) if other == name else text.encode()
            (folder / "clip" / other).write_bytes(damaged)
        problems = check_folder(folder / "clip")
        summarise_folder(folder / "clip")
        if any(not p.what or not p.fix for p in problems):
            raise ValueError(f"unclear: {problems!r}")
        return str(name)

    return attempt


def words(_: Path, __: Path | None) -> Try:
    """Odd words as options: boxes, times, lists of trackers."""
    from mohart.cli.options.span import parse_moment
    from mohart.cli.options.trackers import parse_trackers

    whole: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("10,20,30,40", parse_box),
        ("1:30.5", lambda text: parse_moment("start", text)),
        ("mohart,v3:nano=a.onnx+b.onnx,static", parse_trackers),
    )

    def attempt(generator: Generator) -> str:
        text, read = pick(whole, generator)
        read(damage_text(text, generator).decode("utf-8", "replace"))
        return str(text)

    return attempt


TEXTS: Mapping[str, Target] = {
    "eval mot, kitti": Target(20, scored),
    "track --init": Target(18, boxes),
    "track --detections": Target(16, detections),
    "convert": Target(18, conversion),
    "configurations, --set": Target(6, settings),
    "bench.yaml": Target(5, bench_sets),
    "seqinfo, labels, seqmap": Target(5, sequences),
    "odd options": Target(4, words),
}
