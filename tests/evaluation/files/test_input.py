"""Everything wrong with the files is found at once, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mohart.errors import ConfigError, FormatError
from mohart.evaluation.files.input import ScoringInput, load_kitti, load_mot
from mohart.formats.mot.tracks import read_mot
from mohart.metrics.evaluate import evaluate
from mohart.metrics.rules import KittiRules, MotRules

KITTI = "{t} {n} Car 0 0 0 {x} 10 {right} 90 1 2 3 4 5 6 7\n"


def mot_rows(frames: range, *, step: int = 0, tail: str = "1,-1,-1,-1") -> str:
    """One object that moves 15 pixels a frame; 40 x 80."""
    return "".join(f"{t + step},1,{15 * t},0,40,80,{tail}\n" for t in frames)


def lay(root: Path, name: str, truth: str, results: str | None, length: int = 10) -> None:
    folder = root / "gt" / name
    (folder / "gt").mkdir(parents=True)
    (folder / "gt" / "gt.txt").write_text(truth)
    info = f"name={name}\nframeRate=25\nseqLength={length}\nimWidth=9\nimHeight=9\n"
    (folder / "seqinfo.ini").write_text(f"[Sequence]\n{info}")
    (root / "mine").mkdir(exist_ok=True)
    if results is not None:
        (root / "mine" / f"{name}.txt").write_text(results)


def load(root: Path, **options: object) -> ScoringInput:
    return load_mot(root / "gt", root / "mine", **options)  # type: ignore[arg-type]


def texts(files: ScoringInput) -> list[str]:
    return [str(problem) for problem in files.problems]


def test_good_files(tmp_path: Path) -> None:
    lay(tmp_path, "A", mot_rows(range(1, 9)), mot_rows(range(2, 9)))
    files = load(tmp_path)
    assert (files.problems, files.notes) == ((), ("benchmark mot15, by the truth's columns",))
    assert (files.dataset, files.tracker, files.first_frame) == ("gt", "mine", 1)
    assert files.sequences[0].length == 10
    assert files.rules == MotRules("mot15")


def test_all_problems_at_once(tmp_path: Path) -> None:
    good = mot_rows(range(1, 9))
    lay(tmp_path, "A", good, "1,1,2\n2,1,0,0,nan,9,1,-1,-1,-1\n3,1,0,0,-5,9,1,-1,-1,-1\n")
    lay(tmp_path, "B", good, good + "5,1,0,0,9,9,1,-1,-1,-1\n12,1,0,0,9,9,1,-1,-1,-1\n")
    lay(tmp_path, "C", good, None)
    (tmp_path / "mine" / "D.txt").write_text(good)
    found = "\n".join(texts(load(tmp_path)))
    for expected in (
        "mine/A.txt:1: expected 6 to 10 columns",
        "mine/A.txt:2: a value is not finite",
        "mine/A.txt:3: frame 3, id 1: width -5",
        "mine/B.txt:9: frame 5, id 1 is there twice, first at line 5",
        "mine/B.txt:10: frame 12 is beyond the sequence's last, 10 (by its seqinfo.ini or seqmap)",
        "gt/C/gt/gt.txt: no results for sequence 'C'; add them, or give --allow-missing",
        "mine/D.txt: results for 'D', but the truth has no such sequence",
    ):
        assert expected in found
    assert len(found.splitlines()) == 7


def test_missing_and_unknown_results_can_be_allowed(tmp_path: Path) -> None:
    good = mot_rows(range(1, 9))
    lay(tmp_path, "A", good, good)
    lay(tmp_path, "C", good, None)
    (tmp_path / "mine" / "D.txt").write_text(good)
    files = load(tmp_path, allow_missing=True, allow_unknown=True)
    assert files.problems == ()
    assert files.notes[-1] == "scored as misses, without results: C"
    assert [len(sequence.results) for sequence in files.sequences] == [8, 0]


@pytest.mark.parametrize(
    ("step", "severity", "message"),
    [
        (-1, "error", "frame 0, but MOT frames count from 1; add 1 to every frame number"),
        (1, "warning", "fit the truth better one frame earlier (mean IoU 1.00, as they are 0.40)"),
    ],
)
def test_frame_base(tmp_path: Path, step: int, severity: str, message: str) -> None:
    lay(tmp_path, "A", mot_rows(range(1, 9)), mot_rows(range(1, 9), step=step))
    problem = load(tmp_path).problems[0]
    assert problem.severity == severity
    assert message in str(problem)


def test_frame_base_of_a_late_start(tmp_path: Path) -> None:
    lay(tmp_path, "A", mot_rows(range(1, 9)), mot_rows(range(3, 9), step=-1))
    problem = load(tmp_path).problems[0]
    assert "your frames look 0-based, these files are 1-based; add 1 to every frame" in str(problem)


def test_results_of_a_part_are_told(tmp_path: Path) -> None:
    lay(tmp_path, "A", mot_rows(range(1, 11)), mot_rows(range(1, 6)))
    lay(tmp_path, "B", mot_rows(range(1, 11)), mot_rows(range(1, 10)))  # a frame is nothing
    files = load(tmp_path)
    assert files.errors == []
    (said,) = texts(files)
    assert "mine/A.txt: they end in frame 5, the truth in frame 10; objects behind that" in said
    assert "cut the truth to as many frames" in said


def test_files_without_rows(tmp_path: Path) -> None:
    lay(tmp_path, "A", mot_rows(range(1, 9)), "")
    lay(tmp_path, "B", "", mot_rows(range(1, 9)))
    files = load(tmp_path)
    assert files.errors == []
    assert "mine/A.txt: no rows; every object of the sequence counts as missed" in texts(files)[0]


def test_without_seqinfo_the_truth_tells_the_length(tmp_path: Path) -> None:
    lay(tmp_path, "A", mot_rows(range(1, 9)), mot_rows(range(1, 9)))
    (tmp_path / "gt" / "A" / "seqinfo.ini").unlink()
    files = load(tmp_path)
    assert files.sequences[0].length == 8
    assert "no seqinfo.ini for A: taken to end with the truth's last row" in files.notes
    (tmp_path / "mine" / "A.txt").write_text(mot_rows(range(1, 10)))
    assert "beyond the sequence's last, 8 (by the truth's last row)" in texts(load(tmp_path))[0]


def test_damaged_seqinfo(tmp_path: Path) -> None:
    lay(tmp_path, "A", mot_rows(range(1, 9)), mot_rows(range(1, 9)))
    (tmp_path / "gt" / "A" / "seqinfo.ini").write_text("[Sequence]\nseqLength=x\n")
    assert any(
        "seqLength: expected a whole number above 0, up to 10000000, got 'x'" in t
        for t in texts(load(tmp_path))
    )
    (tmp_path / "gt" / "A" / "seqinfo.ini").write_bytes(b"\xff\xfe")
    assert any("found binary data" in text for text in texts(load(tmp_path)))


def test_benchmark_by_name_and_by_columns(tmp_path: Path) -> None:
    classes = mot_rows(range(1, 9), tail="1,1,1")
    lay(tmp_path / "a", "MOT20-01", classes, mot_rows(range(1, 9)))
    assert load(tmp_path / "a").rules == MotRules("mot20")
    assert load(tmp_path / "a", benchmark="mot16").rules == MotRules("mot16")
    lay(tmp_path / "b", "Street", classes, mot_rows(range(1, 9)))
    assert load(tmp_path / "b").rules == MotRules("mot17")
    lay(tmp_path / "a", "Street", classes, mot_rows(range(1, 9)))
    with pytest.raises(ConfigError, match="the sequences look like mot17 and mot20; give one"):
        load(tmp_path / "a")
    with pytest.raises(ConfigError, match="benchmark: 'mot18'"):
        load(tmp_path / "a", benchmark="mot18")


def test_classes_that_the_benchmark_does_not_have(tmp_path: Path) -> None:
    lay(
        tmp_path, "A", mot_rows(range(1, 4), tail="1,14,1"), mot_rows(range(1, 4), tail="1,2,-1,-1")
    )
    found = texts(load(tmp_path))
    assert "gt/A/gt/gt.txt:1: class 14 in column 8, but mot17 has classes 1 to 13" in found[0]
    assert "gt/A/gt/gt.txt: none of its 3 boxes counts (no flagged row of class 1" in found[1]
    assert "mine/A.txt:1: class 2 in column 8, but only pedestrians are scored" in found[2]


@pytest.fixture
def kitti(tmp_path: Path) -> tuple[Path, Path]:
    folders = tmp_path / "label_02", tmp_path / "mine"
    for folder in folders:
        folder.mkdir()
        for name in ("0000", "0001"):
            rows = [KITTI.format(t=t, n=3, x=15 * t, right=15 * t + 40) for t in range(6)]
            (folder / f"{name}.txt").write_text("".join(rows))
    return folders


def test_kitti(kitti: tuple[Path, Path], tmp_path: Path) -> None:
    files = load_kitti(*kitti)
    assert (files.problems, files.split, files.first_frame) == ((), "all", 0)
    assert files.notes == ("no seqmap for 0000, 0001: taken to end with the truth's last row",)
    assert files.rules == KittiRules(("car", "pedestrian"))
    (tmp_path / "evaluate_tracking.seqmap.training").write_text("0001 empty 000000 000009\n")
    files = load_kitti(*kitti, classes=["car"])
    assert [(s.name, s.length) for s in files.sequences] == [("0001", 9)]
    assert (files.split, files.problems, files.notes) == ("training", (), ())
    files = load_kitti(*kitti, split="0000")
    assert [sequence.name for sequence in files.sequences] == ["0000"]


def test_kitti_problems(kitti: tuple[Path, Path], tmp_path: Path) -> None:
    (kitti[1] / "0000.txt").write_text("0 1 Car 0 0\n")
    (kitti[1] / "0001.txt").rename(kitti[1] / "0002.txt")
    found = "\n".join(texts(load_kitti(*kitti)))
    assert "mine/0000.txt:1: expected 17 to 19 columns" in found
    assert "mine/0002.txt: results for '0002', but the truth has no such sequence" in found
    assert "label_02/0001.txt: no results for sequence '0001'" in found
    with pytest.raises(ConfigError, match="class: 'cars' is unknown; did you mean 'car'"):
        load_kitti(*kitti, classes=["cars"])
    (tmp_path / "map").write_text("x\n")
    with pytest.raises(FormatError, match="map:1: expected"):
        load_kitti(*kitti, seqmap=tmp_path / "map")


def two_classes(folder: Path) -> tuple[Path, Path]:
    """A CVAT export: class 1 is car, class 2 person; and perfect results."""
    truth, results = folder / "gt", folder / "res"
    (truth / "clip" / "gt").mkdir(parents=True)
    results.mkdir()
    rows = [(frame, track) for frame in range(1, 11) for track in (1, 2)]
    (truth / "clip" / "gt" / "gt.txt").write_text(
        "".join(f"{f},{t},{40 * t},20,24,28,1,{3 - t},1\n" for f, t in rows)
    )
    (results / "clip.txt").write_text(
        "".join(f"{f},{t},{40 * t},20,24,28,0.9,{3 - t},-1,-1\n" for f, t in rows)
    )
    return truth, results


def test_classes_of_a_labels_file_are_scored_alike(tmp_path: Path) -> None:
    truth, results = two_classes(tmp_path)
    (truth / "clip" / "gt" / "labels.txt").write_text("car\nperson\n")
    loaded = load_mot(truth, results)
    assert loaded.errors == []
    assert loaded.sequences[0].truth.class_id.tolist() == [1] * 20
    assert "labels.txt of clip names the classes (car, person): all are" in " ".join(loaded.notes)
    scores = evaluate(loaded.sequences, loaded.rules)
    assert scores.row("pedestrian").scores["MOTA"] == pytest.approx(100)
    assert int(scores.row("pedestrian").fields["CLR_TP"]) == 20
    assert not read_mot(truth / "clip" / "gt" / "gt.txt").ignored.any()


def test_without_it_the_benchmark_has_its_classes(tmp_path: Path) -> None:
    truth, results = two_classes(tmp_path)
    assert load_mot(truth, results).sequences[0].truth.class_id.tolist() == [2, 1] * 10
    assert read_mot(truth / "clip" / "gt" / "gt.txt").ignored.sum() == 10


def test_a_sequence_in_which_there_is_nothing_counts(tmp_path: Path) -> None:
    truth, results = two_classes(tmp_path)
    (truth / "night" / "gt").mkdir(parents=True)
    (truth / "night" / "gt" / "gt.txt").write_text("")
    (results / "night.txt").write_text("")
    loaded = load_mot(truth, results, benchmark="mot15")
    assert [s.name for s in loaded.sequences] == ["clip", "night"]
    assert "without objects, results and a known length: night" in loaded.notes
    alone = load_mot(truth / "night", results / "night.txt")
    assert evaluate(alone.sequences, alone.rules).row("pedestrian").scores["truths"] == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [((",1,1,1\n", ",0,1,1\n"), "no flag but 0"), ((",1,1,1\n", ",1,8,1\n"), "no flagged row of")],
)
def test_truth_of_which_nothing_counts_is_pointed_out(
    tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    truth, results = two_classes(tmp_path)
    file = truth / "clip" / "gt" / "gt.txt"
    text = file.read_text().replace(",1,2,1\n", ",1,1,1\n")
    file.write_text(text.replace(*change))
    (results / "clip.txt").write_text("1,1,40,20,24,28,0.9,-1,-1,-1\n")
    *_, warning = load_mot(truth, results).problems
    assert warning.severity == "warning"
    assert warning.what.startswith(f"none of its 20 boxes counts ({why}")
