"""Conversions on disk: places, losses, refusals, and damaged files of every format."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from mohart.data.annotation_files import Source, read_source, render
from mohart.data.convert.files import Outcome, convert
from mohart.data.convert.plan import Job, plan_conversion
from mohart.errors import ConfigError, MohartError, OutputError
from mohart.formats.annotation import Annotation
from mohart.formats.detect import ENDINGS, FORMATS, Detected, Format, FormatKind
from mohart.structures import Tracks

INFO = "[Sequence]\nname={}\nframeRate=25\nseqLength=4\nimWidth=64\nimHeight=48\n"
GT = "1,1,10,20,30,40,1,1,0.5\n2,1,11,20,30,40,1,1,1\n2,2,5,5,5,5,0,8,1\n"


def run(source: Path, target: Path, to: Format | None = None, **more: object) -> list[Outcome]:
    job = Job(source=source, target=target, target_format=to, **more)  # type: ignore[arg-type]
    return list(convert(plan_conversion(job)))


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    for name in ("A", "B"):
        folder = tmp_path / "mot" / name
        (folder / "gt").mkdir(parents=True)
        (folder / "gt" / "gt.txt").write_text(GT)
        (folder / "seqinfo.ini").write_text(INFO.format(name))
    return tmp_path / "mot"


def test_mot_folder_to_one_coco_file_and_back(sequences: Path, tmp_path: Path) -> None:
    (outcome,) = run(sequences, tmp_path / "all.json")
    assert (outcome.boxes, outcome.tracks, outcome.frames, outcome.lost) == (6, 4, 8, [])
    found = run(tmp_path / "all.json", tmp_path / "back", "mot")
    assert [o.target for o in found] == [tmp_path / "back" / n / "gt" / "gt.txt" for n in "AB"]
    for name in "AB":
        assert (tmp_path / "back" / name / "gt" / "gt.txt").read_text() == GT
        info = (tmp_path / "back" / name / "seqinfo.ini").read_text()
        assert "seqLength=4\nimWidth=64\nimHeight=48" in info


def test_file_by_file(sequences: Path, tmp_path: Path) -> None:
    found = run(sequences, tmp_path / "out", "cvat")
    assert [o.target for o in found] == [tmp_path / "out" / "A.xml", tmp_path / "out" / "B.xml"]
    assert found[0].notes == ["read as mot (gt): a MOT sequence folder with gt/gt.txt"]
    again = run(tmp_path / "out", tmp_path / "det", "mot-det")
    assert (tmp_path / "det" / "A" / "det" / "det.txt").is_file()
    assert any("identity" in text for text in again[0].lost)


def test_existing_files_are_kept(sequences: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "B.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"B\.csv: exists already; .*--overwrite"):
        run(sequences, tmp_path / "out", "csv")
    assert not (tmp_path / "out" / "A.csv").exists()  # found out before anything was written
    run(sequences, tmp_path / "out", "csv", overwrite=True)
    assert (tmp_path / "out" / "B.csv").read_text() != "mine"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["A.csv", "B.csv"]


def test_class_names_of_an_older_file_do_not_stay(sequences: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("frame,track_id,x1,y1,x2,y2,class_name\n0,1,1,1,2,2,dog\n")
    target = tmp_path / "x" / "gt.txt"
    run(table, target, kind="gt")
    assert (tmp_path / "x" / "labels.txt").read_text() == "dog\n"
    run(sequences / "A", target, overwrite=True)
    assert not (tmp_path / "x" / "labels.txt").exists()
    target.unlink()
    (tmp_path / "x" / "labels.txt").write_text("cat\n")
    with pytest.raises(OutputError, match=r"labels\.txt: exists"):
        run(sequences / "A", target)


def test_strict_refuses_losses_and_goes_on(sequences: Path, tmp_path: Path) -> None:
    (sequences / "B" / "seqinfo.ini").unlink()
    found = run(sequences, tmp_path / "out", "csv", strict=True)
    assert [o.target and o.target.name for o in found] == [None, "B.csv"]
    assert "video: CSV has no place for size 64x48" in found[0].problems[0]
    assert "--strict refuses losses" in found[0].problems[0]
    assert run(sequences, tmp_path / "all.json", strict=True)[0].target is not None


def test_a_damaged_file_is_refused_with_all_its_problems(sequences: Path, tmp_path: Path) -> None:
    bad = sequences / "A" / "gt" / "gt.txt"
    bad.write_text("1,1,1,1,x,1,1,1,1\n0,1,1,1,1,1,1,1,1\n1,2,1,1,-1,1,1,1,1\n")
    refused, fine = run(sequences, tmp_path / "out", "csv")
    assert [text.partition(": ")[0] for text in refused.problems] == [
        f"{bad}:{n}" for n in (1, 2, 3)
    ]
    assert fine.target == tmp_path / "out" / "B.csv"
    (together,) = run(sequences, tmp_path / "all.json")
    assert together.target is None
    assert not (tmp_path / "all.json").exists()


def test_what_the_user_says_about_the_video(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("3,1,1,1,1,1,0.5,-1,-1,-1\n")
    more = {"size": (64, 48), "frame_rate": 12.5, "length": 9}
    run(tmp_path / "a.txt", tmp_path / "a.jsonl", **more)
    first = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[0])
    assert first["video"] == {
        "name": "a",
        "width": 64,
        "height": 48,
        "frame_rate": 12.5,
        "length": 9,
    }
    (refused,) = run(tmp_path / "a.txt", tmp_path / "b.jsonl", length=2)
    assert "a box in frame 3 (counted from 1), but the video has 2 frames" in refused.problems[0]
    (outcome,) = run(tmp_path / "a.jsonl", tmp_path / "mot", "mot")
    assert outcome.target == tmp_path / "mot" / "a.txt"  # a confidence: results
    assert "by the confidences; say which with --kind" in outcome.notes[-1]
    (outcome,) = run(tmp_path / "a.txt", tmp_path / "mot", "mot", kind="gt")
    assert "no seqinfo.ini written" in outcome.notes[-1]


def test_targets_that_do_not_fit(sequences: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="2 sequences, but a csv file holds one; give a folder"):
        run(sequences, tmp_path / "a.csv")
    run(sequences, tmp_path / "all.json")
    (refused,) = run(tmp_path / "all.json", tmp_path / "a.csv")
    assert "2 videos, but a csv file holds one" in refused.problems[0]
    twice = tmp_path / "twice"
    twice.mkdir()
    for name in ("x y", "x/y"):
        (twice / f"{name.replace('/', '?')}.csv").write_text("frame,track_id,x1,y1,x2,y2\n")
    (twice / "x*y.csv").write_text("frame,track_id,x1,y1,x2,y2\n")
    with pytest.raises(ConfigError, match="two sequences have this name"):
        run(twice, tmp_path / "out", "cvat")
    (tmp_path / "file").write_text("")
    (refused, _) = run(sequences, tmp_path / "file" / "out", "csv")
    assert "cannot be written" in refused.problems[0]


def sample() -> Annotation:
    """Six boxes with a gap, a score, a mark, an extra and a region."""
    boxes = [[10.5, 20, 40, 60.25], [12, 20, 42, 60], [16, 21, 46, 61], [5, 5, 9, 9], [1, 1, 3, 3]]
    tracks = Tracks.from_columns(
        [0, 1, 3, 1, 2],
        [1, 1, 1, 2, 5],
        boxes,
        class_id=[1, 1, 1, 4, 1],
        visibility=[1, 0.6, 0.3, 1, 1],
        confidence=[1, 1, 1, 1, 0.5],
        ignored=[0, 0, 0, 1, 0],
    )
    extras = {"speed": ("1", "2.5", "", "fast & far", "")}
    return Annotation(
        tracks=tracks,
        classes={1: "Car", 4: "Pedestrian"},
        name="s",
        width=64,
        height=48,
        frame_rate=10,
        length=6,
        extras=extras,
    )


TOKENS = [
    *(b"", b"0", b"-1", b"1e400", b"nan", b"99999", b"1.5", b"x", b'"', b"<", b"&#0;", b",", b"\n"),
    *(b"\x00", b"\xff", b"}", b"[", b"null", b"true", b"9" * 30, "漢".encode()),
]


def mutated(content: bytes, chance: random.Random) -> bytes:
    """One to three small damages."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        place, size = chance.randrange(len(data) + 1), chance.choice([0, 1, 1, 2, 5, 40])
        match chance.randrange(6):
            case 0:
                data[place : place + size] = chance.choice(TOKENS)
            case 1:
                del data[place : place + size]
            case 2:
                data[place:place] = data[place : place + 3 * size]
            case 3:
                del data[place:]
            case 4:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case _:  # a number becomes another one
                numbers = [k for k, letter in enumerate(data) if 48 <= letter <= 57]
                if numbers:
                    k = chance.choice(numbers)
                    data[k : k + 1] = chance.choice(TOKENS)
    return bytes(data)


def outcome_of(source: Source, chance: random.Random) -> str:
    """The message of a refusal, empty where the file was converted."""
    others = [name for name in FORMATS if name != "parquet"]
    try:
        for record in read_source(source):
            render([record], chance.choice(others), chance.choice(["gt", "results"]))
    except MohartError as error:
        return str(error)
    return ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fmt", "kind"), [*((fmt, "gt") for fmt in FORMATS), ("mot", "results"), ("kitti", "results")]
)
def test_damaged_files_are_converted_or_refused(
    tmp_path: Path, fmt: Format, kind: FormatKind
) -> None:
    """Never another exception, a warning or a hang, whatever the file holds."""
    if fmt == "parquet":
        pytest.importorskip("pyarrow")
    content = render([sample()], fmt, kind).content
    original = content if isinstance(content, bytes) else content.encode()
    path = tmp_path / f"s{ENDINGS[fmt][0]}"
    chance = random.Random(7)  # the same files in every run
    refused = 0
    for _ in range(300):
        path.write_bytes(mutated(original, chance))
        message = outcome_of(Source(path, "s", Detected(fmt, kind, "")), chance)
        refused += message != ""
        assert not message or message.startswith(str(path))
        if fmt != "parquet" and message and "binary data" not in message:
            assert re.match(rf"{re.escape(str(path))}:\d+: ", message)
    assert 50 < refused < 300  # both happen


@pytest.mark.parametrize("fmt", FORMATS)
def test_damaged_files_whose_format_is_guessed(tmp_path: Path, fmt: Format) -> None:
    if fmt == "parquet":
        pytest.importorskip("pyarrow")
    content = render([sample()], fmt, "results").content
    original = content if isinstance(content, bytes) else content.encode()
    path = tmp_path / f"s{ENDINGS[fmt][0]}"
    chance = random.Random(8)
    for _ in range(40):
        path.write_bytes(mutated(original, chance))
        try:
            plan = plan_conversion(
                Job(source=path, target=tmp_path / "out", target_format="jsonl", overwrite=True)
            )
        except MohartError:
            continue
        for outcome in convert(plan):
            assert (outcome.target is None) == bool(outcome.problems)
