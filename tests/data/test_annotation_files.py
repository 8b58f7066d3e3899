"""All annotation formats together: nothing is lost silently, and a second round trip is exact."""

from __future__ import annotations

from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mohart.data.annotation_files import (
    Source,
    check_length,
    find_sources,
    output_path,
    read_source,
    render,
)
from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.formats.annotation import Annotation
from mohart.formats.class_names import DETRAC_CLASSES, KITTI_CLASSES, MOT_CLASSES
from mohart.formats.detect import ENDINGS, FORMATS, Detected, Format, FormatKind
from mohart.formats.mot.labels import labels_path
from mohart.structures import Tracks

Choice = tuple[Format, FormatKind | None]
HAS_PARQUET = find_spec("pyarrow") is not None  # an optional extra
LEFT_OUT = ["mot", "mot-det", "kitti", *([] if HAS_PARQUET else ["parquet"])]
PLAIN: list[Choice] = [(fmt, None) for fmt in FORMATS if fmt not in LEFT_OUT]
CHOICES: list[Choice] = [
    *PLAIN,
    ("mot-det", None),
    ("mot", "gt"),
    ("mot", "results"),
    ("kitti", "gt"),
    ("kitti", "results"),
]
CUSTOM = {2: "dog", 5: "red panda"}
SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


pixels = st.floats(-200, 4000)
sides = st.floats(0, 800)
shares = st.one_of(st.just(1.0), st.sampled_from([0.6, 0.3, 0.0]), st.floats(0, 1))
words = st.sampled_from(["", "", "7", "2.50", "true", 'a <b> & "c", d', "é 漢"])


@st.composite
def records(draw: st.DrawFn) -> Annotation:
    """Small annotations with everything formats can disagree about."""
    vocabulary = draw(st.sampled_from([MOT_CLASSES, KITTI_CLASSES, DETRAC_CLASSES, CUSTOM]))
    row = st.tuples(st.integers(0, 12), st.integers(0, 6), pixels, pixels, sides, sides)
    rows = draw(st.lists(row, max_size=12, unique_by=lambda r: r[:2]))
    table = np.array(rows, np.float64).reshape(-1, 6)
    plain = draw(st.booleans())  # no scores, no marks, all with identity
    count = len(rows)

    def column(values: st.SearchStrategy[object], usual: object) -> list[object]:
        return [usual if plain else draw(values) for _ in range(count)]

    ids = np.where(column(st.sampled_from([False, False, False, True]), False), -1, table[:, 1])
    tracks = Tracks.from_columns(
        table[:, 0],
        ids if count else [],
        np.concatenate([table[:, 2:4], table[:, 2:4] + table[:, 4:]], -1),
        visibility=[draw(shares) for _ in range(count)],
        confidence=column(shares, 1.0),
        ignored=column(st.booleans(), False),
        class_id=[draw(st.sampled_from(sorted(vocabulary))) for _ in range(count)],
    )
    extras = {
        name: tuple(draw(words) for _ in range(count))
        for name in draw(st.sampled_from([(), ("speed",), ("odd name", "truncated")]))
    }
    last = int(tracks.frame.max()) + 1 if count else 0
    known = draw(st.booleans())
    return Annotation(
        tracks=tracks,
        classes=vocabulary,
        name="seq",
        width=640 if known else None,
        height=480 if known else None,
        frame_rate=12.5 if known else None,
        length=last + draw(st.integers(1, 4)) if known else None,
        extras={name: texts for name, texts in extras.items() if any(texts)},
    )


def round_trip(folder: Path, record: Annotation, choice: Choice) -> tuple[Annotation, list[str]]:
    fmt, kind = choice
    path = folder / f"seq{ENDINGS[fmt][0]}"
    rendered = render([record], fmt, kind)
    labels_path(path).unlink(missing_ok=True)
    for text in rendered.beside.values():
        labels_path(path).write_text(text, encoding="utf-8")
    content = rendered.content
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    (again,) = read_source(Source(path, "seq", Detected(fmt, kind, "")))
    return again, rendered.lost


def keys(record: Annotation) -> list[int]:
    """An order of rows that does not depend on that of boxes without identity."""
    tracks = record.tracks
    boxes = np.round(tracks.boxes, 3)
    return sorted(
        range(len(tracks)),
        key=lambda k: (tracks.frame[k], tracks.track_id[k], *boxes[k], tracks.confidence[k]),
    )


@pytest.mark.slow
@pytest.mark.parametrize("choice", CHOICES, ids=str)
@given(record=records())
@SLOW
def test_what_is_not_reported_as_lost_is_kept(
    tmp_path: Path, record: Annotation, choice: Choice
) -> None:
    again, lost = round_trip(tmp_path, record, choice)
    said = {name for text in lost for name in text.partition(":")[0].split(", ")}
    if "identity" in said:  # new ids, or rows left out
        return
    if "video" not in said:
        for name in ("width", "height", "frame_rate"):
            assert getattr(again, name) == getattr(record, name)
        assert again.frames == record.frames
    a, b = keys(record), keys(again)
    assert len(a) == len(b)
    for name in ("frame", "track_id", "boxes", "confidence", "visibility", "ignored"):
        if name not in said:
            left, right = getattr(record.tracks, name)[a], getattr(again.tracks, name)[b]
            np.testing.assert_allclose(left, right, rtol=0, atol=2e-6, err_msg=name)
    if "class" not in said:
        left, right = [[r.row_names[k] for k in o] for r, o in ((record, a), (again, b))]
        if choice[0] in ("kitti", "mot-det"):  # vocabularies that differ in capitals
            left, right = [[name.lower() for name in names] for names in (left, right)]
        assert left == right
        if "class number" not in said:
            assert record.tracks.class_id[a].tolist() == again.tracks.class_id[b].tolist()
    for name, texts in record.extras.items():
        if name not in said:
            found = again.extras.get(name, [""] * len(again.tracks))
            assert [texts[k] for k in a] == [found[k] for k in b]


def equal(left: Annotation, right: Annotation, *, header: bool) -> None:
    for field in fields(Tracks):
        a, b = getattr(left.tracks, field.name), getattr(right.tracks, field.name)
        np.testing.assert_array_equal(a, b, err_msg=field.name)
    assert dict(left.extras) == dict(right.extras)
    assert left.row_names == right.row_names
    if header:
        for name in ("width", "height", "frame_rate", "frames"):
            assert getattr(left, name) == getattr(right, name)


@pytest.mark.slow
@pytest.mark.parametrize("first", CHOICES, ids=str)
@given(record=records(), second=st.sampled_from(CHOICES))
@SLOW
def test_a_second_round_trip_through_two_formats_is_exact(
    tmp_path: Path, record: Annotation, first: Choice, second: Choice
) -> None:
    def there_and_back(record: Annotation) -> tuple[Annotation, list[str]]:
        middle, lost = round_trip(tmp_path, record, first)
        again, more = round_trip(tmp_path, middle, second)
        return again, [*lost, *more]

    once, _ = there_and_back(record)
    twice, lost = there_and_back(once)
    rows = [text for text in lost if not text.startswith("video")]
    if rows:  # for example boxes without identity, which the second format dropped
        numbers = all(text.startswith("class number") for text in rows)
        assert numbers or {first[0], second[0]} & {"mot", "mot-det", "kitti", "detrac"}
    else:
        equal(twice, once, header=not lost)


@pytest.mark.slow
@pytest.mark.parametrize("choice", PLAIN, ids=str)
def test_mot17_through_every_format(tmp_path: Path, shared_data: Path, choice: Choice) -> None:
    gt = shared_data / "mot17" / "MOT17-09-FRCNN" / "gt" / "gt.txt"
    (record,) = read_source(find_sources(gt)[0])
    middle, _ = round_trip(tmp_path, record, choice)
    again, lost = round_trip(tmp_path, middle, ("mot", "gt"))
    assert [text for text in lost if not text.startswith("video")] == []
    equal(again, record, header=False)
    assert np.array_equal(again.tracks.class_id, record.tracks.class_id)


@pytest.mark.slow
@pytest.mark.parametrize("choice", [c for c in PLAIN if c[0] != "detrac"], ids=str)
def test_kitti_through_every_format(tmp_path: Path, shared_data: Path, choice: Choice) -> None:
    for name in ("0000", "0012", "0017"):
        path = shared_data / "kitti" / "label_02" / f"{name}.txt"
        (record,) = read_source(find_sources(path)[0])
        middle, _ = round_trip(tmp_path, record, choice)
        again, lost = round_trip(tmp_path, middle, ("kitti", "gt"))
        assert lost == []
        a, b = keys(record), keys(again)
        np.testing.assert_allclose(record.tracks.boxes[a], again.tracks.boxes[b], atol=2e-6)
        for field in ("frame", "track_id", "visibility", "ignored", "class_id"):
            left, right = getattr(record.tracks, field)[a], getattr(again.tracks, field)[b]
            np.testing.assert_array_equal(left, right)
        for extra, texts in record.extras.items():
            found = [again.extras[extra][k] for k in b]
            wanted = [texts[k] for k in a]
            assert [float(t or -99) for t in found] == [float(t or -99) for t in wanted]


def test_sources_of_every_layout(tmp_path: Path) -> None:
    for name in ("A", "B"):
        for part in ("gt", "det"):
            (tmp_path / "mot" / name / part).mkdir(parents=True)
        (tmp_path / "mot" / name / "gt" / "gt.txt").write_text("1,1,1,1,1,1,1,1,1\n")
    (tmp_path / "mot" / "B" / "det" / "det.txt").write_text("1,-1,1,1,1,1,1\n")
    assert [s.name for s in find_sources(tmp_path / "mot")] == ["A", "B"]
    (found,) = find_sources(tmp_path / "mot", given="mot-det")
    assert (found.name, found.detected.format) == ("B", "mot-det")

    labels = tmp_path / "kitti" / "training" / "label_02"
    labels.mkdir(parents=True)
    row = "0 1 Car 0 0 0 1 2 3 4 1 1 1 1 1 1 1"
    (labels / "0000.txt").write_text(row)
    (labels / "0001.txt").write_text("")
    found_two = find_sources(tmp_path / "kitti")
    assert [s.detected[:2] for s in found_two] == [("kitti", "gt")] * 2

    flat = tmp_path / "flat"
    flat.mkdir()
    (flat / "x.txt").write_text("1,1,1,1,1,1,0.5,-1,-1,-1\n")
    (flat / "x.labels.txt").write_text("car\n")
    (one,) = find_sources(flat)
    assert one.detected[:2] == ("mot", "results")
    (flat / "y.txt").write_text(row)
    with pytest.raises(ConfigError, match="convert them one by one"):
        find_sources(flat)
    (flat / "z.json").write_text("{}")
    with pytest.raises(ConfigError, match="files of several formats; say which with --from"):
        find_sources(flat)
    with pytest.raises(MissingDataError, match="no annotation files"):
        find_sources(tmp_path)
    with pytest.raises(MissingDataError, match="no such file or folder"):
        find_sources(tmp_path / "nothing")


def test_seqinfo_is_used(tmp_path: Path) -> None:
    gt = tmp_path / "SEQ" / "gt" / "gt.txt"
    gt.parent.mkdir(parents=True)
    gt.write_text("5,1,1,1,1,1,1,1,1\n")
    (gt.parents[1] / "seqinfo.ini").write_text(
        "[Sequence]\nname=SEQ\nframeRate=25\nseqLength=4\nimWidth=64\nimHeight=48\n"
    )
    (record,) = read_source(find_sources(gt)[0])
    assert (record.name, record.width, record.frame_rate, record.length) == ("SEQ", 64, 25, 4)
    with pytest.raises(FormatError, match=r"a box in frame 5 \(counted from 1\).*4 frames"):
        check_length(record, gt)


def test_places_of_outputs() -> None:
    assert output_path(Path("o"), "s", "mot", "gt") == Path("o/s/gt/gt.txt")
    assert output_path(Path("o"), "s", "mot", "results") == Path("o/s.txt")
    assert output_path(Path("o"), "s", "mot-det", None) == Path("o/s/det/det.txt")
    assert output_path(Path("o"), "../..", "csv", None) == Path("o/-.csv")
